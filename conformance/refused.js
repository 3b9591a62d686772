/** Scenarios of what is refused, with the whole of what it says. */

/** @import { Scenario } from "./scenario.d.ts" */

// What Cloudflare's local engine makes of it
export const FOLDED = "the class's name is part of its message";
export const OTHER_WORDS = "its local engine words it in another way";
export const SAYS_LESS = "it does not say what is wrong, and the class's name is part of its message";
export const TAKES_ANY = "it takes it";

/** What the type of an event may be. */
export const TYPE_RULE = '1 to 100 letters, digits, "-" or "_", not beginning with "-"';

/** @param {string} text JSON */
export const short = (text) => (text.length > 30 ? `${text.slice(0, 12)}… (${JSON.parse(text).length})` : text);

/**
 * @typedef {object} Refusal
 * @property {string} what
 * @property {string} [python] statements; nothing where the language has no such thing
 * @property {string} [javascript] an expression
 * @property {string} [name] of the class
 * @property {string} message
 * @property {string} [inPython] where the message names what has another name there
 * @property {Record<string, string>} [differs]
 * @property {Record<string, string>} [notFor]
 */

/**
 * @param {Refusal} refusal
 * @returns {Scenario}
 */
export function refused({
  what,
  python,
  javascript,
  name = "WorkflowFatalError",
  message,
  inPython,
  differs = {},
  notFor = {},
}) {
  return {
    name: `refusals: ${what}`,
    ...(python === undefined ? {} : { python: tried(python) }),
    ...(javascript === undefined ? {} : { javascript: awaited(javascript) }),
    // Where a target makes the instance that is to be refused, that one must make no further one, and so on without end.
    params: { first: true },
    expect: { output: { name, message } },
    ...(inPython === undefined
      ? {}
      : {
          expectIn: {
            python: { output: { name, message: inPython } },
            // Its bindings are those of JavaScript.
            "python-upstream-sdk": { output: { name, message } },
          },
        }),
    differs,
    notFor,
  };
}

/** @param {string} statements */
function tried(statements) {
  return `
      if not event["payload"].get("first"):
          return None
      try:
          ${statements.trim().replaceAll("\n", "\n    ")}
      except Exception as error:
          return caught(error)`;
}

/** @param {string} expression */
function awaited(expression) {
  return `
      if (!event.payload.first) return null;
      try {
        await ${expression.trim()};
      } catch (error) {
        return caught(error);
      }`;
}
