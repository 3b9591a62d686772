/** Interpreters that start with packages imported. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { prewarm } from "../../js/server/prewarm.js";
import { Sources } from "../../js/server/sources.js";
import { packageImports } from "../../runtime/pyodide/imports.js";
import { findPackageSnapshot, makePackageSnapshot } from "../../runtime/pyodide/package_snapshot.js";
import { PyodideGuest } from "../../runtime/pyodide/pool.js";

/** @type {string} */
let root;
/** @type {string | undefined} */
let cache;
before(() => {
  root = mkdtempSync(join(tmpdir(), "stepwell-"));
  cache = process.env.STEPWELL_CACHE;
  process.env.STEPWELL_CACHE = join(root, "cache");
});
after(() => {
  if (cache === undefined) delete process.env.STEPWELL_CACHE;
  else process.env.STEPWELL_CACHE = cache;
  rmSync(root, { recursive: true });
});

/** @param {string} path @param {string} text */
function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** A project with one package, and what its only module says. @param {string} name @param {string} source */
function project(name, source, bytes = 1e6) {
  write(`${name}/python_modules/package.py`, source);
  write(`${name}/python_modules/.stepwell.json`, JSON.stringify({ bytes }));
  write(
    `${name}/flow.py`,
    `import package
from workers import WorkflowEntrypoint
class Flow(WorkflowEntrypoint):
    pass
print("package says", package.told)
`,
  );
  const place = {
    root: join(root, name),
    main: join(root, name, "flow.py"),
    modules: join(root, name, "python_modules"),
  };
  return { ...place, imports: new Sources().imports(place), vars: {} };
}

/** @param {ReturnType<typeof project>} deployment */
async function printed(deployment) {
  const guest = new PyodideGuest({ deployment });
  try {
    return (await guest.load()).output.map(({ text }) => text).join("");
  } finally {
    await guest.dispose();
  }
}

// The first test: after the others threads may start that make snapshots in the background.
test("the host makes the snapshot that a sync has made for another Stepwell, and an interpreter stands by with it", async () => {
  const deployment = project("upgraded", "told = 'hello'\nprint('package is imported')\n");
  write("upgraded/python_modules/.prepared", "");
  /** @type {string[]} */
  const said = [];

  await PyodideGuest.prepare(deployment, (line) => said.push(line));
  await PyodideGuest.prepare(deployment, (line) => said.push(line));

  assert.deepEqual(said, ["Preparing the packages in python_modules for this version of Stepwell, once."]);
  assert.ok(findPackageSnapshot(deployment));

  let threads = 0;
  const count = () => (threads += 1);
  process.on("worker", count);
  try {
    await prewarm({ main: deployment.main }, new Sources());

    assert.equal(await printed(deployment), "package says hello\n");
    assert.equal(threads, 1, "the interpreter that stands by is taken");
  } finally {
    process.off("worker", count);
  }
});

test("a package is imported once, for all interpreters; the deployment's own modules by each", async () => {
  const deployment = project("plain", "told = 'hello'\nprint('package is imported')\n");

  const made = await makePackageSnapshot(deployment);

  assert.equal(made, true);
  assert.equal(await printed(deployment), "package says hello\n");
  assert.equal(
    await printed({ ...deployment, imports: ["from package import told"] }),
    "package is imported\npackage says hello\n",
  );

  const found = findPackageSnapshot(deployment);
  write("plain/python_modules/.stepwell.json", JSON.stringify({ bytes: 1e6, lock: "another" }));
  assert.equal(findPackageSnapshot(deployment), undefined);
  write("plain/python_modules/.stepwell.json", JSON.stringify({ bytes: 1e6 }));
  assert.deepEqual(findPackageSnapshot(deployment), found);
  writeFileSync((found?.snapshot ?? "").replace(".snapshot", ".json"), "[");
  assert.equal(findPackageSnapshot(deployment), undefined);
});

test("an interpreter starts without the snapshot that has made room for others since", async () => {
  const deployment = project("gone", "told = 'hello'\nprint('package is imported')\n");
  await makePackageSnapshot(deployment);
  const guest = new PyodideGuest({ deployment });
  rmSync(findPackageSnapshot(deployment)?.snapshot ?? "");

  try {
    const { output } = await guest.load();

    assert.equal(output.map(({ text }) => text).join(""), "package is imported\npackage says hello\n");
  } finally {
    await guest.dispose();
  }
});

test("what cannot be made any more is not tried at each start", async () => {
  const deployment = project("spoilt", "told = 'hello'\n", 1);
  write("spoilt/python_modules/.prepared", "");
  /** @type {string[]} */
  const said = [];

  await PyodideGuest.prepare(deployment, (line) => said.push(line));
  await PyodideGuest.prepare(deployment, (line) => said.push(line));

  assert.equal(said.length, 1);
});

test("without a sync's promise the host makes no snapshot before it loads the code", async () => {
  const deployment = project("unpromised", "told = 'hello'\n");

  await PyodideGuest.prepare(deployment, assert.fail);

  assert.equal(findPackageSnapshot(deployment), undefined);
});

for (const [why, source] of [
  ["draws a random number", "import uuid\ntold = uuid.uuid4()\n"],
  ["makes a generator of random numbers", "import random\ntold = random.Random()\n"],
  ["keeps a file open", "told = open(__file__)\n"],
  ["keeps an object of JavaScript's", "import js\ntold = js.Object.new()\n"],
]) {
  test(`no snapshot is kept of a package that ${why} while it is imported`, async () => {
    const deployment = project(why.replaceAll(" ", "_"), source);

    assert.equal(await makePackageSnapshot(deployment), false);
    assert.equal(findPackageSnapshot(deployment), undefined);
  });
}

const VERSION = `
import importlib.metadata
try:
    importlib.metadata.version("package")
except importlib.metadata.PackageNotFoundError:
    told = "hello"
`;

for (const [what, source] of [
  ["asks for the version of a package", VERSION],
  ["imports keys that only differ from each other", "from opentelemetry.context import KEY\ntold = 'hello'\n"],
]) {
  test(`a snapshot is kept of a package that ${what}`, async () => {
    const name = what.replaceAll(" ", "_");
    write(`${name}/python_modules/opentelemetry/context/__init__.py`, "import uuid\nKEY = str(uuid.uuid4())\n");
    const deployment = project(name, source);

    assert.equal(await makePackageSnapshot(deployment), true);
    assert.equal(await printed(deployment), "package says hello\n");
  });
}

test("none is made of what is small, or of what nobody imports", async () => {
  const [small, unused] = [project("small", "told = 1\n", 1000), { ...project("unused", "told = 1\n"), imports: [] }];

  assert.deepEqual([await makePackageSnapshot(small), await makePackageSnapshot(unused)], [false, false]);
});

test("imports are read from the text, those of packages only, each once", () => {
  write("scan/package.py", "");
  write("scan/other/__init__.py", "");
  write("scan/other-1.0.dist-info/METADATA", "");
  const text = `
import os, package
from package import (
    a,  # of two lines
    b,
)
from package.sub import c  # why
from other import d
from elsewhere import e
def f():
    import other
`;

  assert.deepEqual(packageImports([text, text], join(root, "scan")), [
    "from other import d",
    "from package import (\n    a,  # of two lines\n    b,\n)",
    "from package.sub import c",
  ]);
});
