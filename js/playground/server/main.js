/**
 * `node main.js [--port N]` serves the playground on loopback; `node main.js --export FOLDER` writes it as a static site.
 * `--packages FOLDER` gives it packages.
 *
 * Its standard output carries one line, `{"ready": …}`, `{"exported": …}` or `{"error": …}`.
 */

import { parseArgs } from "node:util";
import { endWithParent } from "../../server/parent_watch.js";
import { compressSite } from "./compressed.js";
import { exportSite } from "./export.js";
import { serveSite } from "./serve.js";
import { readSite } from "./site.js";

const EXIT_USAGE = 2;
const EXIT_INTERNAL = 70;

const { values } = parseArgs({
  options: { port: { type: "string" }, export: { type: "string" }, packages: { type: "string" } },
});

// The parent tells us by that to end.
process.on("SIGINT", () => {});
endWithParent();

try {
  const site = await readSite({ packages: values.packages });
  if (values.export !== undefined) say({ exported: exportSite(site, values.export, await compressSite(site)) });
  else {
    say({ ready: { url: await serveSite(site, Number(values.port ?? 0)) } });
    process.stdin.on("end", () => process.exit(0));
    process.stdin.resume();
  }
} catch (error) {
  const { code, message, stack } = /** @type {any} */ (error);
  const known = typeof code === "string";
  say({ error: { code: known ? code : "internal", message: known ? message : String(stack ?? error) } });
  process.exit(known ? EXIT_USAGE : EXIT_INTERNAL);
}

/** @param {object} line */
function say(line) {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
