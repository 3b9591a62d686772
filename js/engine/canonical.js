/** Canonical text put together from parts that are canonical text already, which are never decoded on the way. */

// oxlint-disable-next-line typescript/no-extraneous-class -- told apart from plain objects by its class
export class Canonical {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @param {string} text */
export function canonical(text) {
  return new Canonical(text);
}

/**
 * The canonical text of plain data in which `Canonical` parts stand. A key whose value is undefined is left out.
 *
 * @param {unknown} value
 * @returns {string}
 */
export function toText(value) {
  if (value instanceof Canonical) return value.text;
  if (Array.isArray(value)) return `[${value.map(toText).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${toText(item)}`).join(",")}}`;
}
