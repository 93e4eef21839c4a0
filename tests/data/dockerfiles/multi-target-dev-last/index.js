require("http").createServer((request, response) => response.end("intranet\n")).listen(3000);
