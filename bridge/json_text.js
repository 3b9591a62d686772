/** Text that has no UTF-8. The twin of this file is `json_text.py`. */

/**
 * *text* with lone surrogates, which have no UTF-8, written out.
 *
 * @param {string} text
 */
export function wellFormed(text) {
  if (/** @type {any} */ (text).isWellFormed()) return text;
  return text.replaceAll(/\p{Surrogate}/gu, (lone) => `\\u${lone.charCodeAt(0).toString(16)}`);
}
