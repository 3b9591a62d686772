/** Passes in Pyodide: the pool of threads, each with an interpreter. */

/** @import { InterpreterBackend } from "../pool/isolate.js" */
/** @import { Snapshot } from "./snapshot_memory.js" */
/** @import { GuestFile } from "./interpreter.js" */
/** @import { Packages, PackageSnapshot } from "./package_snapshot.js" */
/** @import { DeploymentOptions } from "../pool/pool.js" */
/** @import { WarmOptions } from "../pool/warm.js" */

import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { startThread } from "../pool/node_thread.js";
import { Pool } from "../pool/pool.js";
import { dropWarm, prewarmBackend } from "../pool/warm.js";
import { Exchanges, isFetchMessage } from "./blocking_fetch.js";
import { guestFiles, pyodideFolder } from "./files.js";
import { storeCompiled } from "./factory.js";
import { findPackageSnapshot, isPrepared, makePackageSnapshot, remakePackageSnapshot } from "./package_snapshot.js";
import { findFactory, findSnapshot } from "./snapshot.js";
import { threadRights } from "./thread_rights.js";
import { enableStackSwitching } from "./v8_flags.js";

enableStackSwitching();

/** What all threads share: read and compiled once. @type {{ files: GuestFile[], module: WebAssembly.Module } | undefined} */
let common;
/** Likewise. @type {ReturnType<typeof findSnapshot> | undefined} */
let plain;

/** @type {InterpreterBackend} */
const PYODIDE = {
  start({ onmessage, ondeath, ...events }, clock, objects) {
    const exchanges = new Exchanges();
    const thread = startThread(
      new URL("worker.js", import.meta.url),
      {
        ...events,
        onmessage(message) {
          if (message?.type === "compiled") store(message);
          else if (isFetchMessage(message)) exchanges.receive(message);
          else onmessage(message);
        },
        ondeath(reason) {
          exchanges.stop();
          ondeath(reason);
        },
      },
      { execArgv: threadRights(objects), clock, objects },
    );
    return {
      ...thread,
      end() {
        exchanges.stop();
        return thread.end();
      },
    };
  },
  runsHandlers: true,
  hasObjects: true,
  soon: setImmediate,
  hasVirtualTime: true,
  reloads: true,
  interruptible: true,
  async parts() {
    const parts = commonParts();
    plain ??= findSnapshot(parts.files);
    if (!isThere((await plain).snapshot)) plain = findSnapshot(parts.files);
    return { ...parts, ...(await plain) };
  },
};

/** @param {{ data: Uint8Array }} message of a thread */
function store({ data }) {
  const factory = findFactory();
  if (factory) storeCompiled(factory, data);
}

/** A host may live for days, and the cache makes room for others' snapshots. @param {Snapshot} snapshot */
function isThere(snapshot) {
  return typeof snapshot !== "string" || existsSync(snapshot);
}

/**
 * Compiled at once: who asks loads the rest of the host next, and that lets no promise settle for a tenth of a second. The
 * thread would wait for it.
 */
function commonParts() {
  common ??= { files: guestFiles(), module: compile(readFileSync(join(pyodideFolder(), "pyodide.asm.wasm"))) };
  return common;
}

/** @param {Buffer<ArrayBuffer>} bytes are gone afterwards: the module has a copy of its own */
function compile(bytes) {
  const module = new WebAssembly.Module(bytes);
  bytes.buffer.transfer(0);
  return module;
}

/** ms until a snapshot is made that nobody waits for. */
const PACKAGE_SNAPSHOT_DELAY_MS = 5000;

/** @param {DeploymentOptions} deployment @returns {Packages | undefined} */
function packagesOf({ modules, imports, runtime }) {
  // Another SDK takes the place of ours before anything is imported that may use it.
  return modules && imports?.length && !runtime?.sdk ? { modules, imports } : undefined;
}

/** What starts with packages, by their folder. @type {Map<string, { snapshot: string, backend: InterpreterBackend }>} */
const withPackages = new Map();

/**
 * The same object for the same snapshot, so that an interpreter that stands by is found.
 *
 * @param {Packages} packages
 * @param {PackageSnapshot} found
 */
function backendWith({ modules }, { snapshot, libraries }) {
  const known = withPackages.get(modules);
  if (known?.snapshot === snapshot) return known.backend;
  if (known) dropWarm(known.backend);
  /** @type {InterpreterBackend} */
  const backend = {
    ...PYODIDE,
    parts: async () =>
      isThere(snapshot)
        ? { ...commonParts(), snapshot, factory: findFactory(), packages: { modules, libraries } }
        : PYODIDE.parts(),
  };
  withPackages.set(modules, { snapshot, backend });
  return backend;
}

export class PyodideGuest extends Pool {
  /** Packages that a snapshot is wanted of. @type {Packages | undefined} */
  #wanted;

  /** @param {{ deployment: DeploymentOptions, isolates?: number, memoryLimit?: number, cpuLimit?: number, clock?: SharedArrayBuffer }} options see `Pool` */
  constructor(options) {
    const packages = packagesOf(options.deployment);
    const found = packages && findPackageSnapshot(packages);
    super(packages && found ? backendWith(packages, found) : PYODIDE, options);
    this.#wanted = found ? undefined : packages;
    if (found) dropWarm(PYODIDE);
  }

  async load() {
    const loaded = await super.load();
    const packages = this.#wanted;
    this.#wanted = undefined;
    // For a host that lives on; `stepwell sync` makes it for the others.
    if (packages)
      setTimeout(() => void makePackageSnapshot(packages).catch(() => {}), PACKAGE_SNAPSHOT_DELAY_MS).unref();
    return loaded;
  }

  /**
   * Start an interpreter before the deployment is loaded. One that the deployment will not start from is not started.
   *
   * @param {DeploymentOptions} deployment
   * @param {WarmOptions} [options] of the pool that is to take it
   */
  static prewarm(deployment, options) {
    const packages = packagesOf(deployment);
    const found = packages && findPackageSnapshot(packages);
    if (packages && found) prewarmBackend(backendWith(packages, found), options);
    else if (!packages || !isPrepared(packages)) prewarmBackend(PYODIDE, options);
  }

  /**
   * Make the snapshot anew that `stepwell sync` has made, if it belongs to another Stepwell or has made room for others. To
   * import the packages would take nearly as long, at each start, and within a limit of time.
   *
   * @param {DeploymentOptions} deployment
   * @param {(line: string) => void} say
   */
  static async prepare(deployment, say) {
    const packages = packagesOf(deployment);
    if (!packages || !isPrepared(packages) || findPackageSnapshot(packages)) return;
    say(`Preparing the packages in ${basename(packages.modules)} for this version of Stepwell, once.`);
    await remakePackageSnapshot(packages);
  }
}
