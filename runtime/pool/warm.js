/** Interpreters that stand by: started before it is known what for. The next pool with the default limits takes one. */

/** @import { InterpreterBackend } from "./isolate.js" */

import { Isolate } from "./isolate.js";

const MIB = 1 << 20;
const DEFAULTS = {
  isolates: Math.min(4, Math.max(2, navigator.hardwareConcurrency)),
  memoryLimit: 512 * MIB,
  cpuLimit: 30_000,
  /** An isolate that has grown past this takes no new passes: WebAssembly's memory never shrinks. */
  memoryMark: 256 * MIB,
};

/** @typedef {typeof DEFAULTS} PoolLimits */

/** @type {Map<InterpreterBackend, Isolate>} */
const warm = new Map();

/**
 * Start an interpreter that stands by, where none does.
 *
 * @param {InterpreterBackend} backend
 * @returns {Isolate} the one that stands by
 */
export function prewarmBackend(backend) {
  const standing = warm.get(backend);
  if (standing) return standing;
  const isolate = new Isolate(backend, limitsOf(backend));
  isolate.ondeath = () => warm.delete(backend);
  warm.set(backend, isolate);
  return isolate;
}

/**
 * The interpreter that stands by, which is the caller's from now on; undefined where none does, or it has other limits.
 *
 * @param {InterpreterBackend} backend
 * @param {Pick<PoolLimits, "memoryLimit" | "cpuLimit">} limits
 */
export function takeWarm(backend, { memoryLimit, cpuLimit }) {
  const defaults = limitsOf(backend);
  if (memoryLimit !== defaults.memoryLimit || cpuLimit !== defaults.cpuLimit) return undefined;
  const isolate = warm.get(backend);
  warm.delete(backend);
  return isolate;
}

/** End the interpreter that stands by: no pool will take it. @param {InterpreterBackend} backend */
export function dropWarm(backend) {
  void takeWarm(backend, limitsOf(backend))?.dispose();
}

/** The limits of a pool that is told no others. @param {InterpreterBackend} backend @returns {PoolLimits} */
export function limitsOf({ limits }) {
  return { ...DEFAULTS, ...limits };
}
