/** The code of a run: what a main file imports, and nothing else of its folder. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { importedFiles } from "../../js/server/imports.js";

/** @param {import("node:test").TestContext} t @param {Record<string, string | Buffer>} files @param {string} main */
function imported(t, files, main) {
  const root = mkdtempSync(join(tmpdir(), "imports-"));
  t.after(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  return importedFiles({ root, main: join(root, main) });
}

/** @param {{ path: string }[]} files */
const paths = (files) => files.map(({ path }) => path);

test("Python modules and packages are found over several files, others are left", (t) => {
  const found = imported(
    t,
    {
      "flow.py": "import json, prices as p\nfrom shop.cart import Cart\nfrom workers import WorkflowEntrypoint\n",
      "prices.py": "def f():\n    import taxes\n",
      "taxes.py": "",
      "shop/__init__.py": "",
      "shop/cart.py": "from . import parts",
      "shop/parts.py": "",
      "shop/data.json": "{}",
      "secrets.py": "",
      "other.py": "",
    },
    "flow.py",
  );

  assert.deepEqual(paths(found), [
    "flow.py",
    "prices.py",
    "shop/__init__.py",
    "shop/cart.py",
    "shop/parts.py",
    "taxes.py",
  ]);
});

test("JavaScript modules are found by their relative paths, inside the folder only", (t) => {
  const found = imported(
    t,
    {
      "src/flow.mjs":
        'import { a } from "./a.js";\nimport "node:fs";\nconst b = await import("../lib/b.js");\nimport "../../x.js";',
      "src/a.js": 'export * from "./flow.mjs";',
      "lib/b.js": "",
    },
    "src/flow.mjs",
  );

  assert.deepEqual(paths(found), ["src/flow.mjs", "src/a.js", "lib/b.js"]);
});

test("what is not text is kept as it is", (t) => {
  const bytes = Buffer.from([0xff, 0x00, 0x80]);

  const [, module] = imported(t, { "flow.py": "import native", "native.py": bytes }, "flow.py");

  assert.deepEqual([module.encoding, Buffer.from(module.content, "base64")], ["base64", bytes]);
});
