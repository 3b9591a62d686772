/** Stored values for people and for programs that speak plain JSON. */

/**
 * Plain JSON of a canonical text: dates as ISO text, bytes and big integers described as upstream's log does, sets as
 * arrays, maps as objects, undefined as null. Not to be read back.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function toPlain(text) {
  return JSON.parse(text, (_key, value) => (isTagged(value) ? plainOf(value) : value));
}

/**
 * @param {any} value
 * @returns {value is { $: string, v: any, name?: string, message?: string }}
 */
function isTagged(value) {
  return typeof value === "object" && value !== null && typeof value.$ === "string";
}

/** @param {{ $: string, v: any, name?: string, message?: string }} value its parts are plain already */
function plainOf({ $: tag, v, name, message }) {
  switch (tag) {
    case "bytes":
      return `[Uint8Array(${byteLength(v)} bytes)]`;
    case "bigint":
      return `[BigInt(${v})]`;
    case "map":
    case "object":
      return Object.fromEntries(v.map((/** @type {[unknown, unknown]} */ [key, item]) => [String(key), item]));
    case "stream":
      return v.preview;
    case "undefined":
      return null;
    case "error":
      return { name, message };
    default:
      return v;
  }
}

/** @param {string} base64 */
function byteLength(base64) {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}
