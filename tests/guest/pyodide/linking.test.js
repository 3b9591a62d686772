/** Linking that is put off, and the script that puts it off. */

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { loadPyodide } from "pyodide";
import { loadFactory, storeCompiled } from "../../../runtime/pyodide/factory.js";
import { guestFiles, pyodideFolder, snapshotKey } from "../../../runtime/pyodide/files.js";
import { withLinkingPutOff } from "../../../runtime/pyodide/linking.js";
import { findSnapshot, scriptFor } from "../../../runtime/pyodide/snapshot.js";
import { module, start } from "../interpreter.js";

/** What Emscripten's module needs for nothing but WebGL. */
const OF_OTHERS = WebAssembly.Module.imports(module).filter((each) => each.module === "GOT.func").length;

/** Where every symbol is. @param {any} emscripten */
function addresses({ GOT }) {
  return Object.fromEntries(Object.keys(GOT).map((name) => [name, GOT[name].value]));
}

test("Python runs, and nothing is linked", async () => {
  const pyodide = await start();

  const told = pyodide.runPython("import asyncio, decimal, json; json.dumps([1, str(decimal.Decimal('0.1') * 3)])");

  assert.equal(told, '[1, "0.3"]');
  assert.equal(Object.keys(pyodide._module.GOT).length, OF_OTHERS);
});

test("what is linked late is where Emscripten puts it", async () => {
  const pyodide = await start();
  const usual = /** @type {any} */ (await loadPyodide())._module;

  pyodide._module.link();

  assert.deepEqual(addresses(pyodide._module), addresses(usual));
  assert.equal(pyodide._module.wasmTable.length, usual.wasmTable.length);
  assert.deepEqual(new Set(Object.keys(usual)).difference(new Set(Object.keys(pyodide._module))), new Set());
});

test("ctypes finds what Python exports", async () => {
  const pyodide = await start();

  const told = pyodide.runPython(`
import ctypes
version = ctypes.pythonapi.Py_GetVersion
version.restype = ctypes.c_char_p
version().decode()
`);

  assert.equal(told, pyodide.runPython("import sys; sys.version"));
});

test("it starts where V8 can switch stacks, too", async () => {
  // On by default from Node 26 on.
  const flags = "promising" in WebAssembly ? [] : ["--experimental-wasm-jspi"];
  const program = `
    import { start } from ${JSON.stringify(new URL("../interpreter.js", import.meta.url))};
    const pyodide = await start();
    console.log(typeof WebAssembly.promising, pyodide.runPython("from pyodide.ffi import can_run_sync; str(can_run_sync())"));
  `;
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, "--input-type=module", "-e", program]);

  assert.equal(stdout, "function False\n");
});

describe("JavaScript that it was not written for", () => {
  const original = readFileSync(join(pyodideFolder(), "pyodide.asm.mjs"), "utf8");
  const functions = WebAssembly.Module.imports(module).filter((each) => each.module === "GOT.func");
  const linked = { GOT: Object.fromEntries(functions.map(({ name }, index) => [name, { value: 9000 + index }])) };

  test("is the fast way for the Pyodide that is pinned", () => {
    const { script, warnings } = scriptFor(original, module, linked);

    assert.deepEqual(warnings, []);
    assert.ok(script.length > 100_000);
  });

  for (const [what, text, table] of /** @type {const} */ ([
    ["lacks a piece", original.replace("updateGOT(origExports);", ""), linked],
    ["has a piece twice", `${original}updateGOT(origExports);LDSO.init();loadDylibs();`, linked],
    ["is another text", "export default 1", linked],
    ["lays out its table otherwise", original, {}],
    ["has other entries in its table", original, { GOT: {} }],
  ])) {
    test(`is left as it is, with a warning, where it ${what}`, () => {
      const { script, warnings } = scriptFor(text, module, table);

      assert.equal(script, "");
      assert.equal(warnings.length, 1);
      assert.match(warnings[0], /^Interpreters start slower with Pyodide [\w.]+: [^\n]+\.$/);
    });
  }

  test("is said where Python looks for signals in another way", async () => {
    const empty = await WebAssembly.compile(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));

    const { warnings } = scriptFor(original, empty, linked);

    assert.match(warnings[0], /has no import _Py_CheckEmscriptenSignals_Helper: Python runs slower\.$/);
  });

  test("starts from the same snapshot, and links", async () => {
    const pyodide = await start({ plain: true });

    const told = pyodide.runPython(
      "import asyncio, ctypes, decimal, workers; [str(decimal.Decimal('0.1') * 3), ctypes.sizeof(ctypes.c_long)]",
    );

    assert.deepEqual(told.toJs(), ["0.3", 4]);
  });

  test("leaves an empty script beside the snapshot, which starts nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stepwell-"));
    const key = snapshotKey(guestFiles());
    writeFileSync(join(folder, `${key}.snapshot`), "a snapshot");
    writeFileSync(join(folder, `${key}.js`), "");

    const found = await findSnapshot(undefined, folder);

    rmSync(folder, { recursive: true });
    assert.deepEqual(found, { snapshot: join(folder, `${key}.snapshot`) });
  });
});

test("JavaScript that it was not written for is refused", () => {
  const text = readFileSync(join(pyodideFolder(), "pyodide.asm.mjs"), "utf8");

  assert.throws(
    () => withLinkingPutOff(text.replace("updateGOT(origExports);", ""), 1, []),
    /0 times "updateGOT\(origExports\)/,
  );
  assert.throws(() => withLinkingPutOff(text.replace("updateGOT(", "updateGOTé("), 1, []), /not ASCII/);
});

describe("what V8 has compiled", () => {
  /** @type {string} */
  let folder;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "stepwell-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });

  /** V8 looks at no file for a script that this thread has compiled before. @param {string} name */
  function load(name) {
    writeFileSync(join(folder, `${name}.js`), `(function(url){return ()=>"${name} from "+url})`);
    const factory = { script: join(folder, `${name}.js`), url: "here", compiled: join(folder, name) };
    const { createPyodideModule, compiled } = loadFactory(factory);
    assert.equal(/** @type {() => string} */ (createPyodideModule)(), `${name} from here`);
    if (compiled) storeCompiled(factory, compiled());
  }
  /** @param {string} name */
  const stored = (name) =>
    readdirSync(folder).filter((each) => each.startsWith(`${name}.`) && each.endsWith(".compiled"));

  /** With a few bytes in the middle that are others. @param {Buffer} bytes */
  function flipped(bytes) {
    const middle = bytes.length >> 1;
    return bytes.map((byte, at) => (Math.abs(at - middle) < 20 ? byte ^ 0xff : byte));
  }

  test("is kept for the next thread, once", () => {
    load("first");
    const [name, ...more] = stored("first");
    const { ino } = statSync(join(folder, name));

    load("first");

    assert.equal(statSync(join(folder, name)).ino, ino);
    assert.deepEqual(more, []);
  });

  for (const [what, text] of [
    ["empty", ""],
    ["cut off", "cut"],
    ["rubbish", "x".repeat(2000)],
    ["damaged", "flip"],
  ]) {
    test(`is made anew where it is ${what}`, () => {
      const [version] = stored("first")[0].split(".").slice(1);
      const place = join(folder, `${what}.${version}.compiled`);
      const good = readFileSync(join(folder, stored("first")[0]));
      const rubbish = text === "cut" ? good.subarray(0, 300) : text === "flip" ? flipped(good) : text;
      writeFileSync(place, rubbish);

      load(what);

      assert.notDeepEqual(readFileSync(place), Buffer.from(rubbish));
    });
  }

  test("is nobody's concern where it cannot be kept", () => {
    writeFileSync(join(folder, "taken.js"), "");

    storeCompiled({ script: "", url: "here", compiled: join(folder, "taken.js", "key") }, new Uint8Array(1));

    assert.deepEqual(stored("key"), []);
  });
});
