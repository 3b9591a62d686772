/**
 * Pages of lists that grow while they are read.
 *
 * A cursor says where the next page begins. Pages asked for by number, as the official clients do, begin where the page
 * before them ended for the same reader, so that no entry is given twice while instances are created; a page that no earlier
 * one leads to begins at its offset.
 */

/** @import { SortPlace } from "../../store/store.d.ts" */

import { HttpRefusal, INTERNAL_ERROR } from "./refusal.js";

/** How many places are remembered. */
const MAX_PLACES = 10_000;
/** How long a reader may take between two pages. */
const MAX_AGE_MS = 10 * 60_000;

/**
 * Where a list goes on: after the instance `after`; where the oldest come first, only up to `until`, the newest one when the
 * first page was read, so that the list ends although it grows.
 *
 * @typedef {{ after: number, until?: number | undefined }} Place
 */

/**
 * @param {Place} place
 * @returns {string} opaque to clients
 */
export function toCursor({ after, until }) {
  return Buffer.from(JSON.stringify(until === undefined ? [after] : [after, until])).toString("base64url");
}

/**
 * @param {string} cursor
 * @returns {Place}
 * @throws {HttpRefusal} it is not one of ours
 */
export function fromCursor(cursor) {
  try {
    const [after, until] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (isNumber(after) && (until === undefined || isNumber(until))) return { after, until };
  } catch {
    // Said below.
  }
  throw wrongCursor();
}

/** @param {SortPlace} place @returns {string} opaque to clients */
export function toSortCursor({ section, key, number }) {
  return Buffer.from(JSON.stringify([section, key, number])).toString("base64url");
}

/** @param {string} cursor of a list that is sorted @returns {SortPlace} @throws {HttpRefusal} it is not one of ours */
export function fromSortCursor(cursor) {
  try {
    const [section, key, number] = JSON.parse(Buffer.from(cursor, "base64url").toString());
    if (typeof section === "string" && isNumber(number) && isKey(key)) return { section, key, number };
  } catch {
    // Said below.
  }
  throw wrongCursor();
}

function wrongCursor() {
  return new HttpRefusal(
    400,
    INTERNAL_ERROR,
    "cursor: is not a cursor of this list. Use result_info.cursor of an earlier page, or leave it out.",
  );
}

/** @param {unknown} value */
function isKey(value) {
  return value === null || typeof value === "string" || isNumber(value);
}

/** @param {unknown} value */
function isNumber(value) {
  return Number.isSafeInteger(value) && /** @type {number} */ (value) >= 0;
}

/** Where the next page begins, by reader and page number. */
export class PageMemory {
  #now;
  /** The oldest first. @type {Map<string, { place: Place, at: number }>} */
  #places = new Map();

  /** @param {() => number} now in ms */
  constructor(now) {
    this.#now = now;
  }

  /** @param {string} reader @param {number} page @returns {Place | undefined} */
  placeOf(reader, page) {
    const found = this.#places.get(`${page} ${reader}`);
    return found && this.#now() - found.at <= MAX_AGE_MS ? found.place : undefined;
  }

  /** @param {string} reader @param {number} page @param {Place} place */
  remember(reader, page, place) {
    const key = `${page} ${reader}`;
    this.#places.delete(key);
    this.#places.set(key, { place, at: this.#now() });
    for (const oldest of this.#places.keys()) {
      if (this.#places.size <= MAX_PLACES) return;
      this.#places.delete(oldest);
    }
  }
}
