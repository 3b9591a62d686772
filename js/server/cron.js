/**
 * Cron expressions as Cloudflare has them: five fields, UTC, days of the week from 1 (Sunday) to 7, with `L`, `W` and `#`.
 * What croner reads beyond that (seconds, nicknames, `?`) is refused: it would not deploy.
 */

/** @import { Cron as EngineCron } from "../engine/cron.d.ts" */

// By its place: a page's worker knows no bare names.
import { Cron } from "../../node_modules/croner/dist/croner.js";

const MAX_CHARACTERS = 256;
const FIELDS = [
  { name: "minute", allowed: "0 to 59, with * , - /", pattern: /^[\d*,/-]+$/ },
  { name: "hour", allowed: "0 to 23, with * , - /", pattern: /^[\d*,/-]+$/ },
  { name: "day of the month", allowed: "1 to 31, with * , - / L W", pattern: /^[\dLW*,/-]+$/i },
  { name: "month", allowed: "1 to 12 or JAN to DEC, with * , - /", pattern: /^[\da-z*,/-]+$/i },
  {
    name: "day of the week",
    allowed: "1 (Sunday) to 7 (Saturday) or SUN to SAT, with * , - / L #",
    // No 0, 8 or 9 but behind a slash: some dialects count Sunday so, this one does not.
    pattern: /^(?!.*(?<![/\d])[089])[\da-z*,/#-]+$/i,
  },
];

/** @type {Map<string, Cron>} */
const parsed = new Map();

/** @param {string} expression */
function parse(expression) {
  let cron = parsed.get(expression);
  if (!cron) {
    cron = new Cron(expression, {
      mode: "5-part",
      alternativeWeekdays: true,
      sloppyRanges: true,
      timezone: "UTC",
      paused: true,
    });
    parsed.set(expression, cron);
  }
  return cron;
}

/** @type {EngineCron} */
export const cron = {
  problem(expression) {
    if (expression.length > MAX_CHARACTERS)
      return `it has ${expression.length} characters, at most ${MAX_CHARACTERS} are allowed`;
    const fields = expression.split(" ");
    if (fields.length !== FIELDS.length || fields.includes("")) {
      return "it must have five fields with one space between them: minute, hour, day of the month, month, day of the week";
    }
    for (const [index, { name, allowed, pattern }] of FIELDS.entries()) {
      const field = fields[index];
      if (!pattern.test(field) || !isReadable(FIELDS.map((_, i) => (i === index ? field : "*")).join(" "))) {
        return `the ${name} ${JSON.stringify(field)} is not allowed (${allowed})`;
      }
    }
    if (!isReadable(expression)) return "it cannot be read";
    return parse(expression).nextRun(new Date(0)) ? undefined : "there is no such day";
  },
  next(expression, time) {
    return parse(expression).nextRun(new Date(time))?.getTime();
  },
  last(expression, time) {
    // The search begins before its start, which may be one of the times itself.
    return parse(expression)
      .previousRuns(1, new Date(Math.floor(time / 1000) * 1000 + 1000))[0]
      ?.getTime();
  },
};

/** @param {string} expression */
function isReadable(expression) {
  try {
    parse(expression);
    return true;
  } catch {
    return false;
  }
}
