/** An instance as the dashboard shows it: its steps without their large values, which are asked for one by one. */

/** @import { InstanceRow, LogRow, OutputRow } from "../../store/store.d.ts" */
/** @import { Mask } from "../masking.js" */

import { instanceDetail } from "../../engine/detail.js";
import { toExactPlain } from "../../engine/plain.js";
import { masked } from "../masking.js";

/** Characters of a value that is sent with the step. */
const MAX_VALUE_CHARACTERS = 2000;
/** The same where an instance has very many steps. */
const MAX_VALUE_OF_MANY = 100;
const MANY_ENTRIES = 5000;
const MAX_LINES = 20_000;

/** Stands for a value that is left out. */
class Omitted {
  #text;

  /** @param {string} text */
  constructor(text) {
    this.#text = text;
  }

  get characters() {
    return this.#text.length;
  }
}

/**
 * @param {{ row: InstanceRow, log: LogRow[], output: OutputRow[], mask: Mask }} instance
 * @returns the detail; `omitted` has the sizes, in characters, of values that are left out: of `params`, `output`, and of
 *   steps by `NAME-COUNT`
 */
export function overviewOf({ row, log, output, mask }) {
  const limit = log.length > MANY_ENTRIES ? MAX_VALUE_OF_MANY : MAX_VALUE_CHARACTERS;
  const toJson = (/** @type {string} */ text) => (text.length > limit ? new Omitted(text) : toExactPlain(text));
  const detail = /** @type {any} */ (instanceDetail(row, log, output.slice(-MAX_LINES), toJson));
  /** @type {Record<string, number>} */
  const steps = {};
  for (const step of detail.steps) {
    if (!(step.output instanceof Omitted)) continue;
    steps[step.name] = step.output.characters;
    step.output = null;
  }
  const [params, result] = [take(detail, "params"), take(detail, "output")];
  const omitted = { ...(params && { params }), ...(result && { output: result }), steps };
  return { ...masked(detail, mask), omitted, wake_at: row.wakeAt };
}

/** @param {any} detail @param {"params" | "output"} key @returns {number | undefined} */
function take(detail, key) {
  const value = detail[key];
  if (!(value instanceof Omitted)) return undefined;
  detail[key] = null;
  return value.characters;
}
