/**
 * Pyodide as a `python` command, as far as an installer needs one: `node python.js COMMAND [--sandbox] … -c CODE`,
 * where COMMAND is the path of the script that is this command.
 *
 * An installer asks the interpreter what can be installed for it. This way it is the one that will run it which answers,
 * and nobody keeps a list of its tags and markers. With `--sandbox` it answers as the interpreter of runtime `wasmtime`
 * would, which has nothing to run code in: of the same version, on WASI, and without a platform of its own, so that only
 * packages in pure Python fit.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadPyodide } from "pyodide";
import { guestFiles } from "./files.js";
import { guestGlobals } from "./globals.js";
import { startFrom } from "./snapshot_memory.js";
import { startInterpreter } from "./interpreter.js";
import { findSnapshot } from "./snapshot.js";

const OWN_FOLDERS = new Set(["dev", "lib", "proc", "session"]);

const AS_WASI = `
import os, platform, sys, sysconfig
_config_var = sysconfig.get_config_var
sysconfig.get_config_var = lambda name: "0_0" if name == "PYEMSCRIPTEN_PLATFORM_VERSION" else _config_var(name)
sysconfig.get_platform()
sys.platform = "wasi"
platform.system = lambda: "wasi"
`;

const code = process.argv[process.argv.indexOf("-c") + 1] ?? "";
const given = { loadPyodide, files: guestFiles(), globals: guestGlobals({ console }) };
const { snapshot } = await findSnapshot(given.files);
const pyodide = await startFrom(snapshot, (bytes) => startInterpreter({ ...given, snapshot: bytes }));
pyodide.setStdout({ batched: (/** @type {string} */ text) => void process.stdout.write(`${text}\n`) });
pyodide.setStderr({ batched: (/** @type {string} */ text) => void process.stderr.write(`${text}\n`) });
mountMachine(pyodide.FS);
const sys = pyodide.pyimport("sys");
// Who finds itself at another path than it has asked for does not remember the answer.
sys.executable = process.argv[2];
sys.destroy();
try {
  if (process.argv.includes("--sandbox")) pyodide.runPython(AS_WASI);
  pyodide.runPython(code);
} catch (error) {
  const { type, message } = /** @type {any} */ (error);
  if (type !== "SystemExit") {
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}

/**
 * The installer's own scripts are anywhere.
 *
 * @param {any} FS
 */
function mountMachine(FS) {
  for (const name of readdirSync("/")) {
    const folder = join("/", name);
    if (OWN_FOLDERS.has(name) || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) continue;
    FS.mkdirTree(folder);
    FS.mount(FS.filesystems.NODEFS, { root: folder }, folder);
  }
}
