/** Interpreters that stand by: started before it is known what for. The next pool with the same limits and clock takes one. */

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

/**
 * What a pool wants of an interpreter besides its kind.
 *
 * @typedef {{ memoryLimit?: number, cpuLimit?: number, clock?: SharedArrayBuffer | undefined }} WarmOptions
 */

/** @type {Map<InterpreterBackend, { isolate: Isolate, options: WarmOptions }>} */
const warm = new Map();

/**
 * Start an interpreter that stands by, where none does.
 *
 * @param {InterpreterBackend} backend
 * @param {WarmOptions} [options]
 * @returns {Isolate} the one that stands by
 */
export function prewarmBackend(backend, { clock, ...limits } = {}) {
  const standing = warm.get(backend);
  if (standing) return standing.isolate;
  const chosen = { ...limitsOf(backend), ...limits };
  const isolate = new Isolate(backend, chosen, clock);
  isolate.ondeath = () => warm.delete(backend);
  warm.set(backend, { isolate, options: { ...chosen, clock } });
  return isolate;
}

/**
 * The interpreter that stands by, which is the caller's from now on; undefined where none does, or it has other limits or another
 * clock.
 *
 * @param {InterpreterBackend} backend
 * @param {WarmOptions} wanted
 */
export function takeWarm(backend, { memoryLimit, cpuLimit, clock }) {
  const standing = warm.get(backend);
  if (!standing) return undefined;
  const { options, isolate } = standing;
  const fits = memoryLimit === options.memoryLimit && cpuLimit === options.cpuLimit && clock === options.clock;
  if (!fits) return undefined;
  warm.delete(backend);
  return isolate;
}

/** End the interpreter that stands by: no pool will take it. @param {InterpreterBackend} backend */
export function dropWarm(backend) {
  const standing = warm.get(backend);
  warm.delete(backend);
  void standing?.isolate.dispose();
}

/** The limits of a pool that is told no others. @param {InterpreterBackend} backend @returns {PoolLimits} */
export function limitsOf({ limits }) {
  return { ...DEFAULTS, ...limits };
}
