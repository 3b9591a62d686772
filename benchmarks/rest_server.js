/**
 * The server of `rest.js`: `node rest_server.js STATE INSTANCES` fills a state with queued instances, opens it, and listens;
 * beside it listens a server that only echoes. Prints both addresses and what a bare query of a page takes.
 */

import { createServer } from "node:http";
import { DatabaseSync } from "node:sqlite";
import { Host } from "../js/server/host.js";
import { takeOwnership } from "../js/server/owner.js";
import { SqliteStore } from "../js/store/sqlite.js";
import { openDriver } from "../js/store/node_driver.js";

const PAGE = 25;
const BATCH = 20_000;
const BARE_QUERIES = 200;

const [state, count] = [process.argv[2], Number(process.argv[3])];
fill();
const bareMs = bareQuery();
const host = new Host({
  ownership: await takeOwnership(state, 0),
  // What it takes to run them is measured elsewhere.
  idle: true,
  report: (line) => process.stderr.write(`${line}\n`),
  ondebugging: () => {},
  onfatal: (fatal) => process.stderr.write(`${fatal.message}\n`),
  onstopped: (code) => process.exit(code),
});
await host.open();
const listener = await host.listen({ ip: "127.0.0.1", port: 0 });
const echo = createServer((request, response) => request.pipe(response));
echo.listen(0, "127.0.0.1", () => {
  const { port } = /** @type {import("node:net").AddressInfo} */ (echo.address());
  process.stdout.write(`${JSON.stringify({ url: listener.url, echo: `http://127.0.0.1:${port}`, bareMs })}\n`);
});
process.stdin.resume().on("end", () => void host.stop());

function fill() {
  const store = new SqliteStore(openDriver(state));
  const workflow = { name: "bench", className: "Bench", root: ".", main: "bench.py", vars: "{}", versionId: "v1" };
  const unset = {
    bindings: null,
    runtime: null,
    stepLimit: null,
    concurrency: null,
    successRetention: null,
    errorRetention: null,
    scriptName: null,
    env: null,
    secrets: null,
  };
  for (let number = 1; number <= count; number += 1) {
    if (number % BATCH === 1) store.begin();
    if (number === 1) store.saveWorkflow({ ...workflow, ...unset, createdOn: 0, modifiedOn: 0 });
    store.instanceCreated(
      { number, workflow: "bench", id: `i${number}`, params: "{}", trigger: 0, versionId: "v1" },
      number,
    );
    if (number % BATCH === 0 || number === count) store.commit();
  }
  store.close();
}

/** The median of reading the same page without anything around it. */
function bareQuery() {
  const db = new DatabaseSync(state);
  const page = db.prepare("SELECT * FROM instances WHERE workflow = ? AND number < ? ORDER BY number DESC LIMIT ?");
  const times = Array.from({ length: BARE_QUERIES }, (_, i) => {
    const start = performance.now();
    page.all("bench", count - i * PAGE, PAGE);
    return performance.now() - start;
  });
  db.close();
  return times.toSorted((a, b) => a - b)[BARE_QUERIES / 2];
}
