/** The floor: an echo by Node's HTTP server alone. */

import { createServer } from "node:http";

const server = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = JSON.stringify(JSON.parse(String(Buffer.concat(chunks))));
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
  response.end(text);
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}\n`);
});
process.on("SIGINT", () => process.exit(0));
