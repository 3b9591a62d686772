/** Cloudflare's D1 as an interpreter sees it. */

import { call, Chain, extend } from "./call.js";

/**
 * Where a session is: its bookmark, which the database gives with each answer, and before that what it may begin with.
 *
 * @type {WeakMap<object, { bookmark: string | null, constraint: string }>}
 */
const sessions = new WeakMap();

export class D1Database extends Chain {
  /** @param {string} query */
  prepare(query) {
    return extend(this, D1PreparedStatement, "prepare", [query]);
  }

  /** @param {D1PreparedStatement[]} statements */
  async batch(statements) {
    return (await call(this, "batch", [statements])).result;
  }

  /** @param {string} query */
  async exec(query) {
    return (await call(this, "exec", [query])).result;
  }

  async dump() {
    return (await call(this, "dump", [])).result;
  }

  /** @param {string} [constraintOrBookmark] */
  withSession(constraintOrBookmark) {
    const session = new D1DatabaseSession(this);
    sessions.set(session, { bookmark: null, constraint: constraintOrBookmark?.trim() || "first-unconstrained" });
    return session;
  }
}

export class D1PreparedStatement extends Chain {
  /** @param {unknown[]} values */
  bind(...values) {
    const bound = extend(this, D1PreparedStatement, "bind", values);
    adopt(bound, this);
    return bound;
  }

  /** @param {string} [column] */
  async first(column) {
    return await ask(this, "first", [column]);
  }

  async run() {
    return await ask(this, "run", []);
  }

  async all() {
    return await ask(this, "all", []);
  }

  /** @param {{ columnNames?: boolean }} [options] */
  async raw(options) {
    return await ask(this, "raw", [options]);
  }
}

/** A session reads what it has written. It is kept by its bookmark alone, here. */
export class D1DatabaseSession {
  #database;

  /** @param {D1Database} database */
  constructor(database) {
    this.#database = database;
  }

  /** @param {string} query */
  prepare(query) {
    const statement = extend(this.#now(), D1PreparedStatement, "prepare", [query]);
    owners.set(statement, this);
    return statement;
  }

  /** @param {D1PreparedStatement[]} statements */
  async batch(statements) {
    const { result, bookmark } = await call(this.#now(), "batch", [statements]);
    keepBookmark(this, bookmark);
    return result;
  }

  getBookmark() {
    return stateOf(this).bookmark;
  }

  /** Where the session is now, as the database takes it. */
  #now() {
    const { bookmark, constraint } = stateOf(this);
    return extend(this.#database, Chain, "withSession", [bookmark ?? constraint]);
  }
}

/** Whose statements are a session's. @type {WeakMap<object, D1DatabaseSession>} */
const owners = new WeakMap();

/** @param {object} statement @param {object} other */
function adopt(statement, other) {
  const owner = owners.get(other);
  if (owner) owners.set(statement, owner);
}

/** @param {D1PreparedStatement} statement @param {string} method @param {unknown[]} args */
async function ask(statement, method, args) {
  const { result, bookmark } = await call(statement, method, args);
  const owner = owners.get(statement);
  if (owner) keepBookmark(owner, bookmark);
  return result;
}

/** @param {D1DatabaseSession} session @returns {{ bookmark: string | null, constraint: string }} */
function stateOf(session) {
  return /** @type {any} */ (sessions.get(session));
}

/** @param {D1DatabaseSession} session @param {string | undefined} bookmark */
function keepBookmark(session, bookmark) {
  if (bookmark) stateOf(session).bookmark = bookmark;
}
