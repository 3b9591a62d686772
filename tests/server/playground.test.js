/** The playground's server: whose requests it answers, and what of a project it serves. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { unzipSync } from "fflate";
import { packPackages } from "../../js/playground/server/packages.js";
import { siteApp } from "../../js/playground/server/serve.js";

const folder = mkdtempSync(join(tmpdir(), "stepwell-playground-"));
after(() => rmSync(folder, { recursive: true }));

const site = siteApp([
  { path: "index.html", type: "text/html", bytes: new TextEncoder().encode("page"), immutable: false },
]);

/** @param {Record<string, string>} headers */
const statusFor = async (headers) => (await site.fetch(new Request("http://127.0.0.1:8321/", { headers }))).status;

test("a request under a name of this machine is answered, with its page's origin or without one", async () => {
  for (const host of ["127.0.0.1:8321", "localhost:8321", "[::1]:8321"]) {
    assert.equal(await statusFor({ host }), 200, host);
    assert.equal(await statusFor({ host, origin: `http://${host}` }), 200, host);
  }
});

test("a request under another name is refused: a site can make its name resolve to this machine", async () => {
  for (const host of ["evil.example", "evil.example:8321", "127.0.0.1.evil.example", ""]) {
    assert.equal(await statusFor({ host }), 421, host);
  }
});

test("a request from another origin's page is refused", async () => {
  for (const origin of ["https://evil.example", "http://127.0.0.1:9", "null"]) {
    assert.equal(await statusFor({ host: "127.0.0.1:8321", origin }), 403, origin);
  }
});

test("links are no part of what is served, wherever they lead", () => {
  const secret = join(folder, "secret");
  const modules = join(folder, "project", "python_modules");
  mkdirSync(secret, { recursive: true });
  mkdirSync(join(modules, "package"), { recursive: true });
  writeFileSync(join(secret, "key"), "secret");
  writeFileSync(join(modules, "package", "module.py"), "x = 1");
  symlinkSync(secret, join(modules, "folder"));
  symlinkSync(secret, join(modules, "package", "folder"));
  symlinkSync(join(secret, "key"), join(modules, "file"));
  symlinkSync("..", join(modules, "package", "round"));

  assert.deepEqual(Object.keys(unzipSync(packPackages(modules))), ["package/module.py"]);
});

test("a folder of packages that is a link itself is refused", () => {
  const modules = join(folder, "linked_modules");
  symlinkSync(join(folder, "secret"), modules);

  assert.throws(() => packPackages(modules), { code: "packages.unreadable", message: /it is a link/ });
});
