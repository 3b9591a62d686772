/** Durations as workflows write them: milliseconds, or a quantity and a unit. */

const UNITS = /** @type {Record<string, number>} */ ({
  second: 1000,
  minute: 60_000,
  hour: 3_600_000,
  day: 86_400_000,
  week: 604_800_000,
  month: 2_592_000_000,
  year: 31_557_600_000,
});

/**
 * Milliseconds of *duration*, or undefined where it is invalid.
 *
 * Upstream reads an unknown unit as milliseconds ("5 parsecs" is 5 ms); here it is refused, save "ms" and "m", which
 * upstream documents by use. A month is 30 days and a year 365.25, as upstream's. Part of a millisecond counts as a whole
 * one: times are kept in whole milliseconds.
 *
 * @param {unknown} duration
 * @returns {number | undefined}
 */
export function parseDuration(duration) {
  if (typeof duration === "number") return finite(duration);
  if (typeof duration !== "string") return undefined;
  if (duration.trim() !== "" && !Number.isNaN(Number(duration))) return finite(Number(duration));
  const match = /^([^ ]+) +(\w+?)s?$/.exec(duration);
  if (!match) return undefined;
  const unit = match[2] === "m" ? 1 : UNITS[match[2]];
  return unit === undefined ? undefined : finite(Number(match[1]) * unit);
}

/** @param {number} value */
function finite(value) {
  return Number.isFinite(value) ? Math.ceil(value) : undefined;
}
