/**
 * The ledger on PostgreSQL, over connections that are handed in.
 *
 * Two connections: one writes, the other one keeps the lease, so that a long write does not keep the lease from being
 * prolonged. Engines that share a state have a third one, for notifications. Rules for every statement: what decides stands in the row that the statement locks, or comes in a later
 * statement, for READ COMMITTED looks again at the locked row and not at the others.
 */

/** @import { Batch, Ledger, Member, Value } from "../ledger.d.ts" */
/** @import { Connect, Session } from "./session.d.ts" */

import { LedgerError } from "../ledger_error.js";
import { charactersOf } from "../copy.js";
import { DatabaseTime } from "../database_time.js";
import { SLOTS_IN_PART } from "../parts.js";
import { OF_INSTANCES, OF_QUEUES, TABLES } from "../tables.js";
import { Calls } from "./calls.js";
import { toLedgerError } from "./errors.js";
import { Lists } from "./lists.js";
import { Notices } from "./notices.js";
import { Parts } from "./parts.js";
import { PlaceRows } from "./place_rows.js";
import { queuesOf } from "./queues.js";
import { refuseTransactionMode } from "./pooler.js";
import { migrate } from "./schema.js";
import { arrayLiteral, fromRow } from "./values.js";
import { writeStatement } from "./write_statement.js";

const NUMBERS_IN_BLOCK = 1_000_000;
/** How many rows are read at once: at first, and at most while they are small. */
const FIRST_ROWS = 200;
const MOST_ROWS = 5000;
/** With more text than this the next portion has fewer rows. */
const PORTION_CHARACTERS = 8 * 1024 * 1024;
/** How long engines have to connect anew before one whose connection is gone is taken for dead. They renew every 2 s. */
const RECONNECTION_MS = 5000;
const SETTINGS = [
  // The fence needs it: in the others every heartbeat would make a write fail.
  "SET default_transaction_isolation = 'read committed'",
  "SET synchronous_commit = on",
  "SET statement_timeout = '30s'",
  "SET idle_in_transaction_session_timeout = '5s'",
  "SET plan_cache_mode = force_generic_plan",
];

/** @implements {Ledger} */
export class PostgresLedger {
  #connect;
  #name;
  #schema;
  /** @type {Session | undefined} */
  #writer;
  /** @type {Session | undefined} */
  #control;
  /** Which connection the writer is, counted from 0. */
  #writerNumber = 0;
  /** Engines of whom the ledger knows that the writer is their connection. @type {Set<number>} */
  #announced = new Set();
  /** Names of the writer's prepared statements, by the shape of what they write. @type {Map<string, string>} */
  #names = new Map();
  /** What the database's clock says, from the time on when this engine has joined. */
  time;
  /** When a connection was lost the last time. */
  #now;
  #lostAt = -Infinity;
  #leaseMs = 0;
  #allowsVolatile;
  #parts;
  #calls;
  #notices;
  #places;
  #lists;

  /**
   * @param {Connect} connect
   * @param {object} options
   * @param {() => number} options.now ms, of a clock that does not jump
   * @param {string} [options.schema]
   * @param {boolean} [options.allowsVolatile] use a database that runs with fsync = off: for tests
   */
  constructor(connect, { now, schema = "stepwell", allowsVolatile = false }) {
    this.#allowsVolatile = allowsVolatile;
    this.#connect = connect;
    this.#name = schema;
    this.#schema = `"${schema}"`;
    this.#now = now;
    this.time = new DatabaseTime(now);
    /** @type {import("./calls.js").Query} */
    const query = (text, values) => this.#query("control", text, values);
    this.#parts = new Parts(this.#schema, query);
    this.#lists = new Lists(this.#schema, query);
    this.#notices = new Notices(this.#schema);
    this.#calls = new Calls(this.#schema, query, this.#notices);
    this.#places = new PlaceRows(this.#schema, query);
  }

  /** Connect, and bring the tables to this version. @throws {LedgerError} */
  async open() {
    this.#writer = await this.#opened("writer");
    await this.#guarded(() => migrate(this.#session("writer"), this.#name));
    const [[fsync]] = await this.#query("writer", "SHOW fsync");
    if (fsync !== "on" && !this.#allowsVolatile)
      throw new LedgerError("unusable", "it runs with fsync = off, and would lose what it has acknowledged");
    this.#control = await this.#opened("control");
    await this.#guarded(() => refuseTransactionMode(this.#session("writer"), this.#session("control")));
  }

  /** @param {string} name @param {number} leaseMs @param {{ shares?: boolean }} [options] @returns {Promise<Member>} */
  async join(name, leaseMs, { shares = false } = {}) {
    this.#leaseMs = leaseMs;
    const sent = this.#now();
    const [[id, time]] = await this.#query(
      "control",
      `INSERT INTO ${this.#schema}.engines (id, name, role, until, pid, backend_start, shares)
       VALUES (nextval('${this.#schema}.engine_ids'), $1, current_user, clock_timestamp() + $2::integer * interval '1 ms',
         pg_backend_pid(), ${BACKEND_START}, $3::integer = 1) RETURNING id, ${TIME}`,
      [name, leaseMs, shares ? 1 : 0],
    );
    this.time.learn(time, sent);
    return { id, name };
  }

  /** @param {Member} member @param {number} leaseMs */
  async renew({ id }, leaseMs) {
    if (this.#session("control").isLost) await this.#replace("control");
    const sent = this.#now();
    const rows = await this.#query(
      "control",
      `UPDATE ${this.#schema}.engines SET until = clock_timestamp() + $2::integer * interval '1 ms', pid = pg_backend_pid(),
         backend_start = ${BACKEND_START} WHERE id = $1::bigint AND NOT dead RETURNING ${TIME}`,
      [id, leaseMs],
    );
    if (rows.length === 0) return false;
    this.time.learn(rows[0][0], sent);
    return true;
  }

  /** @param {Member} member */
  async leave({ id }) {
    await this.#query("control", `UPDATE ${this.#schema}.engines SET dead = true WHERE id = $1::bigint`, [id]);
  }

  /**
   * Not soon after the start of the database, or after this engine has lost a connection: then the connections of all engines
   * are gone, and their leases may be over.
   *
   * @param {Member} member
   * @returns {Promise<Member[]>}
   */
  async declareDead({ id }) {
    const sinceLoss = this.#now() - this.#lostAt;
    const started = (/** @type {string} */ ms) =>
      `coalesce(pg_postmaster_start_time() + ${ms}::integer * interval '1 ms' < clock_timestamp(), true)`;
    const rows = await this.#query(
      "control",
      `UPDATE ${this.#schema}.engines AS e SET dead = true
       WHERE NOT dead AND id <> $1::bigint AND (
         ($2::integer = 1 AND ${started("$3")} AND until < clock_timestamp())
         OR ($4::integer = 1 AND ${started("$5")} AND role = current_user AND backend_start IS NOT NULL AND NOT EXISTS (
           SELECT FROM pg_stat_activity AS a WHERE a.pid = e.pid AND a.backend_start = e.backend_start)))
       RETURNING id, name`,
      [
        id,
        sinceLoss >= this.#leaseMs ? 1 : 0,
        this.#leaseMs,
        sinceLoss >= RECONNECTION_MS ? 1 : 0,
        Math.min(this.#leaseMs, RECONNECTION_MS),
      ],
    );
    return rows.map(([dead, name]) => ({ id: dead, name }));
  }

  /** @type {Ledger["take"]} */
  async take(member) {
    const holder = await this.#parts.takeAll(member);
    if (!holder) await this.#calls.forgetOld();
    return holder;
  }

  /** @type {Ledger["takeParts"]} */
  async takeParts(member, count) {
    const taken = await this.#parts.take(member, count);
    await this.#calls.forgetOld();
    return taken;
  }

  /** @type {Ledger["giveUp"]} */
  giveUp(member, parts) {
    return this.#parts.giveUp(member, parts);
  }

  /** @type {Ledger["beginSharing"]} */
  beginSharing(member) {
    return this.#parts.beginSharing(member);
  }

  /** @type {Ledger["announce"]} */
  announce(member, versions) {
    return this.#parts.announce(member, versions);
  }

  readHolders() {
    return this.#parts.readHolders();
  }

  readEngines() {
    return this.#parts.readEngines();
  }

  /** @type {Ledger["post"]} */
  post(member, calls) {
    return this.#calls.post(member, calls);
  }

  /** @type {Ledger["takeCalls"]} */
  takeCalls(member, parts) {
    return this.#calls.take(member, parts);
  }

  /** @type {Ledger["answerCalls"]} */
  answerCalls(member, answers) {
    return this.#calls.answer(member, answers);
  }

  /** @type {Ledger["takeAnswers"]} */
  takeAnswers(_member, calls) {
    return this.#calls.takeAnswers(calls);
  }

  /** @type {Ledger["withdraw"]} */
  withdraw(_member, call) {
    return this.#calls.withdraw(call);
  }

  /** @type {Ledger["listen"]} */
  async listen(wake) {
    if (!this.#notices.isListening) await this.#notices.listen(await this.#opened("notices"), wake);
  }

  /** @type {Ledger["readPlaces"]} */
  readPlaces(workflow, parts) {
    return this.#places.read(workflow, parts);
  }

  /** @type {Ledger["wantPlaces"]} */
  wantPlaces(member, workflow, rows) {
    return this.#places.want(member, workflow, rows);
  }

  /** @type {Ledger["takePlaces"]} */
  takePlaces(member, workflow, rows, turn) {
    return this.#places.take(member, workflow, rows, turn);
  }

  /** @type {Ledger["leavePlaces"]} */
  async leavePlaces(member, workflow, instances) {
    await this.#places.leave(member, instances);
    this.#notices.send({ places: [workflow] });
  }

  /** @type {Ledger["readListed"]} */
  readListed(filter) {
    return this.#lists.read(filter);
  }

  /** @type {Ledger["countListed"]} */
  countListed(filter) {
    return this.#lists.count(filter);
  }

  /** @type {Ledger["readNumbered"]} */
  readNumbered(workflow, portion) {
    return this.#lists.numbered(workflow, portion);
  }

  /** @type {Ledger["readRowsOf"]} */
  readRowsOf(table, numbers, from) {
    const column = OF_INSTANCES[/** @type {keyof typeof OF_INSTANCES} */ (table)];
    return this.#lists.readOf(table, column, numbers, from);
  }

  /** @type {Ledger["readHistory"]} */
  readHistory(number) {
    return this.#lists.history(number);
  }

  /** @type {Ledger["readCounts"]} */
  readCounts(workflow) {
    return this.#lists.counts(workflow);
  }

  readLastNumber() {
    return this.#lists.lastNumber();
  }

  /** @type {Ledger["readAudit"]} */
  readAudit(page) {
    return this.#lists.audit(page);
  }

  /** @param {number} number of an instance @returns {Promise<number | undefined>} */
  async readSlot(number) {
    const rows = await this.#query("control", `SELECT slot FROM ${this.#schema}.instances WHERE number = $1::bigint`, [
      number,
    ]);
    return rows[0]?.[0];
  }

  async reserveNumbers() {
    const [[first]] = await this.#query("control", `SELECT nextval('${this.#schema}.numbers')`);
    return { first, count: NUMBERS_IN_BLOCK };
  }

  /** @param {Member} member @param {Batch} batch @returns {Promise<boolean>} */
  async write({ id }, batch) {
    if (!(await this.#announceWriter(id))) return false;
    const { text, shape, values } = writeStatement(this.#schema, id, this.#writerNumber, batch);
    let name = this.#names.get(shape);
    if (name === undefined) this.#names.set(shape, (name = `stepwell_${this.#names.size}`));
    const [[alive]] = await this.#query("writer", text, values, { name });
    return alive === 1;
  }

  /**
   * From now on nothing has an effect that this engine has sent by a connection that it has lost. What is being written there
   * is written first.
   *
   * @param {number} id
   * @returns {Promise<boolean>} whether the engine is alive
   */
  async #announceWriter(id) {
    if (this.#writerNumber === 0 || this.#announced.has(id)) return true;
    const rows = await this.#query(
      "writer",
      `UPDATE ${this.#schema}.engines SET writer = $2::bigint WHERE id = $1::bigint AND NOT dead RETURNING 1`,
      [id, this.#writerNumber],
    );
    if (rows.length === 0) return false;
    this.#announced.add(id);
    return true;
  }

  /** @param {number[]} instances @returns {Promise<Map<number, number>>} */
  async readTails(instances) {
    const rows = await this.#query(
      "writer",
      `SELECT u.n, coalesce((SELECT seq + (next IS NOT NULL)::integer FROM ${this.#schema}.log WHERE instance = u.n
         ORDER BY seq DESC LIMIT 1), 0) FROM unnest($1::bigint[]) AS u(n)`,
      [arrayLiteral(instances)],
    );
    return new Map(rows.map(([instance, tail]) => [instance, tail]));
  }

  /** @param {string} table @param {number[]} [parts] @returns {AsyncGenerator<Value[][]>} */
  async *readTable(table, parts) {
    const { keys, columns } = TABLES[table];
    const names = Object.keys(columns);
    const list = (/** @type {string[]} */ each) => each.map((name) => `"${name}"`).join(", ");
    const chosen = parts && (await this.#ofParts(table, parts));
    /** @type {Value[] | undefined} */
    let after;
    for (let limit = FIRST_ROWS; ;) {
      const conditions = [];
      /** @type {Value[]} */
      const values = [];
      if (chosen) {
        values.push(arrayLiteral(chosen.values));
        conditions.push(chosen.condition);
      }
      if (after) {
        const place = keys.map((key, index) => `$${values.length + index + 1}::${columns[key]}`).join(", ");
        values.push(...after);
        conditions.push(`(${list(keys)}) > (${place})`);
      }
      const where = conditions.length > 0 ? `WHERE ${conditions.join(" AND ")}` : "";
      const rows = await this.#query(
        "writer",
        `SELECT ${list(names)} FROM ${this.#schema}.${table} ${where} ORDER BY ${list(keys)} LIMIT ${limit}`,
        values,
      );
      if (rows.length > 0) yield rows.map(fromRow);
      if (rows.length < limit) return;
      const characters = rows.reduce((sum, row) => sum + charactersOf(row), 0);
      limit = characters > PORTION_CHARACTERS ? Math.ceil(limit / 4) : Math.min(limit * 2, MOST_ROWS);
      const last = rows[rows.length - 1];
      after = keys.map((key) => last[names.indexOf(key)]);
    }
  }

  /**
   * The condition that a row belongs to an instance or a queue of the parts, with the values of `$1`; undefined: rows of the table
   * belong to no part.
   *
   * @param {string} table
   * @param {number[]} parts
   * @returns {Promise<{ condition: string, values: Value[] } | undefined>}
   */
  async #ofParts(table, parts) {
    if (table === OF_QUEUES) {
      const queues = await queuesOf(parts, this.#schema, (text, values) => this.#query("writer", text, values));
      return { condition: "queue = ANY($1::text[])", values: queues };
    }
    const column = OF_INSTANCES[/** @type {keyof typeof OF_INSTANCES} */ (table)];
    if (column === undefined) return undefined;
    const isOfParts = `(slot / ${SLOTS_IN_PART}) = ANY($1::integer[])`;
    const condition =
      column === "number"
        ? isOfParts
        : `${column} IN (SELECT number FROM ${this.#schema}.instances WHERE ${isOfParts})`;
    return { condition, values: parts };
  }

  /** The largest number that an instance may have had. @returns {Promise<number>} */
  async lastNumber() {
    const [[last]] = await this.#query(
      "writer",
      `SELECT last_value + CASE WHEN is_called THEN ${NUMBERS_IN_BLOCK - 1} ELSE -1 END FROM ${this.#schema}.numbers`,
    );
    return last;
  }

  /** Whether no table has a row. */
  async isEmpty() {
    const any = Object.keys(TABLES).map((table) => `EXISTS (SELECT FROM ${this.#schema}.${table})`);
    const [[found]] = await this.#query("writer", `SELECT (${any.join(" OR ")})::integer`);
    return found === 0;
  }

  /**
   * Write a whole state in one transaction. It is the one place where a client keeps a transaction open: the state is no
   * engine's yet.
   *
   * @param {Member} member
   * @param {AsyncIterable<Batch>} batches
   * @param {number} lastNumber the largest number that an instance has had
   */
  async restore(member, batches, lastNumber) {
    const session = this.#session("writer");
    await this.#guarded(() => session.run("BEGIN; SET LOCAL idle_in_transaction_session_timeout = '60s'"));
    try {
      for await (const batch of batches) {
        if (!(await this.write(member, batch)))
          throw new LedgerError("unavailable", "this engine was declared dead while it wrote the state");
      }
      await this.#query("writer", `SELECT setval('${this.#schema}.numbers', $1::bigint, false)`, [lastNumber + 1]);
      await this.#guarded(() => session.run("COMMIT"));
    } catch (error) {
      await session.run("ROLLBACK").catch(() => {});
      throw error;
    }
  }

  /**
   * Read tables as they are at one moment, whatever others write meanwhile.
   *
   * @template T
   * @param {() => Promise<T>} read
   * @returns {Promise<T>}
   */
  async readAtOneMoment(read) {
    const session = this.#session("writer");
    await this.#guarded(() => session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"));
    try {
      return await read();
    } finally {
      await session.run("ROLLBACK").catch(() => {});
    }
  }

  async reconnect() {
    for (const purpose of /** @type {const} */ (["writer", "control"]))
      if (this.#session(purpose).isLost) await this.#replace(purpose);
  }

  async close() {
    await Promise.all([this.#writer?.close(), this.#control?.close(), this.#notices.close()]);
  }

  /** @param {"writer" | "control"} purpose */
  #session(purpose) {
    return /** @type {Session} */ (purpose === "writer" ? this.#writer : this.#control);
  }

  /** @param {"writer" | "control"} purpose */
  async #replace(purpose) {
    const session = await this.#opened(purpose);
    if (purpose === "writer") {
      this.#writer = session;
      this.#writerNumber += 1;
      this.#announced.clear();
      this.#names.clear();
    } else this.#control = session;
  }

  /** @param {string} purpose */
  async #opened(purpose) {
    return await this.#guarded(async () => {
      const session = await this.#connect(purpose);
      for (const setting of SETTINGS) await session.run(setting);
      return session;
    });
  }

  /** @param {"writer" | "control"} purpose @param {string} text @param {Value[]} [values] @param {{ name?: string }} [options] @returns {Promise<any[][]>} */
  async #query(purpose, text, values = [], options) {
    return await this.#guarded(() => this.#session(purpose).query(text, values, options));
  }

  /** @template T @param {() => Promise<T>} run @returns {Promise<T>} */
  async #guarded(run) {
    try {
      return await run();
    } catch (error) {
      const known = toLedgerError(error);
      if (known.kind === "unavailable") this.#lostAt = this.#now();
      throw known;
    }
  }
}

const TIME = "(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
/** When the connection of the statement was opened; null where the database does not say that. */
const BACKEND_START = "(SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())";
