/** Misspelt names: which one was meant. */

/**
 * The one of *known* that *name* was probably meant to be.
 *
 * @param {string} name
 * @param {readonly string[]} known
 * @returns {string | undefined}
 */
export function nearest(name, known) {
  const plain = name.toLowerCase().replaceAll(/[^a-z]/g, "");
  const ranked = known
    .map((word) => ({ word, edits: distance(plain, word.toLowerCase().replaceAll(/[^a-z]/g, "")) }))
    .toSorted((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best && best.edits <= Math.max(1, best.word.length / 3) ? best.word : undefined;
}

/**
 * How many letters have to be changed, put in, left out, or change places with the next.
 *
 * @param {string} a
 * @param {string} b
 */
function distance(a, b) {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const [row, next] = [rows[i - 1], [i]];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + Number(a[i - 1] !== b[j - 1]));
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) next[j] = Math.min(next[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(next);
  }
  return rows[a.length][b.length];
}
