/** An echo in JavaScript by workerd, as `wrangler dev` runs it: by miniflare, of the folder that is the argument. */

import { createRequire } from "node:module";
import { join } from "node:path";

const { Miniflare, convertV4MiniflareOptions } = createRequire(join(process.argv[2], "package.json"))("miniflare");
const contents = "export default { async fetch(request) { return Response.json(await request.json()); } };";
const worker = {
  name: "echo",
  modules: [{ type: "ESModule", path: "/echo.js", contents }],
  modulesRoot: "/",
  compatibilityDate: "2026-01-01",
};
const miniflare = new Miniflare(convertV4MiniflareOptions({ host: "127.0.0.1", port: 0, workers: [worker] }));
process.stdout.write(`${await miniflare.ready}\n`);
process.on("SIGINT", () => void miniflare.dispose().then(() => process.exit(0)));
