// Reads a JSON list of diagrams on standard input and writes what Mermaid's own parser makes of each.
// The argument is a folder in whose node_modules `mermaid` and `jsdom` lie.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(join(process.argv[2], 'anything.js'));
const { JSDOM } = require('jsdom');
globalThis.window = new JSDOM('').window; // Mermaid cleans labels with DOMPurify, which wants a document
globalThis.document = globalThis.window.document;
const { default: mermaid } = await import(pathToFileURL(require.resolve('mermaid')).href);

let input = '';
for await (const chunk of process.stdin) input += chunk;
const found = [];
for (const text of JSON.parse(input)) {
  try {
    await mermaid.parse(text);
    const { db } = await mermaid.mermaidAPI.getDiagramFromText(text);
    found.push({
      nodes: [...db.getVertices().values()].map((node) => [node.id, node.text]),
      edges: db.getEdges().map((edge) => [edge.start, edge.end, edge.text]),
    });
  } catch (error) {
    found.push({ error: String(error) });
  }
}
console.log(JSON.stringify(found));
