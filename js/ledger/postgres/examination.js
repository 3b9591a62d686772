/** What a database is like that has a state, or is to have one. It is looked at, and nothing is changed. */

/** @import { Connect, Session } from "./session.d.ts" */

import { RIGHTS } from "./errors.js";
import { SESSION_MODE, findPooler } from "./pooler.js";
import { LEDGER_VERSION, OTHER_SCHEMA, othersText, readSchema } from "./schema.js";

const OLDEST_SERVER = 130_000;
/** By how much the clocks of this machine and of the database may differ. */
const CLOCK_TOLERANCE_MS = 2000;
const CLOCK_REMEDY =
  "Synchronise the clocks: instances go by the database's, cron triggers of handlers and tokens by the machine's.";

/**
 * @typedef {object} Finding
 * @property {string} name
 * @property {string} found
 * @property {boolean} [ok]
 * @property {string} [remedy]
 */

/**
 * @param {Connect} connect
 * @param {string} schemaName
 * @param {() => number} now ms since 1970
 * @returns {Promise<Finding[]>}
 */
export async function examineLedger(connect, schemaName, now) {
  const session = await connect("doctor");
  try {
    return [
      await server(session),
      ...(await durability(session)),
      await connection(session, connect),
      await clock(session, now),
      ...(await state(session, schemaName)),
    ];
  } finally {
    await session.close();
  }
}

/** @param {Session} session @param {string} sql @returns {Promise<any[]>} its first row */
async function one(session, sql) {
  return (await session.query(sql, []))[0];
}

/** @param {Session} session @returns {Promise<Finding>} */
async function server(session) {
  const [version, number, isStandby, isReadOnly] = await one(
    session,
    `SELECT current_setting('server_version'), current_setting('server_version_num')::integer,
       pg_is_in_recovery()::integer, (current_setting('default_transaction_read_only') = 'on')::integer`,
  );
  const found = `PostgreSQL ${version}`;
  if (number < OLDEST_SERVER) return { name: "Database", found, ok: false, remedy: "Use PostgreSQL 13 or newer." };
  if (isStandby === 1)
    return { name: "Database", found: `${found}, a standby`, ok: false, remedy: "Give the address of the primary." };
  if (isReadOnly === 1)
    return {
      name: "Database",
      found: `${found}, read-only`,
      ok: false,
      remedy: "Set default_transaction_read_only = off.",
    };
  return { name: "Database", found };
}

/** @param {Session} session @returns {Promise<Finding[]>} */
async function durability(session) {
  const [fsync, pages, commit, standbys] = await one(
    session,
    `SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit'),
       current_setting('synchronous_standby_names')`,
  );
  /** @type {Finding[]} */
  const findings = [];
  if (fsync !== "on")
    findings.push({
      name: "fsync",
      found: fsync,
      ok: false,
      remedy: "Set fsync = on: the database loses what it has acknowledged.",
    });
  if (pages !== "on")
    findings.push({
      name: "Pages",
      found: `full_page_writes = ${pages}`,
      remedy: "Set full_page_writes = on, unless the disk writes pages whole.",
    });
  const replication = standbys === "" ? "no synchronous standby" : `synchronous standbys: ${standbys}`;
  findings.push({
    name: "Durability",
    found: `fsync ${fsync}, ${replication}`,
    ...(commit === "off" ? { remedy: "synchronous_commit is off; engines set it to on for themselves." } : {}),
  });
  return findings;
}

/** @param {Session} session @param {Connect} connect @returns {Promise<Finding>} */
async function connection(session, connect) {
  const [role, level, isSuper] = await one(
    session,
    `SELECT current_user, current_setting('default_transaction_isolation'),
       (SELECT rolsuper::integer FROM pg_roles WHERE rolname = current_user)`,
  );
  const pooler = await poolerOf(session, connect);
  const through = pooler === "none" ? "" : `, through a pooler in ${pooler} mode`;
  const found = `role ${role}${isSuper === 1 ? ", a superuser" : ""}${through}`;
  if (pooler === "transaction") return { name: "Connection", found, ok: false, remedy: `${SESSION_MODE}.` };
  if (level === "read committed") return { name: "Connection", found };
  const remedy = `default_transaction_isolation is '${level}'; engines set it to 'read committed' for themselves.`;
  return { name: "Connection", found, remedy };
}

/** @param {Session} session @param {Connect} connect */
async function poolerOf(session, connect) {
  const other = await connect("doctor");
  try {
    return await findPooler(session, other);
  } finally {
    await other.close();
  }
}

/** @param {Session} session @param {() => number} now @returns {Promise<Finding>} */
async function clock(session, now) {
  const before = now();
  const [there] = await one(session, "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint");
  const difference = there - (before + now()) / 2;
  const found = `${Math.abs(Math.round(difference))} ms ${difference < 0 ? "behind" : "ahead of"} this machine's`;
  if (Math.abs(difference) <= CLOCK_TOLERANCE_MS) return { name: "Clock", found };
  return { name: "Clock", found, remedy: CLOCK_REMEDY };
}

/** @param {Session} session @param {string} name of the schema @returns {Promise<Finding[]>} */
async function state(session, name) {
  const { exists, others, version, minWriter = 0 } = await readSchema(session, name);
  if (others.length > 0)
    return [{ name: "State", found: othersText(name, others), ok: false, remedy: `${OTHER_SCHEMA}.` }];
  if (version === undefined) return [await room(session, name, exists)];
  const found = `schema ${name}, ledger format ${version}`;
  if (minWriter > LEDGER_VERSION)
    return [
      { name: "State", found, ok: false, remedy: `This version writes format ${LEDGER_VERSION}. Upgrade Stepwell.` },
    ];
  if (version < LEDGER_VERSION)
    return [{ name: "State", found, remedy: `The next engine brings it to format ${LEDGER_VERSION}.` }];
  const engines = await session.query(
    `SELECT e.id, e.name, count(p.number)::integer FROM "${name}".engines AS e LEFT JOIN "${name}".parts AS p ON p.holder = e.id
     WHERE NOT e.dead GROUP BY e.id, e.name ORDER BY e.id`,
    [],
  );
  const list = engines.map(([id, engine, parts]) => `${id} (${engine}) holds ${parts} parts`).join("; ");
  return [
    { name: "State", found },
    { name: "Engines", found: list || "no engine runs" },
  ];
}

/** Whether the role may make the tables. @param {Session} session @param {string} name of the schema @param {boolean} exists @returns {Promise<Finding>} */
async function room(session, name, exists) {
  const [mayCreate] = exists
    ? (await session.query("SELECT has_schema_privilege($1, 'CREATE')::integer", [name]))[0]
    : await one(session, "SELECT has_database_privilege(current_database(), 'CREATE')::integer");
  const missing = exists ? `schema ${name} has no tables yet` : `schema ${name} does not exist yet`;
  if (mayCreate === 1) return { name: "State", found: `${missing}; ${exists ? "they" : "it"} will be made` };
  return {
    name: "State",
    found: `${missing}, and the role may not make ${exists ? "them" : "it"}`,
    ok: false,
    remedy: `${RIGHTS}.`,
  };
}
