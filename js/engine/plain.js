/** Stored values for people and for programs that speak plain JSON. */

/**
 * Plain JSON of a canonical text: dates as ISO text, bytes and big integers described as upstream's log does, sets as
 * arrays, maps as objects, undefined as null. Not to be read back.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function toPlain(text) {
  return legible(text, () => JSON.parse(text, (_key, value) => (isTagged(value) ? plainOf(value) : value)));
}

/**
 * A value that is damaged, or that no guest of ours has encoded, does not keep people from what is beside it.
 *
 * @param {string} text
 * @param {() => unknown} read
 */
function legible(text, read) {
  try {
    return read();
  } catch {
    return `[A damaged value of ${text.length} characters]`;
  }
}

/**
 * The same with numbers as they stand: big integers as integers, whole floats with their point. The result holds raw JSON,
 * which only `JSON.stringify` can read.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function toExactPlain(text) {
  const parse =
    /** @type {(text: string, reviver: (key: string, value: any, context: { source?: string }) => any) => any} */ (
      JSON.parse
    );
  return legible(text, () =>
    parse(text, (_key, value, { source = "" }) => {
      if (typeof value === "number") return String(value) === source ? value : rawJSON(source);
      if (!isTagged(value)) return value;
      return value.$ === "bigint" ? rawJSON(value.v) : plainOf(value);
    }),
  );
}

/** @type {(text: string) => { rawJSON: string }} JSON that is written as it stands; younger than the library that types JSON. */
const rawJSON = /** @type {any} */ (JSON).rawJSON;

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
      return Object.fromEntries(v.map((/** @type {[unknown, unknown]} */ [key, item]) => [keyText(key), item]));
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

/** @param {any} key */
function keyText(key) {
  return /** @type {any} */ (JSON).isRawJSON(key) ? key.rawJSON : String(key);
}

/** @param {string} base64 */
function byteLength(base64) {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0;
  return (base64.length / 4) * 3 - padding;
}
