const http = require("http");
const ms = require("ms");

const since = Date.now();
http.createServer((request, response) => response.end(`up for ${ms(Date.now() - since)}\n`)).listen(4000);
