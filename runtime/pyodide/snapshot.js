/**
 * Snapshots: the interpreter's memory after everything that all guests need has been imported.
 *
 * As a program: `node snapshot.js FOLDER` writes the one that belongs to this tree to FOLDER, unless it is there.
 */

/** @import { Snapshot } from "./image.js" */

import {
  existsSync,
  mkdirSync,
  openSync,
  fstatSync,
  closeSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { loadPyodide } from "pyodide";
import { guestFiles, ROOT, snapshotKey } from "./files.js";
import { guestGlobals } from "./globals.js";
import { startInterpreter } from "./interpreter.js";

/** How many others are kept, of some 35 MB each. */
const KEPT = 7;

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
 * @param {string} [shipped] the folder of those that came with the tree
 * @returns {Promise<Snapshot>}
 */
export async function findSnapshot(shipped = join(ROOT, "snapshots")) {
  const name = `${snapshotKey(guestFiles())}.snapshot`;
  const folder = cacheFolder();
  const stored = join(folder, name);
  const path = [join(shipped, name), stored].find((each) => existsSync(each));
  if (path) return path;
  const made = await makeSnapshot();
  try {
    store(folder, name, new Uint8Array(made));
  } catch {
    // A cache that cannot be written costs time at the next start, no more.
    return made;
  }
  return stored;
}

/** The bytes of `findSnapshot`, for those who hand them on. */
export async function snapshotBytes() {
  const found = await findSnapshot();
  return typeof found === "string" ? readFile(found) : Buffer.from(found);
}

/**
 * In a thread of its own, for an interpreter that makes one is of no other use.
 *
 * @returns {Promise<SharedArrayBuffer>}
 */
function makeSnapshot() {
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
    writeFileSync(draft, snapshot);
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
  for (const { name } of others.slice(KEPT)) {
    rmSync(join(folder, name), { force: true });
    rmSync(join(folder, name.replace(/\.snapshot$/, ".json")), { force: true });
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

/** In the thread. */
async function make() {
  const pyodide = await startInterpreter({
    loadPyodide,
    makeSnapshot: true,
    files: guestFiles(),
    globals: guestGlobals({ console: {} }),
  });
  pyodide.runPython(IMPORTS);
  const bytes = pyodide.makeMemorySnapshot();
  const shared = new SharedArrayBuffer(bytes.byteLength);
  new Uint8Array(shared).set(bytes);
  return shared;
}

if (!isMainThread && workerData?.makeSnapshot) {
  parentPort?.postMessage(await make());
} else if (isMainThread && import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const folder = process.argv[2];
  if (!folder) {
    process.stderr.write("Usage: node snapshot.js FOLDER\n");
    process.exit(2);
  }
  const name = `${snapshotKey(guestFiles())}.snapshot`;
  if (!existsSync(join(folder, name))) store(folder, name, new Uint8Array(await makeSnapshot()));
  process.stdout.write(`${join(folder, name)}\n`);
}
