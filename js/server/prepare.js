/**
 * `node prepare.js ROOT MODULES`: make the snapshot with the packages that the modules in ROOT import, for the next start. It prints
 * whether it was "made" or "found", and exits 1 where a snapshot cannot be used or is not worth it.
 */

import { findPackageSnapshot, makePackageSnapshot } from "../../runtime/pyodide/package_snapshot.js";
import { Sources } from "./sources.js";

const [root = "", modules = ""] = process.argv.slice(2);
const imports = new Sources().imports({ root, main: "", modules });
// Threads that make it do not keep a process alive.
const alive = setInterval(() => {}, 1000);
const found = findPackageSnapshot({ modules, imports }) !== undefined;
const isThere = found || (await makePackageSnapshot({ modules, imports }));
clearInterval(alive);
if (isThere) process.stdout.write(found ? "found\n" : "made\n");
process.exitCode = isThere ? 0 : 1;
