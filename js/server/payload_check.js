/** Whether a payload is what a workflow's `run` is annotated with. */

import { z } from "zod";
import { toPlain } from "../engine/plain.js";

/** @typedef {Record<string, any>} JsonSchema of the payload, as the guest gives it */

/** @type {WeakMap<JsonSchema, import("zod").ZodType | null>} */
const compiled = new WeakMap();

/**
 * The first thing that is wrong with a payload.
 *
 * @param {JsonSchema} schema
 * @param {string} params canonical text
 * @returns {string | undefined} begins with its path, such as `payload.items[0].price`
 */
export function payloadProblem(schema, params) {
  const result = validatorOf(schema)?.safeParse(toPlain(params));
  if (!result || result.success) return undefined;
  const [path, message] = deepest(result.error.issues[0], []);
  return `${pathText(path)}: ${message}`;
}

/** null: the schema says what cannot be checked here; `run()` checks the payload in any case. @param {JsonSchema} schema */
function validatorOf(schema) {
  let validator = compiled.get(schema);
  if (validator === undefined) {
    try {
      validator = z.fromJSONSchema(withoutFormats(schema));
    } catch {
      validator = null;
    }
    compiled.set(schema, validator);
  }
  return validator;
}

/**
 * Formats are Python's business: the two languages do not accept the same texts for a time.
 *
 * @param {any} schema
 * @returns {any}
 */
function withoutFormats(schema) {
  return JSON.parse(JSON.stringify(schema), (key, value) =>
    key === "format" && typeof value === "string" ? undefined : value,
  );
}

/**
 * Of alternatives the one that the payload fits furthest.
 *
 * @param {any} issue
 * @param {PropertyKey[]} above
 * @returns {[PropertyKey[], string]}
 */
function deepest(issue, above) {
  const path = [...above, ...issue.path];
  const branches = issue.code === "invalid_union" ? issue.errors.flat() : [];
  /** @type {[PropertyKey[], string][]} */
  const inside = branches.map((/** @type {any} */ branch) => deepest(branch, path));
  if (inside.length === 0) return [path, lowerFirst(issue.message.replace(/^Invalid input: /, ""))];
  const furthest = inside.reduce((best, each) => (each[0].length > best[0].length ? each : best));
  if (furthest[0].length > path.length) return furthest;
  return [path, inside.map(([, message]) => message).join(", or ")];
}

/** @param {string} text */
function lowerFirst(text) {
  return text.charAt(0).toLowerCase() + text.slice(1);
}

/** @param {PropertyKey[]} path */
function pathText(path) {
  return path.reduce(
    (/** @type {string} */ text, part) => text + (typeof part === "number" ? `[${part}]` : `.${String(part)}`),
    "payload",
  );
}
