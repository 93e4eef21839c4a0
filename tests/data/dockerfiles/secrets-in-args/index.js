require("http").createServer((request, response) => response.end("drip\n")).listen(8080);
