const http = require("http");
const fs = require("fs");

http.createServer((request, response) => fs.createReadStream("public/theme.css").pipe(response)).listen(3000);
