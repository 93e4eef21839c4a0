// Lays out what a framework's standalone output looks like, without the framework.
const fs = require("fs");

fs.mkdirSync(".next/standalone", { recursive: true });
fs.mkdirSync(".next/static", { recursive: true });
fs.copyFileSync("server.js", ".next/standalone/server.js");
fs.writeFileSync(".next/static/site.css", "body { margin: 2rem }\n");
