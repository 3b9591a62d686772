/** The version of a deployment: a name for what all that it may import says. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { DeploymentLoader } from "../../js/server/deployment_loader.js";
import { modulesFolder } from "../../js/server/packages.js";
import { readSecrets } from "../../js/server/secrets.js";
import { Sources } from "../../js/server/sources.js";

/** @type {string} */
let root;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "stepwell-"));
  write("flow.py", "import helper");
  write("helper.py", "X = 1");
});
afterEach(() => rmSync(root, { recursive: true }));

/** @param {string} name @param {string} text */
function write(name, text) {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), text);
  return join(root, name);
}

const version = (sources = new Sources(), main = "flow.py") =>
  sources.version({ root, main: join(root, main), modules: modulesFolder(join(root, main), "pyodide") });

for (const changed of ["flow.py", "helper.py", "package/deep/module.py", "native.cpython-314-wasm32-emscripten.so"]) {
  test(`a change of ${changed} is another version, also for who has read it before`, () => {
    write(changed, "Y = 1");
    const sources = new Sources();
    const before = version(sources);

    write(changed, "Y = 2");

    assert.notEqual(version(sources), before);
    assert.equal(version(sources), version());
  });
}

for (const other of [
  "notes.txt",
  ".stepwell/x.py",
  "node_modules/x.py",
  "__pycache__/helper.py",
  "python_modules/x.py",
]) {
  test(`what ${other} says is no part of the version`, () => {
    write(other, "1");
    const before = version();

    write(other, "2");

    assert.equal(version(), before);
  });
}

test("a virtual environment is no part of the version", () => {
  const before = version();

  write("env/pyvenv.cfg", "");
  write("env/lib/x.py", "1");

  assert.equal(version(), before);
});

test("a file that was only touched, or stands in another folder, is the same version", () => {
  const sources = new Sources();
  const before = version(sources);

  utimesSync(join(root, "helper.py"), 1, 1);
  const touched = version(sources);

  const first = root;
  root = mkdtempSync(join(tmpdir(), "stepwell-"));
  write("flow.py", "import helper");
  write("helper.py", "X = 1");
  const elsewhere = version();
  rmSync(first, { recursive: true });

  assert.deepEqual([touched, elsewhere], [before, before]);
});

test("other packages are another version", () => {
  const versions = new Set([version()]);

  mkdirSync(join(root, "python_modules/a-1.0.dist-info"), { recursive: true });
  versions.add(version());
  mkdirSync(join(root, "python_modules/b-1.0.dist-info"));
  versions.add(version());
  write("python_modules/.stepwell.json", "{}");
  versions.add(version());

  assert.equal(versions.size, 4);
});

test("JavaScript counts for JavaScript", () => {
  write("flow.mjs", "import './helper.ts'");
  write("helper.ts", "1");
  const [script, python] = [version(undefined, "flow.mjs"), version()];

  write("helper.ts", "2");

  assert.notEqual(version(undefined, "flow.mjs"), script);
  assert.equal(version(), python);
});

test("a main file that cannot be read is said so", () => {
  assert.throws(() => version(undefined, "gone.py"), /gone\.py cannot be read \(ENOENT\)/);
});

test("packages are the file's own, else the nearest of the project", () => {
  const main = write("src/app/main.py", "");
  const found = () => modulesFolder(main, "pyodide")?.slice(root.length);
  const steps = [found()];

  mkdirSync(join(root, "python_modules"));
  steps.push(found());
  write("src/pyproject.toml", "");
  steps.push(found());
  mkdirSync(join(root, "src/python_modules"));
  steps.push(found());
  mkdirSync(join(root, "src/app/main.python_modules"));
  steps.push(found());

  assert.deepEqual(steps, [
    undefined,
    "/python_modules",
    undefined,
    "/src/python_modules",
    "/src/app/main.python_modules",
  ]);
  assert.equal(modulesFolder(main, "wasmtime"), null);
});

test("a changed module is loaded anew, and an unchanged one is not", async () => {
  const main = write("flow.mjs", "import './helper.mjs'; import { WorkflowEntrypoint } from 'cloudflare:workers';");
  write("helper.mjs", "export const x = 1;");
  const deployments = new DeploymentLoader(join(root, "state.sqlite"), { print: () => {} });
  const deployment = { root, main, vars: {}, bindings: null };

  const first = await deployments.load(deployment);
  const second = await deployments.load(deployment);
  write("helper.mjs", "export const x = 22;");
  const third = await deployments.load(deployment);
  await deployments.dispose();

  assert.equal(first, second);
  assert.notEqual(second, third);
});

test("FIFOs and devices among the sources are no sources, and stop nobody", () => {
  const main = write("flow.py", "import package");
  mkdirSync(join(root, "python_modules"));
  writeFileSync(join(root, "python_modules/package.py"), "");
  const sources = new Sources();
  const before = sources.version({ root, main });

  execFileSync("mkfifo", [join(root, "pipe.py")]);
  symlinkSync("/dev/zero", join(root, "zero.py"));

  assert.equal(sources.version({ root, main }), before);
  assert.deepEqual(sources.imports({ root, main, modules: join(root, "python_modules") }), ["import package"]);
  assert.throws(() => sources.version({ root, main: join(root, "pipe.py") }), /cannot be read/);
});

test("a FIFO in the place of secrets is refused without a wait", () => {
  execFileSync("mkfifo", [join(root, ".dev.vars")]);

  assert.throws(() => readSecrets({ folder: root }, []), /\.dev\.vars cannot be read/);
});
