/**
 * The graph of an instance by the order of its log: an edge leads from each step to those that began after its end with
 * nothing whole in between. That is a fact; nothing is guessed.
 */

/** @import { InstanceEvent } from "../run.d.ts" */
/** @import { StepRow } from "./steps.js" */

/** Above this many steps, those of one name are one node. */
const MOST_NODES = 80;
/** Above this many names, those that came last are one node. */
const MOST_NAMES = 200;
const MORE_NAMES = "… more steps";

/**
 * @typedef {{ id: string, name: string, kind: string, state: string, runs: StepRow[] }} GraphStep
 * @typedef {{ from: string, to: string }} GraphEdge
 */

/**
 * @param {StepRow[]} rows
 * @param {InstanceEvent[]} events
 * @returns {{ nodes: GraphStep[], edges: GraphEdge[] }}
 */
export function stepGraph(rows, events) {
  const forward = rows.filter(({ kind }) => kind !== "rollback");
  const isJoined = forward.length > MOST_NODES;
  /** @type {Map<string, StepRow[]>} */
  const runs = new Map();
  const idOf = (/** @type {StepRow} */ { name, count }) => (isJoined || count === 1 ? name : `${name} #${count}`);
  /** @type {Map<StepRow, string>} */
  const ids = new Map();
  for (const row of forward) {
    const own = idOf(row);
    const id = runs.has(own) || runs.size < MOST_NAMES ? own : MORE_NAMES;
    ids.set(row, id);
    const known = runs.get(id);
    if (known) known.push(row);
    else runs.set(id, [row]);
  }
  const nodes = [...runs].map(([id, own]) => {
    const [{ name, kind }] = own;
    return { id, name, kind, state: worst(own), runs: own };
  });
  return { nodes, edges: afters(forward, events, (row) => ids.get(row) ?? row.name) };
}

/**
 * @param {StepRow[]} rows @param {InstanceEvent[]} events
 * @param {(row: StepRow) => string} idOf
 * @returns {GraphEdge[]}
 */
function afters(rows, events, idOf) {
  const known = spans(events);
  const steps = rows.map((row) => ({
    id: idOf(row),
    ...(known.get(targetOf(row)) ?? { start: Infinity, end: Infinity }),
  }));
  const byStart = steps.toSorted((one, other) => one.start - other.start);
  const byEnd = steps.toSorted((one, other) => one.end - other.end);
  /** @type {Map<string, GraphEdge>} */
  const edges = new Map();
  let ended = 0;
  let latestStart = -Infinity;
  for (const step of byStart) {
    for (; ended < byEnd.length && (byEnd[ended]?.end ?? Infinity) < step.start; ended++)
      latestStart = Math.max(latestStart, byEnd[ended]?.start ?? -Infinity);
    for (let index = ended - 1; index >= 0; index--) {
      const before = byEnd[index];
      if (!before || before.end <= latestStart) break;
      if (before.id !== step.id) edges.set(`${before.id}\n${step.id}`, { from: before.id, to: step.id });
    }
  }
  return [...edges.values()];
}

/** @param {StepRow} row */
function targetOf({ detail, kind }) {
  return `${PREFIXES[kind] ?? "step_"} ${detail.type === "termination" ? "" : detail.name}`;
}

/** @type {Record<string, string>} */
const PREFIXES = { do: "step_", sleep: "sleep_", waitForEvent: "wait_" };

/** Where steps begin and end in the log: its entries have an order even within a millisecond. @param {InstanceEvent[]} events */
function spans(events) {
  /** @type {Map<string, { start: number, end: number }>} */
  const found = new Map();
  for (const { type, stepName, eventId = 0 } of events) {
    const prefix = Object.values(PREFIXES).find((each) => type.startsWith(each));
    if (!prefix || stepName === undefined) continue;
    const key = `${prefix} ${stepName}`;
    const span = found.get(key) ?? { start: Infinity, end: Infinity };
    found.set(key, type.endsWith("_started") ? { ...span, start: eventId } : { ...span, end: eventId });
  }
  return found;
}

const BY_URGENCY = ["failed", "running", "retrying", "waiting", "sleeping", "held", "stopped", "done"];

/** The state of several steps: that which people want to know of first. @param {StepRow[]} runs */
export function worst(runs) {
  return BY_URGENCY.find((state) => runs.some((run) => run.state === state)) ?? "pending";
}
