/** Two runs side by side, step by step. */

/** @typedef {ReturnType<typeof import("./detail.js").instanceDetail>} Detail */
/** @typedef {{ step: string, left: any, right: any, same: boolean, differs: string[] }} ComparedStep `step` is `TYPE NAME-COUNT` */

/** What of an instance and of a step is compared; when things happened is not. */
const OF_INSTANCE = /** @type {const} */ (["status", "params", "output", "error"]);
const OF_STEP = ["success", "finished", "output", "error", "config", "event_type"];

/**
 * @param {Detail} left
 * @param {Detail} right
 * @returns {{ same: boolean, differs: string[], rows: ComparedStep[] }} `differs`: in what the instances differ as a whole;
 *   `rows` in the order in which the steps of *left* began, those that only *right* has where they began
 */
export function compareRuns(left, right) {
  const differs = OF_INSTANCE.filter((key) => !isSame(left[key], right[key]));
  const [ours, theirs] = [byName(left), byName(right)];
  const rows = merged([...ours.keys()], [...theirs.keys()]).map((step) => {
    const [a, b] = [ours.get(step) ?? null, theirs.get(step) ?? null];
    const found = a && b ? stepDiffers(a, b) : [a ? "only left" : "only right"];
    return { step, left: a, right: b, same: found.length === 0, differs: found };
  });
  return { same: differs.length === 0 && rows.every(({ same }) => same), differs, rows };
}

/** @param {any} left @param {any} right */
function stepDiffers(left, right) {
  const found = OF_STEP.filter((key) => !isSame(left[key], right[key]));
  const errorsOf = (/** @type {any} */ step) => (step.attempts ?? []).map((/** @type {any} */ { error }) => error);
  if (!isSame(errorsOf(left), errorsOf(right))) found.push("attempts");
  return found;
}

/** @param {Detail} detail @returns {Map<string, any>} */
function byName({ steps }) {
  return new Map(steps.filter(({ name }) => name !== undefined).map((step) => [`${step.type} ${step.name}`, step]));
}

/**
 * The names of both lists, each once: those that only the second has come after what comes before them there.
 *
 * @param {string[]} first
 * @param {string[]} second
 */
function merged(first, second) {
  const result = [...first];
  let at = 0;
  for (const name of second) {
    const known = result.indexOf(name);
    if (known < 0) result.splice(at, 0, name);
    at = (known < 0 ? at : known) + 1;
  }
  return result;
}

/** @param {unknown} a @param {unknown} b plain JSON, an error's traceback left out */
function isSame(a, b) {
  return plain(a) === plain(b);
}

/** @param {unknown} value */
function plain(value) {
  return JSON.stringify(value ?? null, (key, item) => {
    if (key === "traceback") return undefined;
    if (typeof item !== "object" || item === null || Array.isArray(item)) return item;
    return Object.fromEntries(Object.entries(item).toSorted(([x], [y]) => (x < y ? -1 : 1)));
  });
}
