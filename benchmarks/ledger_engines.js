/**
 * Two engines beside one on the same state in PostgreSQL: `node benchmarks/ledger_engines.js --database postgres://…`.
 *
 * In turns: processes that do nothing but write what 20 instances write at a time, and processes with a real engine and a real
 * interpreter that run workflows of ten trivial steps, 20 at a time. Each process gets as much of the processors as the database and the
 * others leave: the program says how much that was.
 */

import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { AttachedLedger } from "../js/ledger/attached_ledger.js";
import { batchOf } from "../js/ledger/batch.js";
import { PARTS } from "../js/ledger/parts.js";
import { connectWith } from "../js/ledger/postgres/pg_session.js";
import { PostgresLedger } from "../js/ledger/postgres/postgres_ledger.js";
import { SharedEngine } from "../js/ledger/shared_engine.js";
import { nodeClock } from "../js/server/clock.js";
import { entry } from "../tests/ledger/rows.js";
import { newGuest, quantile } from "./bench.js";

const AT_ONCE = 20;
const STEPS = 10;
const MEASURE_MS = 3000;
const BAR = 1.7;
/** @typedef {"writes" | "engine"} Kind */
/** @typedef {{ steps: number, cores: number }} Figure what a process has done in a second, and how many processors it has used */

/** Write what *AT_ONCE* instances write: two rows of the log for each step. @param {PostgresLedger} ledger @param {number} place */
async function writing(ledger, place) {
  const me = await ledger.join(`writer ${place}`, 600_000, { shares: true });
  let seq = 0;
  return async () => {
    const instances = Array.from({ length: AT_ONCE }, (_, n) => 1_000_000 * (place + 1) + n);
    const rows = instances.flatMap((instance) => [
      entry(instance, seq + 1),
      entry(instance, seq + 2, { name: "step", count: 1, value: "1" }),
    ]);
    seq += 2;
    await ledger.write(me, batchOf(rows));
    return AT_ONCE;
  };
}

/** Run workflows. @param {PostgresLedger} ledger @param {number} place @param {number} engines */
async function running(ledger, place, engines) {
  const attached = await AttachedLedger.attach(ledger, {
    clock: nodeClock,
    name: `engine ${place}`,
    leaseMs: 60_000,
    shares: true,
    onheld: () => true,
  });
  const guest = newGuest();
  await guest.load();
  let last = 0;
  const engine = new SharedEngine(
    {
      clock: nodeClock,
      newId: () => `${place}-${++last}`,
      defer: setImmediate,
      guestFor: async () => guest,
      onproblem({ error }) {
        throw error;
      },
    },
    attached,
  );
  engine.open();
  const code = { root: ".", main: "workloads.py", vars: "{}", versionId: "1", stepLimit: null };
  await engine.saveWorkflow({ name: "Sequential", className: "Sequential", ...code });
  while (engine.division.parts > Math.ceil(PARTS / engines)) await rest(50);
  /** @type {Map<string, () => void>} */
  const waiting = new Map();
  engine.observe((additions) => {
    for (const { id, entry: added } of additions) if (added?.event === 2) waiting.get(id)?.();
  });
  return async () => {
    const id = engine.creator.idHere("Sequential");
    const ended = new Promise((resolve) => waiting.set(id, () => resolve(undefined)));
    await engine.creator.create("Sequential", { id, params: JSON.stringify({ steps: STEPS }) });
    await ended;
    waiting.delete(id);
    return STEPS;
  };
}

/** @param {number} ms */
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** The process that is measured. @param {{ database: string, schema: string, kind: Kind, place: number, engines: number }} options */
async function measured({ database, schema, kind, place, engines }) {
  const ledger = new PostgresLedger(connectWith(database), { schema, now: () => performance.now() });
  await ledger.open();
  const act = kind === "writes" ? await writing(ledger, place) : await running(ledger, place, engines);
  const clients = kind === "writes" ? 1 : AT_ONCE;
  for (let n = 0; n < 5; n++) await Promise.all(Array.from({ length: clients }, act));
  process.send?.("ready");
  process.once("message", () => void measureNow(act, clients).then((figure) => process.send?.(figure)));
}

/** @param {() => Promise<number>} act @param {number} clients @returns {Promise<Figure>} */
async function measureNow(act, clients) {
  const [began, cpu] = [performance.now(), process.cpuUsage()];
  let steps = 0;
  const client = async () => {
    while (performance.now() - began < MEASURE_MS) {
      // The sum as it is afterwards: others have added to it meanwhile.
      const done = await act();
      steps += done;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const [ms, { user, system }] = [performance.now() - began, process.cpuUsage(cpu)];
  return { steps: (steps * 1000) / ms, cores: (user + system) / 1000 / ms };
}

/** @param {string} database @param {Kind} kind @param {number} engines @returns {Promise<Figure>} of all processes together */
async function measure(database, kind, engines) {
  const schema = `engines_${process.pid}`;
  const children = Array.from({ length: engines }, (_, place) =>
    fork(fileURLToPath(import.meta.url), [JSON.stringify({ database, schema, kind, place, engines })]),
  );
  const next = (/** @type {import("node:child_process").ChildProcess} */ child) =>
    new Promise((resolve, reject) => {
      child.once("message", resolve);
      child.once("exit", (code) => reject(new Error(`a process has ended with ${code}`)));
    });
  try {
    await Promise.all(children.map(next));
    const figures = children.map(next);
    for (const child of children) child.send("go");
    const all = /** @type {Figure[]} */ (await Promise.all(figures));
    return { steps: sum(all.map(({ steps }) => steps)), cores: sum(all.map(({ cores }) => cores)) };
  } finally {
    for (const child of children) child.kill("SIGKILL");
    const session = await connectWith(database)("benchmark");
    await session.run(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`);
    await session.close();
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((all, each) => all + each, 0);
}

async function main() {
  const { values } = parseArgs({
    options: { database: { type: "string" }, repetitions: { type: "string", default: "7" } },
  });
  if (!values.database) {
    process.stderr.write("Give the address of a database with --database postgres://user@host:port/database.\n");
    process.exit(2);
  }
  for (const kind of /** @type {Kind[]} */ (["writes", "engine"])) {
    /** @type {Figure[][]} */
    const found = [[], []];
    for (let turn = 0; turn < Number(values.repetitions); turn++)
      for (const engines of [1, 2]) found[engines - 1].push(await measure(values.database, kind, engines));
    const [one, two] = found.map((each) =>
      quantile(
        each.map(({ steps }) => steps),
        0.5,
      ),
    );
    const cores = found.map((each) =>
      quantile(
        each.map((figure) => figure.cores),
        0.5,
      ).toFixed(2),
    );
    const aim = kind === "writes" ? `, to reach: ${BAR}` : "";
    process.stdout.write(
      `${kind}: one ${Math.round(one)} steps/s with ${cores[0]} processors, two ${Math.round(two)} with ${cores[1]}; ratio ${(two / one).toFixed(2)}${aim}\n`,
    );
  }
}

if (process.send) await measured(JSON.parse(process.argv[2]));
else await main();
