/** JSON that people write into fields. */

/**
 * @param {string} text empty: `{}`
 * @returns {{ value: unknown } | { error: string }}
 */
export function parseJson(text) {
  if (text.trim() === "") return { value: {} };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: /** @type {Error} */ (error).message };
  }
}
