/**
 * A ledger in memory, as deterministic as its test: each operation is cut into the steps between which other engines may act, and
 * the test says when a step happens.
 *
 * It has what the fence depends on: a write holds a lock on the row of its engine, from the moment when it has looked at it until
 * it is committed, and the declaration of a death waits for such locks.
 */

/** @import { Batch, Call, Ledger, Member, PlaceRow, Value, WokenBy } from "../../js/ledger/ledger.d.ts" */

import { LedgerError } from "../../js/ledger/ledger_error.js";
import { ALL_PARTS, partOf, partOfQueue, slotOf } from "../../js/ledger/parts.js";
import { COMMON, OF_INSTANCES, OF_QUEUES, TABLES } from "../../js/ledger/tables.js";
import { listsOf } from "./memory_lists.js";

/** @typedef {{ name: string, dead: boolean, until: number, locks: number, connected: boolean, shares: boolean, versions: string[] }} EngineRow */

/**
 * What a test may take out, to see that something goes wrong without it.
 *
 * @typedef {object} Protections
 * @property {boolean} [locksEngine] a write locks the row of its engine, and does not only look at it
 * @property {boolean} [comparesTurn] an engine takes places only where none were taken since it has counted them
 * @property {boolean} [comparesHolder] an engine becomes the holder of a part only in the place of the one that it has found dead
 */

export class MemoryDatabase {
  /** @type {Map<string, Map<string, Value[]>>} */
  tables = new Map(Object.keys(TABLES).map((name) => [name, new Map()]));
  /** @type {Map<number, EngineRow>} */
  engines = new Map();
  /** Of each part. @type {(number | null)[]} */
  holders = ALL_PARTS.map(() => null);
  /** Counts the changes of tables that all engines read. */
  commonVersion = 0;
  /** How often something was written. */
  writes = 0;
  /** Called after each write with its engine. @type {(engine: number) => void} */
  onwritten = () => {};
  /** The database is not there. */
  isDown = false;
  /** @type {(Call & { takenBy: number | null, answer: string | null })[]} */
  calls = [];
  /** By instance. @type {Map<number, PlaceRow & { workflow: string }>} */
  places = new Map();
  /** How often places of each workflow were taken. @type {Map<string, number>} */
  turns = new Map();
  /** @type {Set<(about: WokenBy) => void>} */
  ears = new Set();
  #block = 0;

  /**
   * @param {object} [options]
   * @param {(engine: string, what: string) => Promise<void>} [options.step] resolves when the step may happen
   * @param {() => number} [options.now]
   * @param {Protections} [options.protections]
   */
  constructor({ step = async () => {}, now = () => 0, protections = {} } = {}) {
    this.step = step;
    this.now = now;
    this.protections = { locksEngine: true, comparesTurn: true, comparesHolder: true, ...protections };
  }

  lastCall = 0;

  /** @param {WokenBy} about */
  wake(about) {
    for (const ear of this.ears) ear(about);
  }

  nextBlock() {
    return { first: 1_000_000 * this.#block++ + 1, count: 1_000_000 };
  }

  /** The last entries are gone, as with a standby that was promoted. @param {(row: Value[]) => boolean} isLost */
  goBack(isLost) {
    const log = this.#table("log");
    for (const [key, row] of log) if (isLost(row)) log.delete(key);
  }

  /** @param {string} name */
  #table(name) {
    return /** @type {Map<string, Value[]>} */ (this.tables.get(name));
  }

  /** @param {Batch} batch */
  apply(batch) {
    this.writes += 1;
    if (COMMON.some((name) => batch.has(name))) this.commonVersion += 1;
    for (const [name, changes] of batch)
      for (const { key, row } of changes.values()) {
        if (row) this.#table(name).set(key, row);
        else this.#table(name).delete(key);
      }
  }

  /** The rows of a table that belong to instances or queues of parts. @param {string} name @param {number[]} parts */
  rowsOf(name, parts) {
    if (name === OF_QUEUES) {
      const queue = Object.keys(TABLES[name].columns).indexOf("queue");
      return this.rows(name).filter((row) => parts.includes(partOfQueue(String(row[queue]))));
    }
    const column = OF_INSTANCES[/** @type {keyof typeof OF_INSTANCES} */ (name)];
    if (column === undefined) return this.rows(name);
    const instances = Object.keys(TABLES.instances.columns);
    const [number, workflow, id] = ["number", "workflow", "id"].map((each) => instances.indexOf(each));
    const chosen = new Set(
      this.rows("instances")
        .filter((row) => parts.includes(partOf(String(row[workflow]), String(row[id]))))
        .map((row) => row[number]),
    );
    const place = Object.keys(TABLES[name].columns).indexOf(column);
    return this.rows(name).filter((row) => chosen.has(row[place]));
  }

  /** The rows of a table in the order of its key. @param {string} name @returns {Value[][]} */
  rows(name) {
    const { keys, columns } = TABLES[name];
    const places = keys.map((key) => Object.keys(columns).indexOf(key));
    return [...this.#table(name).values()].sort((one, other) => {
      for (const place of places) {
        const [a, b] = [one[place] ?? 0, other[place] ?? 0];
        if (a !== b) return a < b ? -1 : 1;
      }
      return 0;
    });
  }
}

/** @implements {Ledger} */
export class MemoryLedger {
  #database;
  #label;
  /** What the next write comes to. @type {"lost before" | "lost after" | Error | undefined} */
  nextWrite;
  readListed;
  countListed;
  readRowsOf;
  readNumbered;
  readHistory;
  readCounts;
  readLastNumber;
  readAudit;

  /** @param {MemoryDatabase} database @param {string} [label] of the engine, for the test's steps */
  constructor(database, label = "engine") {
    this.#database = database;
    this.#label = label;
    const lists = listsOf(database);
    this.readListed = lists.readListed;
    this.countListed = lists.countListed;
    this.readRowsOf = lists.readRowsOf;
    this.readNumbered = lists.readNumbered;
    this.readHistory = lists.readHistory;
    this.readCounts = lists.readCounts;
    this.readLastNumber = lists.readLastNumber;
    this.readAudit = lists.readAudit;
  }

  /** @param {string} what */
  async #step(what) {
    await this.#database.step(this.#label, what);
    if (this.#database.isDown) throw new LedgerError("unavailable", "the database is down");
  }

  /** @param {string} name @param {number} leaseMs @param {{ shares?: boolean }} [options] */
  async join(name, leaseMs, { shares = false } = {}) {
    await this.#step("join");
    const { engines } = this.#database;
    const id = engines.size + 1;
    const until = this.#database.now() + leaseMs;
    engines.set(id, { name, dead: false, until, locks: 0, connected: true, shares, versions: [] });
    return { id, name };
  }

  /** @param {Member} member @param {number} leaseMs */
  async renew({ id }, leaseMs) {
    await this.#step("renew");
    const row = this.#row(id);
    if (row.dead) return false;
    row.until = this.#database.now() + leaseMs;
    return true;
  }

  /** @param {Member} member */
  async leave({ id }) {
    await this.#step("leave");
    this.#row(id).dead = true;
  }

  /** @param {Member} member @returns {Promise<Member[]>} */
  async declareDead({ id }) {
    await this.#step("declare dead");
    const late = [...this.#database.engines].filter(
      ([other, row]) => other !== id && !row.dead && (row.until < this.#database.now() || !row.connected),
    );
    for (const [, row] of late) {
      // The write of a process that is gone ends without its help: it is whole at the server, or it is not there.
      while (row.locks > 0) await this.#step("wait for a write");
      row.dead = true;
    }
    return late.map(([other, { name }]) => ({ id: other, name }));
  }

  /** @param {Member} member @returns {Promise<Member | undefined>} */
  async take(member) {
    const { taken, holder } = await this.#takeFree(member, ALL_PARTS.length);
    const { holders } = this.#database;
    if (holders.every((each) => each === member.id)) return undefined;
    for (const part of taken) holders[part] = null;
    return holder ?? { id: 0, name: "another" };
  }

  /** @param {Member} member @param {number} count */
  async takeParts(member, count) {
    return (await this.#takeFree(member, count)).taken;
  }

  /** @param {Member} member @param {number} count @returns {Promise<{ taken: number[], holder: Member | undefined }>} */
  async #takeFree({ id }, count) {
    const database = this.#database;
    await this.#step("read holder");
    const seen = [...database.holders];
    const living = seen.find((each) => each !== null && each !== id && !this.#row(each).dead) ?? null;
    const holder = living === null ? undefined : { id: living, name: this.#row(living).name };
    const free = ALL_PARTS.filter((part) => {
      const each = seen[part];
      return each === null || (each !== id && this.#row(each).dead);
    }).slice(0, Math.max(0, count));
    if (free.length === 0) return { taken: [], holder };
    await this.#step("become holder");
    if (this.#row(id).dead) return { taken: [], holder };
    const taken = free.filter((part) => !database.protections.comparesHolder || database.holders[part] === seen[part]);
    for (const part of taken) database.holders[part] = id;
    return { taken, holder };
  }

  /** @param {Member} member @param {number[]} parts */
  async giveUp({ id }, parts) {
    await this.#step("give up");
    for (const part of parts) if (this.#database.holders[part] === id) this.#database.holders[part] = null;
  }

  /** @param {Member} member */
  async beginSharing({ id }) {
    await this.#step("begin sharing");
    this.#row(id).shares = true;
  }

  /** @type {Ledger["announce"]} */
  async announce({ id }, versions) {
    await this.#step("announce");
    this.#row(id).versions = versions;
  }

  /** @returns {Promise<import("../../js/ledger/ledger.d.ts").Holders>} */
  async readHolders() {
    await this.#step("read holders");
    const { engines, holders, commonVersion } = this.#database;
    const sharing = [...engines].filter(([, { dead, shares }]) => shares && !dead);
    return {
      sharing: sharing.map(([id, { name, versions }]) => ({ id, name, versions })),
      byPart: holders.map((each) => (each === null || this.#row(each).dead ? null : each)),
      commonVersion,
    };
  }

  async readEngines() {
    await this.#step("read engines");
    const { engines, holders } = this.#database;
    return [...engines].map(([id, { name, shares, dead, until }]) => ({
      id,
      name,
      shares,
      isDead: dead,
      parts: holders.filter((each) => each === id).length,
      leaseMs: until - this.#database.now(),
    }));
  }

  /** @type {Ledger["post"]} */
  async post({ id: sender }, calls) {
    await this.#step("post");
    const database = this.#database;
    if (this.#row(sender).dead) return [];
    const ids = calls.map(() => ++database.lastCall);
    for (const [place, { part, request }] of calls.entries())
      database.calls.push({ id: ids[place], part, sender, request, takenBy: null, answer: null });
    database.wake({ parts: calls.map(({ part }) => part) });
    return ids;
  }

  /** @type {Ledger["takeCalls"]} */
  async takeCalls({ id }, parts) {
    await this.#step("take calls");
    if (this.#row(id).dead) return [];
    const found = this.#database.calls.filter(({ part, takenBy }) => takenBy === null && parts.includes(part));
    for (const call of found) call.takenBy = id;
    return found;
  }

  /** @type {Ledger["answerCalls"]} */
  async answerCalls({ id }, answers) {
    await this.#step("answer");
    for (const { call, answer } of answers) {
      const found = this.#database.calls.find((each) => each.id === call.id && each.takenBy === id);
      if (found) found.answer = answer;
      this.#database.wake({ engines: [call.sender] });
    }
  }

  /** @type {Ledger["takeAnswers"]} */
  async takeAnswers(_member, wanted) {
    await this.#step("take answers");
    const isOver = (/** @type {{ takenBy: number | null, answer: string | null }} */ { takenBy, answer }) =>
      answer !== null || (takenBy !== null && this.#row(takenBy).dead);
    const found = this.#database.calls.filter((call) => wanted.includes(call.id) && isOver(call));
    this.#database.calls = this.#database.calls.filter((call) => !found.includes(call));
    return found.map(({ id, answer }) => ({ id, answer }));
  }

  /** @type {Ledger["withdraw"]} */
  async withdraw(_member, wanted) {
    await this.#step("withdraw");
    const before = this.#database.calls.length;
    this.#database.calls = this.#database.calls.filter(({ id, takenBy }) => id !== wanted || takenBy !== null);
    return this.#database.calls.length < before;
  }

  /** @type {Ledger["listen"]} */
  async listen(wake) {
    this.#database.ears.add(wake);
  }

  /** @type {Ledger["readPlaces"]} */
  async readPlaces(workflow, parts) {
    await this.#step("read places");
    const columns = Object.keys(TABLES.workflows.columns);
    const row = this.#database.rows("workflows").find((each) => each[columns.indexOf("name")] === workflow);
    const limit = /** @type {number | null} */ (row?.[columns.indexOf("concurrency")] ?? null);
    const all = [...this.#database.places.values()].filter((each) => each.workflow === workflow);
    const others = all.filter(({ isTaken, part }) => !isTaken && !parts.includes(part));
    others.sort((one, other) => one.since - other.since || one.instance - other.instance);
    return {
      limit,
      taken: all.filter(({ isTaken }) => isTaken).length,
      turn: this.#database.turns.get(workflow) ?? 0,
      mine: all.filter(({ part }) => parts.includes(part)),
      others: others.slice(0, limit ?? 0),
    };
  }

  /** @type {Ledger["wantPlaces"]} */
  async wantPlaces(member, workflow, rows) {
    await this.#step("want places");
    for (const row of this.#ofMine(member, rows))
      if (!this.#database.places.has(row.instance))
        this.#database.places.set(row.instance, { ...row, workflow, isTaken: false });
  }

  /** @type {Ledger["takePlaces"]} */
  async takePlaces(member, workflow, rows, turn) {
    await this.#step("take places");
    const { turns, places, protections } = this.#database;
    const now = turns.get(workflow) ?? 0;
    if (this.#row(member.id).dead || (protections.comparesTurn && now !== turn)) return [];
    turns.set(workflow, now + 1);
    const taken = this.#ofMine(member, rows);
    for (const row of taken) places.set(row.instance, { ...row, workflow, isTaken: true });
    return taken.map(({ instance }) => instance);
  }

  /** @type {Ledger["leavePlaces"]} */
  async leavePlaces(member, workflow, instances) {
    await this.#step("leave places");
    const rows = instances.flatMap((instance) => this.#database.places.get(instance) ?? []);
    for (const { instance } of this.#ofMine(member, rows)) this.#database.places.delete(instance);
    this.#database.wake({ places: [workflow] });
  }

  /** @param {Member} member @param {PlaceRow[]} rows */
  #ofMine({ id }, rows) {
    if (this.#row(id).dead) return [];
    return rows.filter(({ part }) => this.#database.holders[part] === id);
  }

  /** @type {Ledger["readSlot"]} */
  async readSlot(number) {
    const columns = Object.keys(TABLES.instances.columns);
    const row = this.#database.rows("instances").find((each) => each[columns.indexOf("number")] === number);
    return row && slotOf(String(row[columns.indexOf("workflow")]), String(row[columns.indexOf("id")]));
  }

  async reserveNumbers() {
    await this.#step("reserve numbers");
    return this.#database.nextBlock();
  }

  /** @param {Member} member @param {Batch} batch */
  async write({ id }, batch) {
    const database = this.#database;
    const outcome = this.nextWrite;
    this.nextWrite = undefined;
    await this.#step("look at engine");
    if (outcome instanceof Error) throw outcome;
    if (outcome === "lost before") throw new LedgerError("unavailable", "the connection was cut");
    const row = this.#row(id);
    if (row.dead) return false;
    if (database.protections.locksEngine) row.locks += 1;
    try {
      await database.step(this.#label, "commit write");
      database.apply(batch);
      database.onwritten(id);
    } finally {
      if (database.protections.locksEngine) row.locks -= 1;
    }
    if (outcome === "lost after") throw new LedgerError("unavailable", "the answer was lost");
    return true;
  }

  /** @param {number[]} instances */
  async readTails(instances) {
    await this.#step("read tails");
    const tails = new Map(instances.map((instance) => [instance, 0]));
    for (const [instance, seq, , next] of this.#database.rows("log")) {
      const tail = tails.get(Number(instance));
      if (tail !== undefined) tails.set(Number(instance), Math.max(tail, Number(seq) + (next === null ? 0 : 1)));
    }
    return tails;
  }

  /** @param {string} table @param {number[]} [parts] */
  async *readTable(table, parts) {
    // One step for all: no table is of interest alone.
    if (table === Object.keys(TABLES)[0]) await this.#step("load");
    yield parts ? this.#database.rowsOf(table, parts) : this.#database.rows(table);
  }

  async reconnect() {
    await this.#step("reconnect");
  }

  async close() {}

  /** @param {number} id */
  #row(id) {
    return /** @type {EngineRow} */ (this.#database.engines.get(id));
  }
}
