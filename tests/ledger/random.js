/** Random numbers for tests: a seed gives the same ones each time. */

/** Numbers from 0 to below 1. @param {number} seed */
export function randomOf(seed) {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 12)) >>> 0) / 2 ** 32;
  };
}
