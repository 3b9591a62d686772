import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { PyodideGuest } from "../../../runtime/pyodide/pool.js";
import { Engine } from "../engine.js";

const root = mkdtempSync(join(tmpdir(), "stepwell-load-"));
after(() => rmSync(root, { recursive: true }));

/**
 * Load a deployment made of `files`.
 *
 * @param {Record<string, string>} files by path
 * @param {string} main
 * @param {(guest: PyodideGuest, loaded: any) => unknown} [use]
 * @param {object} [limits]
 * @returns {Promise<any>}
 */
async function load(files, main, use = (_guest, loaded) => loaded, limits = {}) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const guest = new PyodideGuest({ deployment: { root, main: join(root, main), vars: {} }, ...limits });
  try {
    return await use(guest, await guest.load());
  } finally {
    await guest.dispose();
  }
}

const WORKFLOW = "from workers import WorkflowEntrypoint\n";

describe("loading a deployment", () => {
  test("workflows are found among the public names, imported ones too, by the names of their classes", async () => {
    const files = {
      "other.py": `${WORKFLOW}class Imported(WorkflowEntrypoint): pass\n`,
      "found.py": `${WORKFLOW}from other import Imported\nclass One(WorkflowEntrypoint): pass\nAlias = One\nclass _Hidden(WorkflowEntrypoint): pass\nclass Other: pass\n`,
    };

    assert.deepEqual((await load(files, "found.py")).classes, ["Imported", "One"]);
  });

  test("__all__ decides where there is one", async () => {
    const text = `${WORKFLOW}__all__ = ["_Two"]\nclass One(WorkflowEntrypoint): pass\nclass _Two(WorkflowEntrypoint): pass\n`;

    assert.deepEqual((await load({ "all.py": text }, "all.py")).classes, ["_Two"]);
  });

  test("a module without workflows has none", async () => {
    assert.deepEqual((await load({ "none.py": WORKFLOW }, "none.py")).classes, []);
  });

  test("modules and packages beside main can be imported, from a folder below the root too", async () => {
    const files = {
      "src/helper.py": "ANSWER = 42\n",
      "src/package/__init__.py": "from .part import PART\n",
      "src/package/part.py": "PART = 1\n",
      "src/entry.py": `${WORKFLOW}from helper import ANSWER\nfrom package import PART\nclass Flow(WorkflowEntrypoint):\n    def run(self, event, step):\n        return [ANSWER, PART, __name__, __file__]\n`,
    };

    const output = await load(files, "src/entry.py", async (guest) => await new Engine(guest).run("Flow"));

    assert.deepEqual(output, [42, 1, "entry", join(root, "src/entry.py")]);
  });

  test("a file may be called like a module of the standard library", async () => {
    const text = `${WORKFLOW}class Flow(WorkflowEntrypoint):\n    def run(self, event, step):\n        return __name__\n`;

    const output = await load({ "queue.py": text }, "queue.py", async (guest) => await new Engine(guest).run("Flow"));

    assert.equal(output, "queue_main");
    rmSync(join(root, "queue.py"));
  });

  test("a syntax error is shown where it is", async () => {
    const error = await load({ "syntax.py": "x = 1\ndef broken(:\n" }, "syntax.py").catch((thrown) => thrown);

    assert.equal(error.message, "SyntaxError: invalid syntax (syntax.py, line 2)");
    assert.equal(
      error.traceback,
      `  File "${join(root, "syntax.py")}", line 2\n    def broken(:\n               ^\nSyntaxError: invalid syntax`,
    );
  });

  test("an exception at import has the user's own traceback, with the host's paths and no frames of ours", async () => {
    const files = { "deep.py": "def f():\n    raise KeyError('lost')\nf()\n", "raises.py": "import deep\n" };
    const error = await load(files, "raises.py").catch((thrown) => thrown);

    assert.equal(error.message, "KeyError: 'lost'");
    const places = [...error.traceback.matchAll(/File "([^"]+)", line (\d+)/g)].map(([, file, line]) => [file, line]);
    assert.deepEqual(places, [
      [join(root, "raises.py"), "1"],
      [join(root, "deep.py"), "3"],
      [join(root, "deep.py"), "2"],
    ]);
  });

  test("sys.exit at import is an error like others", async () => {
    const error = await load({ "exits.py": "import sys\nsys.exit(3)\n" }, "exits.py").catch((thrown) => thrown);

    assert.equal(error.message, "SystemExit: 3");
  });

  test("an import without end is cut", async () => {
    const loading = load({ "spins.py": "while True: pass\n" }, "spins.py", undefined, { cpuLimit: 300 });
    const error = await loading.catch((thrown) => thrown);

    assert.match(error.message, /^CpuLimitExceeded: The import of the module has kept the interpreter to itself/);
    assert.match(error.traceback, /spins\.py", line 1/);
  });

  test("an import that ends the interpreter is an error", async () => {
    const text = "import ctypes\nctypes.string_at(0xFFFFFFF0, 100)\n";

    await assert.rejects(load({ "crashes.py": text }, "crashes.py"), /memory access out of bounds/);
  });

  test("a main that is missing, or no Python, is an error", async () => {
    await assert.rejects(load({}, "missing.py"), /FileNotFoundError: .*missing\.py/);
    await assert.rejects(load({ "flow.txt": "" }, "flow.txt"), /its name must end in \.py/);
  });

  test("a root that would hide the interpreter's own folders is refused", async () => {
    const guest = new PyodideGuest({ deployment: { root: "/lib", main: "/lib/flow.py", vars: {} } });
    await assert.rejects(
      guest.load(),
      /\/lib cannot be shown to the interpreter: a folder of the interpreter's is called that/,
    );
    await guest.dispose();
  });

  test("randomness differs from one interpreter to the next", async () => {
    const text = `${WORKFLOW}import random, uuid, secrets\nclass Flow(WorkflowEntrypoint):\n    def run(self, event, step):\n        return [random.random(), str(uuid.uuid4()), secrets.token_hex(8)]\n`;
    const draw = () => load({ "dice.py": text }, "dice.py", async (guest) => await new Engine(guest).run("Flow"));

    const [one, two] = [await draw(), await draw()];

    assert.ok(one.every((/** @type {string} */ value, /** @type {number} */ i) => value !== two[i]));
  });

  test("the user's folder gets no compiled files", async () => {
    const { existsSync } = await import("node:fs");
    await load({ "lib.py": "", "clean.py": "import lib\n" }, "clean.py");

    assert.equal(existsSync(join(root, "__pycache__")), false);
  });
});
