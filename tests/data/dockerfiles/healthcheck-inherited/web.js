require("http").createServer((request, response) => response.end("web\n")).listen(process.env.PORT);
