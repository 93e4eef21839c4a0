if (args.Contains("--healthcheck"))
{
    using var client = new HttpClient();
    return (await client.GetAsync("http://127.0.0.1:8080/health")).IsSuccessStatusCode ? 0 : 1;
}
var app = WebApplication.CreateBuilder(args).Build();
app.MapGet("/health", () => "ok");
app.MapGet("/", () => new[] { "bolts", "nuts" });
app.Run();
return 0;
