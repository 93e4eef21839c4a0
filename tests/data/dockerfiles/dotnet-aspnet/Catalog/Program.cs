var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/", () => "catalogue");
app.Run();
