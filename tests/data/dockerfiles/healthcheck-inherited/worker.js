require("http").createServer((request, response) => response.end("worker\n")).listen(process.env.PORT);
