/**
 * Numbers of rows that no other engine of the state gives. SQLite's own would not do: after a row of another engine it continues from
 * that one's number.
 */

/** How many numbers of rows each engine has for itself. Its id is never used again, and 2^25 ids leave integers that JavaScript has. */
export const NUMBERS_OF_ENGINE = 2 ** 28;

/**
 * @param {number} engine its id
 * @returns {() => number} gives a larger number at each call
 */
export function rowNumbers(engine) {
  const end = (engine + 1) * NUMBERS_OF_ENGINE;
  let last = engine * NUMBERS_OF_ENGINE;
  return () => {
    // The next number is the next engine's, whose row would be overwritten. A new start has new numbers.
    if (++last >= end)
      throw new Error(`Engine ${engine} has written ${NUMBERS_OF_ENGINE} rows, and has to be started anew.`);
    return last;
  };
}
