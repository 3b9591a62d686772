/**
 * The same calls with miniflare alone: `node bare_miniflare.js INSTALLATION FOLDER CALLS`, from Node by miniflare's own proxy.
 *
 * Prints a line once the first call has been answered, and then the times.
 */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [, , installation, folder, calls] = process.argv;
const require = createRequire(`${installation}/package.json`);
const { convertV4MiniflareOptions, Miniflare } = await import(pathToFileURL(require.resolve("miniflare")).href);
const miniflare = new Miniflare(
  convertV4MiniflareOptions({
    modules: true,
    script: "export default {}",
    kvNamespaces: { KV: "bench" },
    d1Databases: { DB: "bench" },
    resourcePersistencePath: folder,
  }),
);
const kv = await miniflare.getKVNamespace("KV");
await kv.put("greeting", "hello");
process.stdout.write("first call\n");
const database = await miniflare.getD1Database("DB");
await database.prepare("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)").run();
await database.prepare("INSERT OR REPLACE INTO t VALUES (1, 'hello')").run();
const query = database.prepare("SELECT text FROM t WHERE id = ?");
const times = { kv: /** @type {number[]} */ ([]), d1: /** @type {number[]} */ ([]) };
for (let i = 0; i < Number(calls); i += 1) {
  let start = performance.now();
  await kv.get("greeting");
  times.kv.push(performance.now() - start);
  start = performance.now();
  await query.bind(1).first();
  times.d1.push(performance.now() - start);
}
process.stdout.write(`${JSON.stringify(times)}\n`);
await miniflare.dispose();
