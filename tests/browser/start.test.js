/** A browser or a page that cannot start fails the tests at once, with its reason. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Playground } from "./page.js";

const FIXTURE = fileURLToPath(new URL("bare_fixture.js", import.meta.url));

/** @type {Playground} */
let playground;
before(async () => {
  playground = await Playground.start();
});
after(() => playground.close());

test("a browser that ends at once is reported, and no process is left waiting", () => {
  const env = { ...process.env, STEPWELL_CHROMIUM: "/bin/false" };

  const { status, stderr } = spawnSync(process.execPath, [FIXTURE], { env, encoding: "utf8" });

  assert.notEqual(status, 0);
  assert.match(stderr, /Failed to launch|has been closed/);
});

test("a machine without Chromium is told what to install", () => {
  const { STEPWELL_CHROMIUM: _, ...env } = process.env;

  const { status, stderr } = spawnSync(process.execPath, [FIXTURE], {
    env: { ...env, PATH: "/nowhere" },
    encoding: "utf8",
  });

  assert.notEqual(status, 0);
  assert.match(stderr, /Chromium is missing: install Debian's package chromium, or set STEPWELL_CHROMIUM/);
});

test("a page whose code throws is not waited for", async () => {
  const init = () => {
    queueMicrotask(() => {
      throw new Error("broken on purpose");
    });
  };

  await assert.rejects(playground.bare({ init }), /The page threw: .*broken on purpose/s);
});
