import { cpSync } from "node:fs";
import colours from "picocolors";

cpSync("src", "dist", { recursive: true });
console.log(colours.green("built"));
