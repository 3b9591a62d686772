/** The floor: an echo by Node's HTTP server alone. */

import { createServer } from "node:http";

const server = createServer((request, response) => {
  /** @type {Buffer[]} */
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const text = JSON.stringify(JSON.parse(String(Buffer.concat(chunks))));
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    response.end(text);
  });
});
server.listen(0, "127.0.0.1", () => {
  process.stdout.write(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}\n`);
});
process.on("SIGINT", () => process.exit(0));
