/**
 * Snapshots: the interpreter's memory after everything that all guests need has been imported. Beside each is the script that
 * isolates start it with, which depends on how the interpreter was linked that it was made of.
 *
 * As a program: `node snapshot.js FOLDER` writes the one that belongs to this tree to FOLDER, unless it is there.
 */

/** @import { Factory } from "./factory.js" */
/** @import { GuestFile } from "./interpreter.js" */
/** @import { Snapshot } from "./snapshot_memory.js" */

import {
  existsSync,
  mkdirSync,
  openSync,
  fstatSync,
  closeSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadPyodide } from "pyodide";
import { guestFiles, hostModules, pyodideFolder, pyodideVersion, ROOT, snapshotKey } from "./files.js";
import { guestGlobals } from "./globals.js";
import { SIGNAL_CHECK, startInterpreter } from "./interpreter.js";
import { UnknownEmscripten, withLinkingPutOff } from "./linking.js";
import { packSnapshot } from "./packed.js";
import { enableStackSwitching } from "./v8_flags.js";

/** How many others are kept, of some 20 MB each. */
const MAX_KEPT = 7;
const SHIPPED = join(ROOT, "snapshots");

/**
 * What an interpreter starts from. The factory is missing where it could not be stored, or where Pyodide's own has to do.
 *
 * @typedef {{ snapshot: Snapshot, factory?: Factory }} StartFiles
 *
 * `script` is empty, and `warnings` says why, where Pyodide is another than this was written for.
 *
 * @typedef {{ snapshot: SharedArrayBuffer, script: string, warnings: string[] }} MadeSnapshot
 */

/** What every guest has imported. */
export const IMPORTS = `
import annotationlib, argparse, ast, asyncio, base64, bisect, calendar, collections, contextlib, copy, csv, dataclasses
import datetime, decimal, difflib, enum, fractions, functools, hashlib, heapq, html, inspect, io, itertools, json, linecache
import logging, math, operator, os, pathlib, pprint, random, re, secrets, shutil, statistics, string, tempfile, textwrap
import threading, time, tokenize, traceback, types, typing, unicodedata, urllib.parse, urllib.request, uuid, warnings, weakref
import zoneinfo
import pyodide.ffi, pyodide.http, pyodide.webloop
import _stepwell_pyodide.install
import gc
gc.collect()
`;

/**
 * The snapshot of this tree: the one that came with it, the one in the user's cache, or a new one.
 *
 * @param {GuestFile[]} [files]
 * @param {string} [shipped] the folder of those that came with the tree
 * @returns {Promise<StartFiles>}
 */
export async function findSnapshot(files = guestFiles(), shipped = SHIPPED) {
  const key = snapshotKey(files);
  const folder = cacheFolder();
  const found = [shipped, folder].find((each) => isWhole(each, key));
  if (found) return startIn(found, key);
  const made = await makeSnapshot();
  warn(made);
  try {
    keep(folder, key, made);
  } catch {
    // A cache that cannot be written costs time at the next start, no more.
    return { snapshot: made.snapshot };
  }
  return startIn(folder, key);
}

/** What starts an interpreter from a snapshot that was made beside this tree's. @returns {Factory | undefined} */
export function findFactory() {
  const key = snapshotKey(guestFiles());
  const found = [SHIPPED, cacheFolder()].find((each) => isWhole(each, key));
  return found === undefined ? undefined : startIn(found, key).factory;
}

/** @param {string} folder @param {string} key */
function startIn(folder, key) {
  const snapshot = join(folder, `${key}.snapshot`);
  const script = join(folder, `${key}.js`);
  if (statSync(script).size === 0) return { snapshot };
  const url = pathToFileURL(join(pyodideFolder(), "pyodide.asm.mjs")).href;
  return { snapshot, factory: { script, url, compiled: join(cacheFolder(), key) } };
}

/** For the operator, once: later starts find what was made. @param {MadeSnapshot} made */
function warn({ warnings }) {
  for (const text of warnings) process.stderr.write(`stepwell: ${text}\n`);
}

/** @param {string} folder @param {string} key @returns {boolean} */
function isWhole(folder, key) {
  return existsSync(join(folder, `${key}.snapshot`)) && existsSync(join(folder, `${key}.js`));
}

/** @param {string} folder @param {string} key @param {MadeSnapshot} made */
function keep(folder, key, { snapshot, script }) {
  store(folder, `${key}.js`, new TextEncoder().encode(script));
  store(folder, `${key}.snapshot`, new Uint8Array(snapshot));
}

/** A packed snapshot that threads can share. @param {Uint8Array} snapshot */
export function packShared(snapshot) {
  const packed = packSnapshot(snapshot);
  const shared = new SharedArrayBuffer(packed.length);
  new Uint8Array(shared).set(packed);
  return shared;
}

/** The packed bytes of `findSnapshot`, for those who hand them on. */
export async function snapshotBytes() {
  const { snapshot } = await findSnapshot();
  return typeof snapshot === "string" ? readFile(snapshot) : Buffer.from(snapshot);
}

/**
 * In a thread of its own, for an interpreter that makes one is of no other use.
 *
 * @returns {Promise<MadeSnapshot>}
 */
function makeSnapshot() {
  enableStackSwitching();
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url), {
      workerData: { makeSnapshot: true },
      stdout: true,
      stderr: true,
      resourceLimits: { stackSizeMb: 64 },
    });
    worker.on("message", resolve);
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`Making a snapshot ended with code ${code}.`)));
  });
}

/**
 * Write it beside its place first: another process may look for it or write it at the same time.
 *
 * @param {string} folder
 * @param {string} name
 * @param {Uint8Array} snapshot
 */
export function store(folder, name, snapshot) {
  mkdirSync(folder, { recursive: true });
  const draft = join(folder, `${name}.${process.pid}`);
  try {
    writeFileSync(draft, snapshot, { flush: true });
    renameSync(draft, join(folder, name));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  prune(folder, name);
}

/**
 * Remove what other versions have left, but for the newest few: two checkouts may take turns, and projects with packages.
 *
 * @param {string} folder
 * @param {string} kept
 */
function prune(folder, kept) {
  const others = readdirSync(folder)
    .filter((name) => name.includes(".snapshot") && name !== kept)
    .map((name) => ({ name, time: modified(join(folder, name)) }))
    .toSorted((a, b) => b.time - a.time);
  for (const { name } of others.slice(MAX_KEPT)) {
    const [key] = name.split(".snapshot");
    for (const file of readdirSync(folder)) if (file.startsWith(`${key}.`)) rmSync(join(folder, file), { force: true });
  }
}

/** @param {string} path */
function modified(path) {
  try {
    const file = openSync(path, "r");
    try {
      return fstatSync(file).mtimeMs;
    } finally {
      closeSync(file);
    }
  } catch {
    return 0;
  }
}

export function cacheFolder() {
  return process.env.STEPWELL_CACHE ?? join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "stepwell");
}

/** In the thread. @returns {Promise<MadeSnapshot>} */
async function make() {
  const folder = pyodideFolder();
  const module = await WebAssembly.compile(readFileSync(join(folder, "pyodide.asm.wasm")));
  const globals = guestGlobals({ console: {} });
  const pyodide = await startInterpreter({ loadPyodide, makeSnapshot: true, files: guestFiles(), module, globals });
  pyodide.runPython(IMPORTS);
  const snapshot = packShared(pyodide.makeMemorySnapshot());
  const text = readFileSync(join(folder, "pyodide.asm.mjs"), "utf8");
  return { snapshot, ...scriptFor(text, module, pyodide._module) };
}

/**
 * The script that lays out the table of functions as that interpreter has it.
 *
 * @param {string} text of `pyodide.asm.mjs`
 * @param {WebAssembly.Module} module Pyodide's
 * @param {any} linked Emscripten's module of the interpreter that the snapshot was made of
 * @returns {{ script: string, warnings: string[] }} an empty script where this is not the Pyodide that it was written for
 */
export function scriptFor(text, module, linked) {
  /** @type {string[]} */
  const warnings = [];
  const imports = WebAssembly.Module.imports(module);
  if (!imports.some(({ name }) => name === SIGNAL_CHECK))
    warnings.push(`Pyodide ${pyodideVersion()} has no import ${SIGNAL_CHECK}: Python runs slower.`);
  try {
    // What C refers to, and JavaScript has: they are linked last.
    const functions = imports.filter(({ module: from }) => from === "GOT.func");
    const last = Math.max(...functions.map(({ name }) => linked.GOT[name].value));
    if (!Number.isSafeInteger(last)) throw new UnknownEmscripten("its table of functions is laid out otherwise");
    const users = [
      readFileSync(join(pyodideFolder(), "pyodide.mjs"), "utf8"),
      ...hostModules().map((each) => each.text),
    ];
    return { script: withLinkingPutOff(text, last + 1, users), warnings };
  } catch (error) {
    if (!(error instanceof UnknownEmscripten || error instanceof TypeError)) throw error;
    warnings.push(`Interpreters start slower with Pyodide ${pyodideVersion()}: ${error.message}.`);
    return { script: "", warnings };
  }
}

if (!isMainThread && workerData?.makeSnapshot) {
  parentPort?.postMessage(await make());
} else if (isMainThread && import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const folder = process.argv[2];
  if (!folder) {
    process.stderr.write("Usage: node snapshot.js FOLDER\n");
    process.exit(2);
  }
  const key = snapshotKey(guestFiles());
  if (!isWhole(folder, key)) {
    const made = await makeSnapshot();
    warn(made);
    keep(folder, key, made);
  }
  process.stdout.write(`${join(folder, key)}.snapshot\n`);
}
