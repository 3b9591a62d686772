/** JSON of a value of the user's code, which may be nested without end. */

/** The engine takes 64 levels. What is cut off here is too deep anyway, also without our own levels around it. */
const MAX_WRITTEN_DEPTH = 72;

/**
 * The JSON of `value`, without what is nested too deep for the engine. `JSON.stringify` by itself compares each container with all
 * that it is in, which takes seconds for a few thousand of them.
 *
 * @param {unknown} value
 * @param {(item: unknown) => unknown} replace gives what is written in place of each part
 * @returns {string}
 */
export function writeShallow(value, replace) {
  /** @type {WeakMap<object, number>} */
  const depths = new WeakMap();
  return JSON.stringify(
    value,
    /** @this {object} the container */
    function (_key, part) {
      const item = replace(part);
      if (typeof item !== "object" || item === null) return item;
      const depth = (depths.get(this) ?? 0) + 1;
      if (depth > MAX_WRITTEN_DEPTH) return null;
      depths.set(item, depth);
      return item;
    },
  );
}
