/**
 * What a state in PostgreSQL costs beside a file: `node benchmarks/ledger.js --database postgres://…`.
 *
 * Workload A (workflows of ten trivial steps) on both, in turns in the same process, after both are warm. The ratio is that of the
 * medians. The database should be on this machine: each commit waits for it. `--only ledger` prints the median of one as JSON.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Engine } from "../js/engine/engine.js";
import { WORKFLOW_SUCCESS } from "../js/engine/events.js";
import { AttachedLedger } from "../js/ledger/attached_ledger.js";
import { connectWith } from "../js/ledger/postgres/pg_session.js";
import { PostgresLedger } from "../js/ledger/postgres/postgres_ledger.js";
import { nodeClock } from "../js/server/clock.js";
import { openDriver } from "../js/store/node_driver.js";
import { SqliteStore } from "../js/store/sqlite.js";
import { newGuest, quantile, times } from "./bench.js";

const STEPS = 10;
/** The least ratio that is to be reached, by concurrency. @type {Record<number, number>} */
const BARS = { 1: 0.6, 20: 0.45, 100: 0.65 };
/** Enough for some seconds of measuring. @type {Record<number, number>} */
const INSTANCES = { 1: 100, 20: 400, 100: 1000 };

const { values } = parseArgs({
  options: {
    database: { type: "string" },
    repetitions: { type: "string", default: "7" },
    concurrency: { type: "string", default: "1,20,100" },
    only: { type: "string", default: "file,ledger" },
  },
});
if (!values.database) {
  process.stderr.write("Give the address of a database with --database postgres://user@host:port/database.\n");
  process.exit(2);
}
const database = values.database;
const kinds = /** @type {("file" | "ledger")[]} */ (values.only.split(","));
const schema = `bench_${process.pid}`;
const folder = mkdtempSync(join(tmpdir(), "stepwell-bench-"));

/** @param {Pick<import("../js/engine/engine.js").EngineOptions, "store" | "acknowledge" | "nextNumber">} state */
async function openBench(state) {
  const guest = newGuest();
  const { classes } = await guest.load();
  /** @type {Map<string, () => void>} */
  const waiting = new Map();
  let last = 0;
  const engine = new Engine({
    ...state,
    clock: nodeClock,
    newId: () => `i${++last}`,
    defer: setImmediate,
    guestFor: async () => guest,
    onproblem: ({ error }) => {
      throw error;
    },
  });
  engine.open();
  engine.observe((additions) => {
    for (const { id, entry } of additions) if (entry?.event === WORKFLOW_SUCCESS) waiting.get(id)?.();
  });
  // The guest has the code already.
  const code = { root: ".", main: "workloads.py", vars: "{}", versionId: "1", stepLimit: null };
  for (const name of classes) await engine.saveWorkflow({ name, className: name, ...code });
  return {
    async run() {
      const id = `i${++last}`;
      const ended = new Promise((resolve) => waiting.set(id, () => resolve(undefined)));
      await engine.creator.create("Sequential", { id, params: JSON.stringify({ steps: STEPS }) });
      await ended;
      waiting.delete(id);
    },
    async close() {
      engine.close();
      await guest.dispose();
    },
  };
}

async function openLedger() {
  const ledger = new PostgresLedger(connectWith(database), { schema, now: () => performance.now() });
  await ledger.open();
  return await AttachedLedger.attach(ledger, {
    clock: nodeClock,
    name: "benchmark",
    leaseMs: 60_000,
    onheld: () => false,
  });
}

const store = new SqliteStore(openDriver(join(folder, "state.sqlite")));
const attached = await openLedger();
const { acknowledge, nextNumber } = attached;
const benches = {
  file: await openBench({ store }),
  ledger: await openBench({ store: attached.store, acknowledge, nextNumber }),
};

/** @param {keyof typeof benches} kind @param {number} concurrency @returns {Promise<number>} steps in a second */
async function measure(kind, concurrency) {
  const instances = INSTANCES[concurrency] ?? 10 * concurrency;
  const { ms } = await times(instances, concurrency, () => benches[kind].run());
  return (instances * STEPS * 1000) / ms;
}

try {
  for (const concurrency of values.concurrency.split(",").map(Number)) {
    /** @type {Record<keyof typeof benches, number[]>} */
    const figures = { file: [], ledger: [] };
    for (let turn = 0; turn <= Number(values.repetitions); turn++) {
      for (const kind of kinds) {
        const found = await measure(kind, concurrency);
        // The first turn warms up.
        if (turn > 0) figures[kind].push(found);
      }
    }
    if (kinds.length === 1) {
      process.stdout.write(`${JSON.stringify({ steps_per_s: quantile(figures[kinds[0]], 0.5) })}\n`);
      continue;
    }
    const [file, ledger] = [figures.file, figures.ledger].map((each) => quantile(each, 0.5));
    const shown = (/** @type {number[]} */ each) =>
      `${Math.round(quantile(each, 0.5))} [${Math.round(Math.min(...each))}–${Math.round(Math.max(...each))}]`;
    const bar = BARS[concurrency] === undefined ? "" : `, to reach: ${BARS[concurrency]}`;
    process.stdout.write(
      `${concurrency} at a time: file ${shown(figures.file)}, PostgreSQL ${shown(figures.ledger)} steps/s; ratio ${(ledger / file).toFixed(2)}${bar}\n`,
    );
  }
} finally {
  for (const bench of Object.values(benches)) await bench.close();
  await attached.leave();
  store.close();
  rmSync(folder, { recursive: true });
  const session = await connectWith(database)("benchmark");
  await session.run(`DROP SCHEMA "${schema}" CASCADE`);
  await session.close();
}
