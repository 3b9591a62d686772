/** The site: what it asks for, what it forbids, and that any web server can host it. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import { compressSite } from "../../js/playground/server/compressed.js";
import { exportSite } from "../../js/playground/server/export.js";
import { siteApp } from "../../js/playground/server/serve.js";
import { deployFlows, Playground, ready, readTestSite, run } from "./page.js";

const TYPES = /** @type {Record<string, string>} */ ({
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".mjs": "text/javascript",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
});

/** @type {string} */
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "stepwell-site-"));
  exportSite(await readTestSite(), folder);
});
after(() => rmSync(folder, { recursive: true }));

/** A plain web server, which knows types and nothing else, below a path. @param {string} below */
function plainServer(below) {
  return async (/** @type {Request} */ request) => {
    const { pathname } = new URL(request.url);
    if (!pathname.startsWith(below)) return new Response("", { status: 404 });
    const path = normalize(pathname.slice(below.length) || "index.html");
    try {
      const bytes = await readFile(join(folder, path));
      return new Response(bytes, { headers: { "content-type": TYPES[extname(path)] ?? "application/octet-stream" } });
    } catch {
      return new Response("", { status: 404 });
    }
  };
}

test("every address of the page is a file of the site", async () => {
  const site = await readTestSite();
  const page = new TextDecoder().decode(site.find(({ path }) => path === "index.html")?.bytes);
  const addresses = [...page.matchAll(/(?:href|src)="([^":]+)"/g)].map(([, address]) => normalize(address));

  assert.ok(addresses.length > 0);
  assert.deepEqual(
    addresses.filter((address) => !site.some(({ path }) => path === address)),
    [],
  );
});

test("an exported site works below a path, on a server that sends no headers: a service worker sends them", async () => {
  await using playground = await Playground.start({ answer: plainServer("/deep/down/") });
  const opened = await playground.open({ path: "deep/down/bare.html" });
  const { page } = opened;
  await page.waitForFunction(() => globalThis.crossOriginIsolated && "host" in globalThis);
  await ready(page);
  await deployFlows(page);

  const detail = await run(page, "Chain");
  const { missing, storage } = await page.evaluate(() => /** @type {any} */ (host.state));

  assert.equal(detail.status, "complete");
  assert.deepEqual(missing, []);
  assert.equal(storage.kind, "opfs");
  assert.deepEqual(opened.foreign, []);
});

test("where service workers are forbidden too, it works without shared memory, and says so", async () => {
  await using playground = await Playground.start({ answer: plainServer("/") });
  const context = await playground.context({ serviceWorkers: "block" });
  const { page } = await playground.open({ context, path: "bare.html" });
  await ready(page);
  await deployFlows(page);

  const detail = await run(page, "Chain");
  const spun = await run(page, "Spin");
  const { missing } = await page.evaluate(() => /** @type {any} */ (host.state));

  assert.equal(detail.status, "complete");
  assert.match(missing[0].message, /COOP and COEP/);
  // No signal reaches the code: its interpreter is replaced, and the instance goes on.
  assert.equal(spun.output, "WorkflowTimeoutError");
});

test("code in a workflow cannot ask another origin for anything", async () => {
  await using playground = await Playground.start();
  await using other = await Playground.start({
    answer: () => new Response("secret", { headers: { "access-control-allow-origin": "*" } }),
  });
  const { page, foreign } = await playground.bare();
  await deployFlows(page);

  const { output } = await run(page, "Ask", { url: other.url });

  assert.match(String(output), /refused/);
  assert.deepEqual(
    foreign.filter((url) => url.startsWith(other.url)),
    [],
  );
});

test("everything that never changes may be kept for ever, and the page itself may not", async () => {
  await using playground = await Playground.start();
  const { page } = await playground.bare();
  const { href } = await page.evaluate(() => ({
    href: performance
      .getEntriesByType("resource")
      .map(({ name }) => name)
      .find((name) => name.endsWith("host.js")),
  }));

  const module = await fetch(/** @type {string} */ (href));
  const index = await fetch(playground.url);

  assert.match(module.headers.get("cache-control") ?? "", /immutable/);
  assert.equal(index.headers.get("cache-control"), "no-cache");
  assert.equal(index.headers.get("cross-origin-opener-policy"), "same-origin");
  assert.equal(index.headers.get("cross-origin-embedder-policy"), "require-corp");
  assert.match(index.headers.get("content-security-policy") ?? "", /connect-src 'self'/);
});

test("an export refuses a folder that has something else in it", async () => {
  const full = mkdtempSync(join(tmpdir(), "stepwell-full-"));
  try {
    exportSite([{ path: "other.txt", type: "text/plain", bytes: new Uint8Array(), immutable: false }], full);

    assert.throws(() => exportSite([], full), /is not empty: it has other\.txt/);
  } finally {
    rmSync(full, { recursive: true });
  }
});

test("a browser that takes gzip gets the files as gzip has them, and others get them plain", async () => {
  const site = await readTestSite();
  const path = site.find((file) => file.path.endsWith("pyodide.asm.wasm"))?.path;
  const app = siteApp(site, await compressSite(site.filter((file) => file.path === path)));
  const get = async (/** @type {Record<string, string>} */ headers) =>
    app.fetch(new Request(`http://127.0.0.1/${path}`, { headers: { host: "127.0.0.1", ...headers } }));

  const packed = await get({ "accept-encoding": "gzip, br" });
  const plain = await get({});
  const [small, large] = [new Uint8Array(await packed.arrayBuffer()), new Uint8Array(await plain.arrayBuffer())];

  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.headers.get("vary"), "Accept-Encoding");
  assert.equal(plain.headers.get("content-encoding"), null);
  assert.ok(small.length < large.length / 2);
  assert.deepEqual(new Uint8Array(gunzipSync(small)), large);
});
