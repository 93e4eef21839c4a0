require("http").createServer((request, response) => response.end(require("@acme/core")())).listen(8080);
