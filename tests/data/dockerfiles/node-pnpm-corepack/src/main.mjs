import { createServer } from "node:http";
import ms from "ms";

createServer((request, response) => response.end(`${ms(Date.now())}\n`)).listen(8080);
