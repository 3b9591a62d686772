/**
 * The graph of an instance: the steps that the source declares and those that have run, joined by what they depend on,
 * and by what came after what.
 *
 * Dependencies are those of the source. The order is that of the log: an edge leads from each step to those that began
 * after its end with nothing whole in between. Both are facts; nothing is guessed.
 */

/** @import { Graph, InstanceEvent } from "../../host.d.ts" */
/** @import { StepRow } from "./steps.js" */

/** Above this many steps, those of one name are one node. */
const MOST_NODES = 80;

/**
 * @typedef {{ id: string, name: string, kind: string, state: string, runs: StepRow[], line?: number, file?: string, count: number }} GraphStep
 * @typedef {{ from: string, to: string, kind: "depends" | "after" }} GraphEdge
 */

/**
 * @param {StepRow[]} rows
 * @param {InstanceEvent[]} events
 * @param {Graph | null} declared
 * @returns {{ nodes: GraphStep[], edges: GraphEdge[] }}
 */
export function stepGraph(rows, events, declared) {
  const forward = rows.filter(({ kind }) => kind !== "rollback");
  const isJoined = forward.length > MOST_NODES;
  const idOf = (/** @type {{ name: string, count: number }} */ { name, count }) =>
    isJoined || count === 1 ? name : `${name} #${count}`;
  /** @type {Map<string, GraphStep>} */
  const nodes = new Map();
  for (const { name, kind, line, file } of declared?.nodes ?? [])
    if (!nodes.has(name)) nodes.set(name, { id: name, name, kind, state: "pending", runs: [], line, file, count: 1 });
  for (const row of forward) {
    const id = idOf(row);
    const known = nodes.get(id) ?? { id, name: row.name, kind: row.kind, state: "pending", runs: [], count: row.count };
    const runs = [...known.runs, row];
    nodes.set(id, { ...known, runs, state: worst(runs) });
  }
  const edges = [...dependencies(declared, nodes), ...(isJoined ? [] : afters(forward, events, idOf))];
  /** @type {Map<string, GraphEdge>} */
  const unique = new Map();
  for (const edge of edges) {
    const key = `${edge.from}\n${edge.to}`;
    if (edge.from !== edge.to && !unique.has(key)) unique.set(key, edge);
  }
  return { nodes: [...nodes.values()], edges: [...unique.values()] };
}

/** @param {Graph | null} declared @param {Map<string, GraphStep>} nodes @returns {GraphEdge[]} */
function dependencies(declared, nodes) {
  return (declared?.edges ?? [])
    .filter(({ from, to }) => nodes.has(from) && nodes.has(to))
    .map(({ from, to }) => ({ from, to, kind: "depends" }));
}

/**
 * @param {StepRow[]} rows @param {InstanceEvent[]} events
 * @param {(step: { name: string, count: number }) => string} idOf
 * @returns {GraphEdge[]}
 */
function afters(rows, events, idOf) {
  const spans = rows.map((row) => ({ id: idOf(row), ...span(row, events) }));
  /** @type {GraphEdge[]} */
  const edges = [];
  for (const step of spans) {
    const before = spans.filter(({ end }) => end < step.start);
    const latestStart = Math.max(...before.map(({ start }) => start));
    for (const each of before) if (each.end > latestStart) edges.push({ from: each.id, to: step.id, kind: "after" });
  }
  return edges;
}

/** Where a step begins and ends in the log: its entries have an order even within a millisecond. @param {StepRow} row @param {InstanceEvent[]} events */
function span({ detail, kind }, events) {
  const prefix = kind === "sleep" ? "sleep_" : kind === "waitForEvent" ? "wait_" : "step_";
  const target = detail.type === "termination" ? "" : detail.name;
  let [start, end] = [Infinity, Infinity];
  for (const { type, stepName, eventId = 0 } of events) {
    if (stepName !== target || !type.startsWith(prefix)) continue;
    if (type.endsWith("_started")) start = eventId;
    else end = eventId;
  }
  return { start, end };
}

const BY_URGENCY = ["failed", "running", "retrying", "waiting", "sleeping", "held", "stopped", "done"];

/** @param {StepRow[]} runs */
function worst(runs) {
  return BY_URGENCY.find((state) => runs.some((run) => run.state === state)) ?? "pending";
}
