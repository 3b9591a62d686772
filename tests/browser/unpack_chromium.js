/**
 * Unpacks the Chromium of npm's package `@sparticuz/chromium`: `node unpack_chromium.js PACKAGE FOLDER`.
 *
 * Prints the path of an executable below FOLDER that starts on this machine. Where the machine lacks libraries, that is a
 * script which uses the package's. Exit code 1 where neither starts.
 */

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [packageFolder, folder] = process.argv.slice(2).map((path) => resolve(path));
mkdirSync(folder, { recursive: true });
// The package unpacks into the folder for temporary files.
process.env.TMPDIR = folder;
const { default: chromium, inflate } = await import(pathToFileURL(join(packageFolder, "build/index.js")).href);

const executable = await chromium.executablePath();
if (starts(executable)) {
  process.stdout.write(executable);
} else {
  const libraries = join(await inflate(join(packageFolder, "bin/al2023.tar.br")), "lib");
  const script = join(folder, "chromium.sh");
  writeFileSync(script, `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${executable}' "$@"\n`, { mode: 0o755 });
  if (starts(script)) process.stdout.write(script);
  else process.exitCode = 1;
}

/** @param {string} path */
function starts(path) {
  return spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0;
}
