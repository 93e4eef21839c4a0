const http = require("http");

http.createServer((request, response) => response.end("<h1>Shop</h1>")).listen(process.env.PORT, process.env.HOSTNAME);
