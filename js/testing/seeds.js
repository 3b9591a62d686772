/** Seeds: the one case of an exploration that a failure has named. The twin of this file is `seeds.py`. */

import { TestKitError } from "./errors.js";

const KINDS = {
  crash: { pattern: /^crash:[1-9]\d*(\+[1-9]\d*)*$/, example: "crash:9 or crash:9+3" },
  order: { pattern: /^order:\d+(\.\d+)*$/, example: "order:0.2" },
};

/**
 * The numbers of a seed.
 *
 * @param {keyof typeof KINDS} kind what explores
 * @param {string} seed
 * @throws {TestKitError} it is not a seed
 */
export function numbersOf(kind, seed) {
  const { pattern, example } = KINDS[kind];
  if (pattern.test(seed)) return (seed.match(/\d+/g) ?? []).map(Number);
  throw new TestKitError(`'${seed}' is not a seed. Give one as a failure has named it, such as ${example}.`);
}
