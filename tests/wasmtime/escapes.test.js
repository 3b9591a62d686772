/** What code in a sandboxed interpreter cannot do. */

import assert from "node:assert/strict";
import {
  mkdtempSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Engine } from "../guest/engine.js";
import { FLOWS, openSandbox, useSandbox } from "./guest.js";

const LOCK = fileURLToPath(new URL("../../node_modules/pyodide/pyodide-lock.json", import.meta.url));

const root = mkdtempSync(join(tmpdir(), "sandbox-"));
after(() => rmSync(root, { recursive: true }));

writeFileSync(join(root, "escapes.py"), readFileSync(join(FLOWS, "escapes.py")));
writeFileSync(join(root, "data.txt"), "shown");
writeFileSync(join(root, ".secret"), "hidden");
mkdirSync(join(root, ".stepwell"));
writeFileSync(join(root, ".stepwell", "state.sqlite"), "the state of others");
symlinkSync("/etc/hostname", join(root, "link"));
symlinkSync("/", join(root, "door"));
mkdirSync(join(root, "packages", "native"), { recursive: true });
writeFileSync(join(root, "packages", "native", "__init__.py"), "from . import _core\n");
writeFileSync(join(root, "packages", "native", "_core.cpython-314-x86_64-linux-gnu.so"), "");

const { mode } = statSync(join(root, "data.txt"));

const NO_FILE = /^(FileNotFoundError|PermissionError|NotADirectoryError|OSError): /;
const READ_ONLY = /^(PermissionError|OSError|FileNotFoundError): /;

/** Code, and what comes of it. @type {Record<string, [code: string, outcome: RegExp]>} */
const ATTEMPTS = {
  "fork a process": ["import os; out = os.fork()", /has no attribute 'fork'/],
  "start a program": ["import subprocess; subprocess.run(['ls'])", /^OSError: .*processes/],
  "run a shell": ["import os; os.system('ls')", /has no attribute 'system'/],
  "replace the process": ["import os; os.execv('/bin/sh', ['sh'])", /has no attribute|OSError/],
  "use multiprocessing": ["import multiprocessing; multiprocessing.Process(target=print).start()", /Error: /],
  "start a thread": ["import threading; threading.Thread(target=print).start()", /can't start new thread/],
  "open a socket": ["import socket; socket.socket(); out = 'open'", /^PermissionError|OSError/],
  "connect a socket": ["import socket; socket.create_connection(('127.0.0.1', 80))", /^gaierror: /],
  "ask for an address": ["import socket; out = socket.getaddrinfo('localhost', 80)", /^gaierror: /],
  "load a library": [
    "import ctypes",
    /^ModuleNotFoundError: No module named '_ctypes' in the wasmtime runtime.*cpython/,
  ],
  "load its own half": ["import _ctypes", /^ModuleNotFoundError/],
  "reach JavaScript": ["import js", /^ModuleNotFoundError: .*JavaScript.*pyodide/],
  "import a native package": [
    "import native",
    /^ImportError: .*_core\.cpython-314-x86_64-linux-gnu\.so is native code.*cpython/,
  ],
  "use TLS by itself": ["import ssl", /^ModuleNotFoundError: No module named '_ssl' in the wasmtime runtime.*cpython/],
  "read a file of the machine": ["out = open('/etc/passwd').read()", NO_FILE],
  "read by way of ..": [`out = open(${JSON.stringify(root)} + '/../../etc/passwd').read()`, NO_FILE],
  "read by way of .. in bytes": [`out = open(b'${root}/packages/../../../etc/passwd').read()`, NO_FILE],
  "read through a link to a file": [`out = open(${JSON.stringify(root)} + '/link').read()`, NO_FILE],
  "read through a link to a folder": [`out = open(${JSON.stringify(root)} + '/door/etc/passwd').read()`, NO_FILE],
  "read its own process": ["out = open('/proc/self/environ').read()", NO_FILE],
  "read a device": ["out = open('/dev/urandom', 'rb').read(1)", NO_FILE],
  "read the compiled code of others": ["import os; out = os.listdir('/.stepwell-compiled/..')", NO_FILE],
  "list the root": ["import os; out = os.listdir('/')", NO_FILE],
  "read what is hidden": [`out = open(${JSON.stringify(root)} + '/.secret').read()`, NO_FILE],
  "read the state": [`out = open(${JSON.stringify(root)} + '/.stepwell/state.sqlite').read()`, NO_FILE],
  "write a file": [`open(${JSON.stringify(root)} + '/new', 'w')`, READ_ONLY],
  "change a file": [`open(${JSON.stringify(root)} + '/data.txt', 'a').write('more')`, READ_ONLY],
  "remove a file": [`import os; os.remove(${JSON.stringify(root)} + '/data.txt')`, READ_ONLY],
  "rename a file": [
    `import os; os.rename(${JSON.stringify(root)} + '/data.txt', ${JSON.stringify(root)} + '/x')`,
    READ_ONLY,
  ],
  "make a folder": [`import os; os.mkdir(${JSON.stringify(root)} + '/folder')`, READ_ONLY],
  "make a link": [`import os; os.symlink('/etc', ${JSON.stringify(root)} + '/etc')`, READ_ONLY],
  "change a mode": [`import os; os.chmod(${JSON.stringify(root)} + '/data.txt', 0o777)`, /^null$|Error: /],
  "write compiled code": ["open('/.stepwell-compiled/evil.pyc', 'wb')", READ_ONLY],
  "make a temporary file": [
    "import tempfile; tempfile.mkstemp()",
    /^FileNotFoundError: .*has no folder that can be written to.*io\.BytesIO/,
  ],
  "kill a process": ["import os; os.kill(1, 9)", /Error: |has no attribute/],
  "become somebody else": ["import os; os.setuid(0)", /has no attribute/],
  "end the process": ["import os; os._exit(1)", /^SystemExit/],
};

describe("a sandboxed interpreter refuses to", () => {
  const { engine } = useSandbox(
    "escapes.py",
    {},
    { root, main: join(root, "escapes.py"), modules: join(root, "packages") },
  );

  for (const [name, [code, outcome]] of Object.entries(ATTEMPTS)) {
    it(name, async () => {
      assert.match(String(await engine.run("Outside", { payload: code })), outcome);
      assert.equal(statSync(join(root, "data.txt")).mode, mode);
      assert.deepEqual(readdirSync(root).toSorted(), [
        ".secret",
        ".stepwell",
        "data.txt",
        "door",
        "escapes.py",
        "link",
        "packages",
      ]);
    });
  }

  it("show anything of the environment", async () => {
    process.env.STEPWELL_TEST_SECRET = "secret";
    const code = "import os, sys; out = [dict(os.environ), sys.argv, os.getcwd()]";
    assert.deepEqual(await engine.run("Inside", { payload: code }), [{}, [], "/"]);
  });

  it("let one pass see what another has left", async () => {
    assert.equal(await engine.run("Forgetful", { payload: "first" }), null);
    assert.equal(await engine.run("Forgetful", { payload: "second" }), null);
  });

  it("count references to what all of them have from their start, which would be a page of memory each time", async () => {
    const shared = "[json, json.dumps, json.dumps.__code__, json.encoder.ESCAPE, workers.WorkflowEntrypoint]";
    const code = `import json, sys, workers; out = [sys._is_immortal(each) for each in ${shared} + [[]]]`;
    assert.deepEqual(await engine.run("Outside", { payload: code }), [true, true, true, true, true, false]);
  });

  it("give two passes the same random numbers", async () => {
    const code = "import random, uuid, secrets; out = [random.random(), str(uuid.uuid4()), secrets.token_hex()]";
    const [one, other] = [
      await engine.run("Outside", { payload: code }),
      await engine.run("Outside", { payload: code }),
    ];
    for (const i of [0, 1, 2]) assert.notEqual(one[i], other[i]);
  });
});

it("a sandboxed interpreter is of the Python version that packages are resolved for, which is Pyodide's", async () => {
  const guest = openSandbox("escapes.py");
  const version = await new Engine(guest).run("Outside", { payload: "import sys; out = sys.version" });
  await guest.dispose();

  const { info } = JSON.parse(readFileSync(LOCK, "utf8"));
  assert.equal(version.split(".", 2).join("."), info.python.split(".", 2).join("."));
});

describe("a sandboxed interpreter may", () => {
  const { engine } = useSandbox("escapes.py", {}, { root, main: join(root, "escapes.py") });

  it("read the sources", async () => {
    const code = `out = open(${JSON.stringify(root)} + '/data.txt').read()`;
    assert.equal(await engine.run("Outside", { payload: code }), "shown");
  });

  it("import what it has not imported at its start", async () => {
    const code =
      "import sqlite3, wsgiref.headers, colorsys; out = sqlite3.connect(':memory:').execute('select 6 * 7').fetchone()[0]";
    assert.equal(await engine.run("Outside", { payload: code }), 42);
  });
});

describe("fetch", () => {
  /** @type {string[]} */
  const seen = [];
  let release = () => {};
  /** @type {Promise<void>} */
  const released = new Promise((resolve) => {
    release = resolve;
  });
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ""}`.trim());
    if (request.url === "/elsewhere") response.writeHead(302, { location: "http://localhost:9/secret" }).end();
    else if (request.url === "/moved") response.writeHead(302, { location: "/there" }).end();
    else if (request.url === "/held") void released.then(() => response.end());
    else request.pipe(response.writeHead(200, { "x-test": "yes" }));
  });
  before(() => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined))));
  after(() => server.close());
  const { engine } = useSandbox("escapes.py", { fetch: ["127.0.0.1:*"] });
  const base = () => `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`;

  it("goes to a host that is allowed", async () => {
    const options = { method: "POST", body: "text", headers: { authorization: "me" } };
    const found = await engine.run("Fetching", { payload: { url: `${base()}/a?b=c`, options } });
    assert.deepEqual(found, [200, `${base()}/a?b=c`, "yes", "text"]);
    assert.equal(seen.at(-1), "POST /a?b=c me");
  });

  it("follows a redirection", async () => {
    const [status, url] = await engine.run("Fetching", { payload: { url: `${base()}/moved` } });
    assert.deepEqual([status, url], [200, `${base()}/there`]);
  });

  for (const [name, url, outcome] of [
    ["to a host that is not allowed", "http://localhost:9/", /^PermissionError: .*localhost:9.*127\.0\.0\.1/],
    ["to a file", "file:///etc/passwd", /^OSError: .*no http/],
    ["to what is no URL", "nothing", /^OSError: .*no http/],
  ]) {
    it(`does not go ${name}`, async () => {
      assert.match(await engine.run("Fetching", { payload: { url } }), /** @type {RegExp} */ (outcome));
    });
  }

  it("is bounded in number at a time", async () => {
    const run = engine.start("Flood", { payload: { url: `${base()}/held`, times: 70 } });
    await run.next("log");
    release();

    const found = await run.output;
    const refused = found.filter((/** @type {unknown} */ outcome) => outcome !== 200);
    assert.equal(refused.length, 6);
    assert.match(refused[0], /has 64 fetches under way already/);
    assert.deepEqual(await engine.run("Flood", { payload: { url: `${base()}/held`, times: 1 } }), [200]);
  });

  it("is not redirected to a host that is not allowed", async () => {
    const found = await engine.run("Fetching", { payload: { url: `${base()}/elsewhere` } });
    assert.match(found, /^PermissionError: .*localhost:9/);
  });
});
