use Mojolicious::Lite;
get "/" => { text => "still here" };
app->start;
