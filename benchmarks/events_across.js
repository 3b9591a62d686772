/**
 * Events that other engines send: `node benchmarks/events_across.js --database postgres://…`.
 *
 * Three engines in this process share a state. Each instance waits for events one after the other and is parked after each, so
 * that every event wakes an instance that is parked or is just about to be. First the events are sent one at a time, for the time until
 * the workflow's code has them; then many at once. An event that is lost leaves an instance that waits for ever: the program says how
 * many those are, and exits with 1.
 */

import { parseArgs } from "node:util";
import { AttachedLedger } from "../js/ledger/attached_ledger.js";
import { PARTS, partOf } from "../js/ledger/parts.js";
import { connectWith } from "../js/ledger/postgres/pg_session.js";
import { PostgresLedger } from "../js/ledger/postgres/postgres_ledger.js";
import { SharedEngine } from "../js/ledger/shared_engine.js";
import { nodeClock } from "../js/server/clock.js";
import { FakeGuest } from "../tests/engine/fake_guest.js";
import { quantile } from "./bench.js";

const ENGINES = 3;
const EVENTS_OF_INSTANCE = 100;
const ALONE = 500;
/** After so long without a completion the instances that are left wait for a lost event. */
const PATIENCE_MS = 60_000;
/** @type {import("../js/store/store.d.ts").NewWorkflow} */
const WORKFLOW = {
  name: "flow",
  className: "Flow",
  root: ".",
  main: "flow.py",
  vars: "{}",
  versionId: "1",
  stepLimit: null,
};

const { values } = parseArgs({
  options: {
    database: { type: "string" },
    events: { type: "string", default: "100000" },
    concurrency: { type: "string", default: "64" },
  },
});
if (!values.database) {
  process.stderr.write("Give the address of a database with --database postgres://user@host:port/database.\n");
  process.exit(2);
}
const database = values.database;
const schema = `events_${process.pid}`;
/** How long each event took that was sent alone, in ms. @type {number[]} */
const latencies = [];
let completed = 0;
let measuring = true;

/** @type {import("../tests/engine/fake_guest.js").Run} */
async function flow(_event, step) {
  for (let n = 0; n < EVENTS_OF_INSTANCE; n++) {
    const { payload } = await step.waitForEvent(`wait ${n}`, { type: "go", timeout: "1 day" });
    // Of a replay, too: those are later, and a lower bound is the least of them.
    if (measuring) arrived.get(payload)?.();
  }
  completed += 1;
  return undefined;
}

/** Who waits for an event to arrive. @type {Map<number, () => void>} */
const arrived = new Map();

/** @param {number} place */
async function join(place) {
  const ledger = new PostgresLedger(connectWith(database), { schema, now: () => performance.now() });
  await ledger.open();
  const attached = await AttachedLedger.attach(ledger, {
    clock: nodeClock,
    name: `engine ${place}`,
    leaseMs: 60_000,
    shares: true,
    onheld: () => true,
  });
  let last = 0;
  const guest = new FakeGuest(flow);
  const engine = new SharedEngine(
    {
      clock: nodeClock,
      newId: () => `${place}-${++last}`,
      defer: setImmediate,
      guestFor: async () => guest,
      keepParked: 0,
      onproblem({ error }) {
        throw error;
      },
    },
    attached,
  );
  engine.open();
  await engine.saveWorkflow(WORKFLOW);
  return { engine, attached };
}

/** @param {number} ms */
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** @type {Awaited<ReturnType<typeof join>>[]} */
const members = [];
for (let place = 1; place <= ENGINES; place++) members.push(await join(place));
const isShared = () => members.every(({ engine }) => engine.division.parts <= Math.ceil(PARTS / ENGINES));
while (!isShared()) await rest(100);

const events = Number(values.events);
const ids = Array.from({ length: Math.ceil(events / EVENTS_OF_INSTANCE) }, (_, n) => `i${n}`);
for (const id of ids) await members[0].engine.creator.create("flow", { id });

/** An engine that does not run the instance. @param {string} id @param {number} n */
function stranger(id, n) {
  const { byPart } = held;
  const others = members.filter(({ attached }) => attached.member.id !== byPart[partOf("flow", id)]);
  return others[n % others.length].engine;
}
const held = await members[0].attached.ledger.readHolders();

const [alone, ...together] = ids;
for (let n = 0; n < Math.min(ALONE, EVENTS_OF_INSTANCE); n++) {
  const began = performance.now();
  const seen = new Promise((resolve) => arrived.set(n, () => resolve(undefined)));
  await stranger(alone, n).commands.sendEvent("flow", alone, "go", String(n));
  await seen;
  latencies.push(performance.now() - began);
  arrived.delete(n);
}
measuring = false;

const queue = together.flatMap((id) => Array.from({ length: EVENTS_OF_INSTANCE }, (_, n) => ({ id, n })));
queue.sort((one, other) => one.n - other.n);
const began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: Number(values.concurrency) }, async () => {
    while (next < queue.length) {
      const { id, n } = queue[next++];
      await stranger(id, n).commands.sendEvent("flow", id, "go", String(n));
    }
  }),
);
const sentMs = performance.now() - began;
let seen = -1;
for (let since = performance.now(); completed < ids.length && performance.now() - since < PATIENCE_MS;) {
  if (completed !== seen) [seen, since] = [completed, performance.now()];
  await rest(50);
}
const counts = await members[0].engine.countByStatus("flow");

process.stdout.write(
  `one at a time: p50 ${quantile(latencies, 0.5).toFixed(1)} ms, p95 ${quantile(latencies, 0.95).toFixed(1)} ms until the workflow has it (aim: p50 10 ms)\n`,
);
process.stdout.write(
  `${queue.length} events, ${values.concurrency} at a time: ${Math.round((queue.length * 1000) / sentMs)} events/s; instances ${JSON.stringify(counts)}\n`,
);
const waiting = ids.length - (counts.complete ?? 0);
process.stdout.write(`${waiting} instances wait for an event that was lost\n`);

for (const { engine, attached } of members) {
  engine.close();
  await attached.leave();
}
const session = await connectWith(database)("benchmark");
await session.run(`DROP SCHEMA "${schema}" CASCADE`);
await session.close();
process.exit(waiting === 0 ? 0 : 1);
