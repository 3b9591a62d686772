/** JavaScript that Node does not run as it is: other files are imported as Cloudflare's tool has them, the rest is bundled. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, beforeEach, test } from "node:test";
import { findEsbuild } from "../../js/bundler/find_esbuild.js";
import { DeploymentLoader } from "../../js/server/deployment_loader.js";

const cache = mkdtempSync(join(tmpdir(), "stepwell-cache-"));
process.env.STEPWELL_CACHE = cache;
after(() => rmSync(cache, { recursive: true, force: true }));

/** @type {string} */
let root;
/** @type {DeploymentLoader} */
let loader;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stepwell-"));
  loader = new DeploymentLoader(join(root, "state.sqlite"), { print: () => {} });
});
afterEach(async () => {
  await loader.dispose();
  rmSync(root, { recursive: true, force: true });
});

/** @param {Record<string, string | Uint8Array>} files by their names */
function write(files) {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}

/** @param {string} main @param {Record<string, unknown> | null} [runtime] */
const load = (main, runtime = null) =>
  loader.load({
    root,
    main: join(root, main),
    vars: {},
    bindings: null,
    runtime: /** @type {import("../../runtime/registry.js").RuntimeOptions | null} */ (runtime),
  });

const bundlesMade = () => (existsSync(join(cache, "bundles")) ? readdirSync(join(cache, "bundles")).length : 0);

/** A workflow class whose module throws unless *condition* holds. @param {string} condition @param {string} imports */
const checking = (condition, imports) => `
import { WorkflowEntrypoint } from "cloudflare:workers";
${imports}
if (!(${condition})) throw new Error("it is not as bundlers have it");
export class Flow extends WorkflowEntrypoint { async run() {} }
`;

const EMPTY_WASM = Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);

for (const { what, files, condition, imports } of [
  {
    what: "an enum and a parameter property",
    files: {},
    condition: "new Box(Color.Green).value === 1",
    imports: "enum Color { Red, Green }\nclass Box { constructor(readonly value: Color) {} }",
  },
  {
    what: "a type that is imported as a value",
    files: { "types.ts": "export interface Shape { a: number }\nexport const one = 1;" },
    condition: "one === 1",
    imports: 'import { Shape, one } from "./types";\nexport type Mine = Shape;',
  },
  {
    what: "text, HTML and SQL",
    files: { "a.txt": "A", "b.html": "<b>", "c.sql": "SELECT 1" },
    condition: 'a + b + c === "A<b>SELECT 1"',
    imports: 'import a from "./a.txt";\nimport b from "./b.html";\nimport c from "./c.sql";',
  },
  {
    what: "JSON without an attribute",
    files: { "data.json": '{"a": [1]}' },
    condition: "data.a[0] === 1",
    imports: 'import data from "./data.json";',
  },
  {
    what: "WebAssembly and bytes",
    files: { "empty.wasm": EMPTY_WASM, "raw.bin": Uint8Array.from([7, 8]) },
    condition:
      "module instanceof WebAssembly.Module && raw instanceof ArrayBuffer && new Uint8Array(raw).join() === '7,8'",
    imports: 'import module from "./empty.wasm";\nimport raw from "./raw.bin";',
  },
  {
    what: "a path of TypeScript's configuration",
    files: {
      "tsconfig.json": '{"compilerOptions": {"paths": {"@lib/*": ["./lib/*"]}}}',
      "lib/add.ts": "export const add = (a: number, b: number) => a + b;",
    },
    condition: "add(1, 2) === 3",
    imports: 'import { add } from "@lib/add";',
  },
  {
    what: "TypeScript in a package, and a package's own condition",
    files: {
      "node_modules/typed/package.json": '{"name": "typed", "main": "index.ts"}',
      "node_modules/typed/index.ts": "export const typed: string = 'typed';",
      "node_modules/split/package.json": '{"name": "split", "exports": {"workerd": "./w.js"}}',
      "node_modules/split/w.js": "export const side = 'workerd';",
    },
    condition: 'typed === "typed" && side === "workerd"',
    imports: 'import { typed } from "typed";\nimport { side } from "split";',
  },
  {
    what: "a CommonJS module of a package beside what Node does not link",
    files: {
      "node_modules/old/package.json": '{"name": "old", "main": "index.js"}',
      "node_modules/old/index.js": "module.exports = { value: require('node:path').posix.join('a', 'b') };",
    },
    condition: 'old.value === "a/b" && E.A === 0',
    imports: 'import old from "old";\nenum E { A }',
  },
]) {
  test(`${what}: as a bundler has it`, async () => {
    write({ ...files, "flow.ts": checking(condition, imports) });

    const { classes } = await load("flow.ts");

    assert.deepEqual(classes, ["Flow"]);
  });
}

test("files that are no code are the same in a bundle and without one", async () => {
  write({
    "a.txt": "A",
    "data.json": '{"a": 1}',
    "empty.wasm": EMPTY_WASM,
    "raw.bin": Uint8Array.from([7]),
    "flow.ts": checking(
      'a + data.a + new Uint8Array(raw)[0] + (module instanceof WebAssembly.Module) + E.A === "A17true0"',
      `import a from "./a.txt"; import data from "./data.json"; import module from "./empty.wasm";
       import raw from "./raw.bin"; enum E { A }`,
    ),
  });

  assert.deepEqual((await load("flow.ts")).classes, ["Flow"]);
});

test("code that Node runs is not bundled", async () => {
  write({ "flow.ts": checking("true", "const typed: number = 1;") });
  const before = bundlesMade();

  await load("flow.ts");

  assert.equal(bundlesMade(), before);
});

test("configured aliases and definitions are those of the bundle", async () => {
  write({
    "flow.ts": checking("MODE === 'test' && real === 'other'", 'import { real } from "it";'),
    "other.ts": "export const real = 'other';",
  });

  const { classes } = await load("flow.ts", {
    name: "javascript",
    bundle: { alias: { it: "./other.ts" }, define: { MODE: '"test"' } },
  });

  assert.deepEqual(classes, ["Flow"]);
});

test("a package that is missing is named with file and line", async () => {
  write({ "flow.ts": checking("true", 'import missing from "missing-package";\nexport const kept = missing;') });

  await assert.rejects(load("flow.ts"), /^Error: Could not resolve "missing-package"\n\n +flow\.ts:3:20:\n/);
});

test("a bundle that fails is made again once its files have changed", async () => {
  write({ "flow.ts": checking("true", 'import text from "./late.txt";\nexport const kept = text;') });
  await assert.rejects(load("flow.ts"), /late\.txt/);

  write({ "late.txt": "now" });

  assert.deepEqual((await load("flow.ts")).classes, ["Flow"]);
});

test("an error's trace names the files as they were written", async () => {
  write({
    "flow.ts": checking("true", 'import { fail } from "./fail";\nenum E { A }\nfail(E.A);'),
    "fail.ts": "// a line\nexport function fail(code: number): never {\n  throw new Error(`code ${code}`);\n}\n",
  });

  await assert.rejects(load("flow.ts"), ({ traceback }) => {
    assert.match(traceback, new RegExp(`at fail \\(${join(root, "fail.ts").replaceAll("/", "\\/")}:3:9\\)`));
    return true;
  });
});

test("the project's own esbuild is taken where there is one", () => {
  const program = join("node_modules", "@esbuild", `${process.platform}-${process.arch}`, "bin", "esbuild");
  write({ [program]: "", "node_modules/esbuild/package.json": '{"version": "0.25.0"}' });

  assert.deepEqual(findEsbuild(root), [realpathSync(join(root, program))]);
});

test("an esbuild that is too old is left alone", () => {
  const program = join("node_modules", "@esbuild", `${process.platform}-${process.arch}`, "bin", "esbuild");
  write({ [program]: "", "node_modules/esbuild/package.json": '{"version": "0.16.17"}' });

  assert.equal(findEsbuild(root)[0], process.execPath);
});
