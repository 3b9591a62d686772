/**
 * `node prepare.js ROOT MODULES`: make the snapshot with the packages that the modules in ROOT import, for the next start. It prints
 * whether it was "made", "found" or "needless", and exits 1 where it cannot be made.
 */

import { findPackageSnapshot, isWorthSnapshot, makePackageSnapshot } from "../../runtime/pyodide/package_snapshot.js";
import { Sources } from "./sources.js";

const [root = "", modules = ""] = process.argv.slice(2);
const packages = { modules, imports: new Sources().imports({ root, main: "", modules }) };
// Threads that make it do not keep a process alive.
const alive = setInterval(() => {}, 1000);
const outcome = await prepare();
clearInterval(alive);
if (outcome) process.stdout.write(`${outcome}\n`);
else process.exitCode = 1;

async function prepare() {
  if (!isWorthSnapshot(packages)) return "needless";
  if (findPackageSnapshot(packages)) return "found";
  return (await makePackageSnapshot(packages)) && "made";
}
