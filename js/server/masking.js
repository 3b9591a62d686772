/**
 * Masks the values of a workflow's variables in texts for people: what its code prints, and its errors. Variables often are
 * tokens, and such texts are copied into reports.
 */

/** Shorter values are words that stand in any text. */
const MIN_CHARACTERS = 8;
/** Shorter lines of a value of several lines, such as a key, stand in other texts, too. */
const MIN_LINE_CHARACTERS = 16;

/** @typedef {(text: string) => string} Mask */

/** @type {Mask} */
const unmasked = (text) => text;

/**
 * @param {string} vars the variables as JSON
 * @returns {Mask} replaces each value by the name of its variable, also where JSON quotes it
 */
export function maskOf(vars) {
  /** @type {[value: string, name: string][]} */
  const secrets = [];
  for (const [name, value] of Object.entries(JSON.parse(vars))) collect(name, value, secrets);
  if (secrets.length === 0) return unmasked;
  // The longest first: one value may be a part of another.
  secrets.sort(([a], [b]) => b.length - a.length);
  return (text) => secrets.reduce((masked, [value, name]) => masked.replaceAll(value, `[${name}]`), text);
}

/** @param {string} name @param {unknown} value @param {[string, string][]} secrets */
function collect(name, value, secrets) {
  if (typeof value === "string") {
    const lines = value.split(/\r?\n/);
    const parts = lines.length > 1 ? lines.filter((line) => line.length >= MIN_LINE_CHARACTERS) : [];
    for (const each of new Set([value, ...parts].flatMap((part) => [part, JSON.stringify(part).slice(1, -1)])))
      if (each.length >= MIN_CHARACTERS) secrets.push([each, name]);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, each] of Object.entries(value)) collect(`${name}.${key}`, each, secrets);
  }
}

/**
 * The variables with each text replaced by its name. Numbers and booleans stay.
 *
 * @param {string} vars the variables as JSON
 */
export function maskedVars(vars) {
  return JSON.stringify(withNames("", JSON.parse(vars)));
}

/** @param {string} name @param {any} value @returns {any} */
function withNames(name, value) {
  if (typeof value === "string") return `[${name}]`;
  if (typeof value !== "object" || value === null) return value;
  const named = Object.entries(value).map(([key, each]) => [key, withNames(name ? `${name}.${key}` : key, each)]);
  return Array.isArray(value) ? named.map(([, each]) => each) : Object.fromEntries(named);
}

/** The keys of texts and of errors for people. What a workflow returns is not among them: it is what it is. */
const FOR_PEOPLE = new Set(["text", "error", "logs"]);

/**
 * A copy of `value` whose texts for people are masked.
 *
 * @template T
 * @param {T} value a line of a subscription, or an instance with its steps
 * @param {Mask} mask
 * @returns {T}
 */
export function masked(value, mask) {
  return mask === unmasked ? value : maskIn(value, mask, false);
}

/** @param {any} value @param {Mask} mask @param {boolean} isForPeople @returns {any} */
function maskIn(value, mask, isForPeople) {
  if (typeof value === "string") return isForPeople ? mask(value) : value;
  if (Array.isArray(value)) return value.map((item) => maskIn(item, mask, isForPeople));
  if (typeof value !== "object" || value === null || /** @type {any} */ (JSON).isRawJSON(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      VALUES.has(key) ? item : maskIn(item, mask, isForPeople || FOR_PEOPLE.has(key)),
    ]),
  );
}

const VALUES = new Set(["output", "params", "config"]);
