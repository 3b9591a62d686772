/**
 * The ledger's tables in PostgreSQL. One entry of MIGRATIONS per version: entries are never changed, only added.
 *
 * Only `text` and `bigint`, no triggers and no foreign keys. Texts are compared byte by byte, as SQLite does. `slot` names the
 * part of an instance, and its database once a state has several; `owner`, `claims` and `mail` are not used.
 */

import { LedgerError } from "../ledger_error.js";

/** @type {((schema: string) => string)[]} */
export const MIGRATIONS = [
  (schema) => `
    SET LOCAL search_path = ${schema};
    CREATE TABLE engines (
      id bigint PRIMARY KEY,
      name text NOT NULL,
      role text NOT NULL,
      until timestamptz NOT NULL,
      dead boolean NOT NULL DEFAULT false,
      pid integer,
      backend_start timestamptz
    ) WITH (fillfactor = 50);
    CREATE SEQUENCE engine_ids;
    CREATE SEQUENCE numbers INCREMENT BY 1000000;
    CREATE TABLE workflows (
      name text COLLATE "C" PRIMARY KEY, class_name text NOT NULL, root text NOT NULL, main text NOT NULL, vars text NOT NULL,
      bindings text, step_limit bigint, concurrency bigint, success_retention bigint, error_retention bigint,
      version_id text NOT NULL, created_on bigint NOT NULL, modified_on bigint NOT NULL, triggered_on bigint, runtime text,
      script_name text, deleted_on bigint, env text, secrets text
    );
    CREATE TABLE versions (
      workflow text COLLATE "C", id text COLLATE "C", class_name text NOT NULL, main text NOT NULL, step_limit bigint,
      concurrency bigint, success_retention bigint, error_retention bigint, created_on bigint NOT NULL,
      modified_on bigint NOT NULL, PRIMARY KEY (workflow, id)
    );
    CREATE TABLE schedules (
      workflow text COLLATE "C", cron text COLLATE "C", done bigint NOT NULL, PRIMARY KEY (workflow, cron)
    );
    CREATE TABLE bulk_jobs (workflow text COLLATE "C" PRIMARY KEY, kind text NOT NULL, status text, up_to bigint NOT NULL);
    CREATE TABLE tokens (
      id text COLLATE "C" PRIMARY KEY, name text NOT NULL, hash text NOT NULL, scope text NOT NULL, account text NOT NULL,
      created_on bigint NOT NULL, expires_on bigint, revoked_on bigint
    );
    CREATE TABLE audit (
      number bigint PRIMARY KEY, at bigint NOT NULL, actor text NOT NULL, action text NOT NULL, workflow text, instance text,
      detail text, outcome text
    );
    CREATE TABLE queue_messages (
      number bigint PRIMARY KEY, queue text NOT NULL, id text NOT NULL, body text NOT NULL, attempts bigint NOT NULL,
      sent_on bigint NOT NULL, available_on bigint NOT NULL
    );
    CREATE TABLE trace_outbox (id bigint PRIMARY KEY, instance bigint NOT NULL);
    CREATE TABLE instances (
      number bigint PRIMARY KEY, slot smallint NOT NULL, workflow text COLLATE "C" NOT NULL, id text COLLATE "C" NOT NULL,
      status text NOT NULL, params text NOT NULL, "trigger" bigint NOT NULL, version_id text NOT NULL,
      created_on bigint NOT NULL, modified_on bigint NOT NULL, started_on bigint, ended_on bigint, output text, error text,
      paused_on bigint, wake_at bigint, success_retention bigint, error_retention bigint, expires_at bigint, schedule text,
      owner bigint, claims integer NOT NULL DEFAULT 0, mail bigint NOT NULL DEFAULT 0,
      UNIQUE (workflow, id)
    ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01);
    CREATE TABLE log (
      instance bigint, seq bigint, event bigint NOT NULL, next bigint, name text, count bigint, at bigint NOT NULL,
      attempt bigint, due bigint, value text, detail text, checksum bigint, PRIMARY KEY (instance, seq)
    );
    CREATE TABLE chunks (
      instance bigint, name text COLLATE "C", count bigint, place bigint, chunk text NOT NULL,
      PRIMARY KEY (instance, name, count, place)
    );
    CREATE TABLE events (
      instance bigint, number bigint, type text NOT NULL, at bigint NOT NULL, payload text NOT NULL, consumed_by bigint,
      PRIMARY KEY (instance, number)
    );
    CREATE TABLE output (
      id bigint, instance bigint, at bigint NOT NULL, step text, level text NOT NULL, text text NOT NULL,
      PRIMARY KEY (instance, id)
    );
  `,
  (schema) => `
    SET LOCAL search_path = ${schema};
    CREATE TABLE progress (
      instance bigint, number bigint, event bigint NOT NULL, name text, count bigint, attempt bigint, at bigint NOT NULL,
      value text, PRIMARY KEY (instance, number)
    );
  `,
  // The holder of the state becomes the holder of each part. An engine of an older version finds no column for a holder, and
  // takes nothing any more.
  (schema) => `
    SET LOCAL search_path = ${schema};
    ALTER TABLE engines ADD COLUMN shares boolean NOT NULL DEFAULT false;
    CREATE TABLE parts (number bigint PRIMARY KEY, holder bigint);
    INSERT INTO parts SELECT n, (SELECT holder FROM meta) FROM generate_series(0, 63) AS n;
    ALTER TABLE meta DROP COLUMN holder, ADD COLUMN common_version bigint NOT NULL DEFAULT 0;
    CREATE INDEX instances_part ON instances ((slot / 64), number);
    CREATE TABLE calls (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, part bigint NOT NULL, sender bigint NOT NULL, request text NOT NULL,
      taken_by bigint, answer text, at timestamptz NOT NULL DEFAULT clock_timestamp()
    );
    CREATE INDEX calls_open ON calls (part) WHERE taken_by IS NULL;
    UPDATE meta SET min_writer = 3;
  `,
  // writer: counts the connections that an engine has written by. A write of one before the last has no effect.
  (schema) => `
    SET LOCAL search_path = ${schema};
    ALTER TABLE engines ADD COLUMN writer bigint NOT NULL DEFAULT 0;
  `,
  // An engine of an older version would count for itself how many instances of a workflow run.
  (schema) => `
    SET LOCAL search_path = ${schema};
    CREATE TABLE limits (workflow text COLLATE "C" PRIMARY KEY, turn bigint NOT NULL) WITH (fillfactor = 50);
    CREATE TABLE places (
      instance bigint PRIMARY KEY, workflow text COLLATE "C" NOT NULL, part bigint NOT NULL, since bigint NOT NULL,
      taken boolean NOT NULL
    );
    CREATE INDEX places_wanted ON places (workflow, since, instance) WHERE NOT taken;
    CREATE INDEX places_taken ON places (workflow) WHERE taken;
    ALTER TABLE engines ADD COLUMN versions text NOT NULL DEFAULT '[]';
    UPDATE meta SET min_writer = 5;
  `,
];

export const LEDGER_VERSION = MIGRATIONS.length;

/** Any number: the same for all engines, so that one of them migrates. */
const MIGRATION_LOCK = 0x53746570;

/**
 * Bring the schema to this version's tables; it is made if it is missing, and taken if it is empty. Each step is a transaction of its
 * own, so that others wait for one of them at most.
 *
 * `min_writer` is the oldest version that may still write.
 *
 * @param {import("./session.d.ts").Session} session
 * @param {string} name of the schema
 * @throws {LedgerError} it is of a newer version, or another program's
 */
export async function migrate(session, name) {
  for (;;) {
    const known = await readSchema(session, name);
    refuseOthers(name, known);
    if (known.version !== undefined && known.version >= LEDGER_VERSION) return checkVersion(known);
    try {
      await session.run(stepText(`"${name}"`, known));
    } catch (error) {
      await session.run("ROLLBACK");
      // Another engine may have done it meanwhile.
      const found = await readSchema(session, name);
      if ((found.version ?? 0) <= (known.version ?? 0)) throw error;
    }
  }
}

/**
 * The next step: one string, so that the server does it in one transaction and no client can leave one open.
 *
 * @param {string} schema a quoted identifier
 * @param {FoundSchema} known
 */
function stepText(schema, { exists, version }) {
  const from = version ?? 0;
  const create = `
    CREATE TABLE ${schema}.meta (version integer NOT NULL, min_writer integer NOT NULL, holder bigint);
    INSERT INTO ${schema}.meta VALUES (0, ${LEDGER_VERSION}, NULL);`;
  return [
    "BEGIN;",
    "SET LOCAL lock_timeout = '5s';",
    `SELECT pg_advisory_xact_lock(${MIGRATION_LOCK});`,
    exists ? "" : `CREATE SCHEMA ${schema};`,
    version === undefined ? create : "",
    // It fails where another engine has done this step.
    `SELECT 1 / count(*) FROM ${schema}.meta WHERE version = ${from};`,
    MIGRATIONS[from](schema),
    `UPDATE ${schema}.meta SET version = ${from + 1};`,
    "COMMIT;",
  ].join("\n");
}

/**
 * What a schema has: `others` names tables of another program, `version` is absent where there is no ledger.
 *
 * @typedef {{ exists: boolean, others: string[], version?: number, minWriter?: number }} FoundSchema
 */

/** @param {import("./session.d.ts").Session} session @param {string} name of the schema @returns {Promise<FoundSchema>} */
export async function readSchema(session, name) {
  const [[exists, list, columns]] = await session.query(
    `SELECT count(n.oid)::integer, coalesce(json_agg(c.relname ORDER BY c.relname) FILTER (WHERE c.relname IS NOT NULL), '[]')::text,
       (SELECT count(*) FROM pg_attribute WHERE attrelid = to_regclass($2) AND attname IN ('version', 'min_writer')
          AND atttypid = 'integer'::regtype)::integer
     FROM pg_namespace AS n LEFT JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     WHERE n.nspname = $1`,
    [name, `"${name}".meta`],
  );
  if (exists === 0) return { exists: false, others: [] };
  const isLedger = columns === 2;
  if (!isLedger) return { exists: true, others: JSON.parse(list) };
  const [row] = await session.query(`SELECT version, min_writer FROM "${name}".meta`, []);
  if (!row) return { exists: true, others: ["meta"] };
  return { exists: true, others: [], version: Number(row[0]), minWriter: Number(row[1]) };
}

/** @param {string} name @param {FoundSchema} found */
function refuseOthers(name, { others }) {
  if (others.length === 0) return;
  throw new LedgerError("unusable", `its ${othersText(name, others)}`, { remedy: OTHER_SCHEMA });
}

export const OTHER_SCHEMA = "Give another one with ?schema=NAME in the address";

/** @param {string} name @param {string[]} others */
export function othersText(name, others) {
  const shown = others.slice(0, 3).join(", ");
  return `schema ${name} has tables that are not Stepwell's (${others.length > 3 ? `${shown}, …` : shown})`;
}

/** @param {FoundSchema} found */
function checkVersion({ version, minWriter = 0 }) {
  if (minWriter <= LEDGER_VERSION) return;
  throw new LedgerError(
    "unusable",
    `it has ledger format ${version}, which this version of Stepwell cannot write; it writes format ${LEDGER_VERSION}. Upgrade Stepwell`,
  );
}
