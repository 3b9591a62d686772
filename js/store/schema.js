/** The database's tables. One entry of MIGRATIONS per version: entries are never changed, only added. */

/** @import { Driver } from "./driver.d.ts" */

/** "Stepwell state" in SQLite's header, so that `file` and we can tell it from any other database. */
export const APPLICATION_ID = 0x53746570;

const MIGRATIONS = [
  `
  CREATE TABLE workflows (
    name TEXT PRIMARY KEY,
    class_name TEXT NOT NULL,
    root TEXT NOT NULL,
    main TEXT NOT NULL,
    vars TEXT NOT NULL,
    bindings TEXT,
    step_limit INTEGER,
    concurrency INTEGER,
    success_retention INTEGER,
    error_retention INTEGER,
    version_id TEXT NOT NULL,
    created_on INTEGER NOT NULL,
    modified_on INTEGER NOT NULL,
    triggered_on INTEGER
  ) STRICT;

  CREATE TABLE instances (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    workflow TEXT NOT NULL,
    id TEXT NOT NULL,
    status TEXT NOT NULL,
    params TEXT NOT NULL,
    "trigger" INTEGER NOT NULL,
    version_id TEXT NOT NULL,
    created_on INTEGER NOT NULL,
    modified_on INTEGER NOT NULL,
    started_on INTEGER,
    ended_on INTEGER,
    output TEXT,
    error TEXT,
    paused_on INTEGER,
    wake_at INTEGER,
    success_retention INTEGER,
    error_retention INTEGER,
    expires_at INTEGER,
    UNIQUE (workflow, id)
  ) STRICT;
  CREATE INDEX instances_due ON instances (wake_at) WHERE wake_at IS NOT NULL;
  CREATE INDEX instances_expiring ON instances (expires_at) WHERE expires_at IS NOT NULL;
  CREATE INDEX instances_of_workflow ON instances (workflow, status, number)
    WHERE status NOT IN ('complete', 'errored', 'terminated');
  CREATE INDEX instances_unfinished ON instances (status, number)
    WHERE status NOT IN ('complete', 'errored', 'terminated');

  -- Appended at the end whatever the instance, so that a commit touches few pages; the index finds an instance's own.
  CREATE TABLE log (
    id INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    event INTEGER NOT NULL,
    next INTEGER,
    name TEXT,
    count INTEGER,
    at INTEGER NOT NULL,
    attempt INTEGER,
    due INTEGER,
    value TEXT,
    detail TEXT
  ) STRICT;
  CREATE INDEX log_instance ON log (instance);

  -- Byte streams that steps have given, as canonical text of bytes.
  CREATE TABLE chunks (
    instance INTEGER NOT NULL,
    name TEXT NOT NULL,
    count INTEGER NOT NULL,
    place INTEGER NOT NULL,
    chunk TEXT NOT NULL,
    PRIMARY KEY (instance, name, count, place)
  ) STRICT;

  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instance INTEGER NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    payload TEXT NOT NULL,
    consumed_by INTEGER
  ) STRICT;
  CREATE INDEX events_instance ON events (instance);

  CREATE TABLE output (
    id INTEGER PRIMARY KEY,
    instance INTEGER NOT NULL,
    at INTEGER NOT NULL,
    step TEXT,
    level TEXT NOT NULL,
    text TEXT NOT NULL
  ) STRICT;
  CREATE INDEX output_instance ON output (instance);
  `,
  `
  -- done: the time up to which it has been carried out.
  CREATE TABLE schedules (
    workflow TEXT NOT NULL,
    cron TEXT NOT NULL,
    done INTEGER NOT NULL,
    PRIMARY KEY (workflow, cron)
  ) STRICT;
  ALTER TABLE instances ADD COLUMN schedule TEXT;
  `,
  `
  -- JSON: the runtime's name and options; null: the default one for the main file.
  ALTER TABLE workflows ADD COLUMN runtime TEXT;
  `,
  `
  -- Only those that are about to run, or do: who looks for them looks at no other, and one that waits costs no entry.
  DROP INDEX instances_of_workflow;
  DROP INDEX instances_unfinished;
  CREATE INDEX instances_queued ON instances (workflow, number) WHERE status = 'queued';
  CREATE INDEX instances_active ON instances (status, number)
    WHERE status = 'queued' OR status = 'running' OR status = 'waitingForPause' OR status = 'rollingBack';
  `,
  `
  -- A follower asks for an instance's last entries.
  DROP INDEX log_instance;
  CREATE INDEX log_instance ON log (instance, seq);

  -- number: counts the events of an instance.
  CREATE TABLE numbered_events (
    instance INTEGER NOT NULL,
    number INTEGER NOT NULL,
    type TEXT NOT NULL,
    at INTEGER NOT NULL,
    payload TEXT NOT NULL,
    consumed_by INTEGER,
    PRIMARY KEY (instance, number)
  ) STRICT;
  INSERT INTO numbered_events
    SELECT instance, row_number() OVER (PARTITION BY instance ORDER BY id), type, at, payload, consumed_by FROM events;
  DROP TABLE events;
  ALTER TABLE numbered_events RENAME TO events;
  `,
  `
  -- The pages of a list, and the statuses that few instances have and people look for.
  CREATE INDEX instances_listed ON instances (workflow, number);
  CREATE INDEX instances_paused ON instances (workflow, number) WHERE status = 'paused';
  CREATE INDEX instances_errored ON instances (workflow, number) WHERE status = 'errored';
  CREATE INDEX instances_terminated ON instances (workflow, number) WHERE status = 'terminated';

  -- How many instances there are: to count a million takes longer than to list a page of them.
  CREATE TABLE instance_counts (
    workflow TEXT NOT NULL,
    status TEXT NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (workflow, status)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO instance_counts SELECT workflow, status, count(*) FROM instances GROUP BY workflow, status;
  CREATE TRIGGER instance_added AFTER INSERT ON instances BEGIN
    INSERT INTO instance_counts VALUES (new.workflow, new.status, 1)
      ON CONFLICT (workflow, status) DO UPDATE SET n = n + 1;
  END;
  CREATE TRIGGER instance_removed AFTER DELETE ON instances BEGIN
    UPDATE instance_counts SET n = n - 1 WHERE workflow = old.workflow AND status = old.status;
  END;
  CREATE TRIGGER instance_status_changed AFTER UPDATE OF status ON instances WHEN old.status <> new.status BEGIN
    UPDATE instance_counts SET n = n - 1 WHERE workflow = old.workflow AND status = old.status;
    INSERT INTO instance_counts VALUES (new.workflow, new.status, 1)
      ON CONFLICT (workflow, status) DO UPDATE SET n = n + 1;
  END;

  -- deleted_on: its instances are being deleted, and then it is.
  ALTER TABLE workflows ADD COLUMN script_name TEXT;
  ALTER TABLE workflows ADD COLUMN deleted_on INTEGER;

  -- modified_on: when it was last deployed.
  CREATE TABLE versions (
    workflow TEXT NOT NULL,
    id TEXT NOT NULL,
    class_name TEXT NOT NULL,
    main TEXT NOT NULL,
    step_limit INTEGER,
    concurrency INTEGER,
    success_retention INTEGER,
    error_retention INTEGER,
    created_on INTEGER NOT NULL,
    modified_on INTEGER NOT NULL,
    PRIMARY KEY (workflow, id)
  ) STRICT;
  INSERT INTO versions SELECT name, version_id, class_name, main, step_limit, concurrency, success_retention,
    error_retention, modified_on, modified_on FROM workflows;

  -- What is being done to all instances of a workflow, up to the newest one when it was asked for.
  CREATE TABLE bulk_jobs (
    workflow TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    status TEXT,
    up_to INTEGER NOT NULL
  ) STRICT;

  -- hash: SHA-256 of the secret.
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    scope TEXT NOT NULL,
    account TEXT NOT NULL,
    created_on INTEGER NOT NULL,
    expires_on INTEGER,
    revoked_on INTEGER
  ) STRICT;

  CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    workflow TEXT,
    instance TEXT,
    detail TEXT,
    outcome TEXT
  ) STRICT;
  `,
  `
  -- Tells altered entries from right ones (damage.js); null: written by an older version.
  ALTER TABLE log ADD COLUMN checksum INTEGER;
  `,
  `
  -- env, JSON: what the code has as env besides variables and workflows. secrets, JSON: where its secrets are, not what.
  ALTER TABLE workflows ADD COLUMN env TEXT;
  ALTER TABLE workflows ADD COLUMN secrets TEXT;
  `,
  `
  -- queue: its name with the account's, as workflows have it. body: canonical text. attempts: how often it has been delivered.
  CREATE TABLE queue_messages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    sent_on INTEGER NOT NULL,
    available_on INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX queue_messages_available ON queue_messages (queue, available_on, number);
  `,
  `
  -- Ids are never used again: an instance that ends while its trace is sent is not removed with the trace before.
  CREATE TABLE trace_outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    instance INTEGER NOT NULL UNIQUE
  ) STRICT;
  `,
  `
  -- Checksums are computed in another way.
  UPDATE log SET checksum = NULL WHERE checksum IS NOT NULL;
  `,
  `
  -- Durable Objects; what they store is in files of their own. namespace, JSON: account, script and class. alarm: when it is due,
  -- as its file had it last; retries: how often its handler has failed. open: it may be in memory, and its file be newer.
  CREATE TABLE objects (
    namespace TEXT NOT NULL,
    id TEXT NOT NULL,
    name TEXT,
    alarm INTEGER,
    retries INTEGER NOT NULL DEFAULT 0,
    open INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (namespace, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX objects_alarm ON objects (namespace, alarm) WHERE alarm IS NOT NULL;
  CREATE INDEX objects_open ON objects (namespace) WHERE open = 1;
  `,
  `
  -- Lists by time. An instance has an entry once it has the time, so that one that is created costs none.
  CREATE INDEX instances_started ON instances (workflow, started_on) WHERE started_on IS NOT NULL;
  CREATE INDEX instances_ended ON instances (workflow, ended_on) WHERE ended_on IS NOT NULL;
  `,
  `
  -- What attempts of steps report while they run. event: 0 an item, 1 what the step has reported so far is superseded, 2 it is
  -- removed (of all steps where name is null). number: counts the rows of an instance, and is never used again.
  CREATE TABLE progress (
    instance INTEGER NOT NULL,
    number INTEGER NOT NULL,
    event INTEGER NOT NULL,
    name TEXT,
    count INTEGER,
    attempt INTEGER,
    at INTEGER NOT NULL,
    value TEXT,
    PRIMARY KEY (instance, number)
  ) STRICT;
  CREATE INDEX progress_superseded ON progress (instance, name, count, number) WHERE event = 1;
  `,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/** The file is a database that this version cannot use. `code` as in the host's ready line. */
export class StateError extends Error {
  /**
   * @param {"state.newer" | "state.corrupt" | "state.foreign" | "state.readonly" | "state.full" | "state.path" | "state.scheme" | "state.held" | "state.unreachable" | "state.unusable" | "state.fenced" | "state.gone" | "state.exists"} code
   * @param {string} message
   * @param {ErrorOptions} [options]
   */
  constructor(code, message, options) {
    super(message, options);
    this.name = "StateError";
    this.code = code;
  }
}

/**
 * Bring the database to this version's tables, or to those of an older one.
 *
 * @param {Driver} db
 * @param {number} [target]
 * @throws {StateError} it is of a newer version, or not ours
 */
export function migrate(db, target = SCHEMA_VERSION) {
  const version = pragma(db, "user_version");
  const application = pragma(db, "application_id");
  if (version > SCHEMA_VERSION) {
    throw new StateError(
      "state.newer",
      `it has format ${version}, this version of Stepwell reads up to ${SCHEMA_VERSION}. Upgrade Stepwell`,
    );
  }
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0 || hasTables(db))) {
    throw new StateError("state.foreign", "it is a database of another program");
  }
  if (version === target) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const migration of MIGRATIONS.slice(version, target)) db.exec(migration);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    db.exec(`PRAGMA user_version = ${target}`);
    db.exec("COMMIT");
  } catch (error) {
    db.exec("ROLLBACK");
    throw error;
  }
}

/**
 * @param {Driver} db
 * @param {string} name of a pragma that is a number
 */
export function pragma(db, name) {
  return Number(Object.values(db.prepare(`PRAGMA ${name}`).get() ?? {})[0]);
}

/** @param {Driver} db */
function hasTables(db) {
  return db.prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get() !== undefined;
}
