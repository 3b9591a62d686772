/** What is awaited, where it is created, and what runs at the same time. */

/** @import { Deferred, Value } from "./values.js" */
/** @import { Walker } from "./walker.js" */

import { asOne, firstLeaves, hasContent, lastLeaves, leaves } from "../nodes.js";
import { UNKNOWN, itemsOf, promiseOf } from "./values.js";

/**
 * Await a value. Nodes that begin here have neither `starts` nor `resolves`.
 *
 * @param {Walker} walker
 * @param {Value} value
 * @returns {Value}
 */
export function settle(walker, value) {
  if (value.kind === "promise") {
    if (value.begin) begin(value);
    else resolve(walker, [value]);
    return value.result;
  }
  if (value.kind !== "choice") return value;
  const waiting = promisesAmong(value.options);
  if (waiting.length <= 1) return waiting[0] ? settle(walker, waiting[0][1]) : UNKNOWN;
  settleChoice(walker, waiting, value.discriminant);
  return UNKNOWN;
}

/** @param {Deferred} promise */
function begin(promise) {
  const run = promise.begin;
  promise.begin = null;
  if (run) promise.result = run();
}

/** @param {[string | null, Value][]} options @returns {[string | null, Deferred][]} */
function promisesAmong(options) {
  return options.flatMap(([label, value]) =>
    value.kind === "promise" ? [/** @type {[string | null, Deferred]} */ ([label, value])] : [],
  );
}

/** @param {Walker} walker @param {[string | null, Deferred][]} options @param {string | null} discriminant */
function settleChoice(walker, options, discriminant) {
  const branches = options.map(([condition, promise]) => ({
    condition,
    nodes: walker.collect(() => void settle(walker, promise)),
  }));
  if (!branches.some(({ nodes }) => hasContent(nodes))) return;
  if (discriminant === null) walker.emit({ type: "if", branches });
  else walker.emit({ type: "switch", discriminant, branches });
}

/** Begin without awaiting: the nodes get `starts` here, and `resolves` where they are awaited. @param {Walker} walker @param {Value} value */
export function start(walker, value) {
  if (value.kind !== "promise" || !value.begin) return;
  const made = walker.collect(() => begin(value));
  const nodes = value.isMany && made.length > 0 ? [{ type: "loop", nodes: made }] : made;
  track(walker, value, nodes);
  if (nodes.length === 0) return;
  const node = asOne(nodes);
  value.nodes = [node];
  walker.emit(node);
}

/** @param {Walker} walker @param {Deferred} promise @param {any[]} nodes */
function track(walker, promise, nodes) {
  promise.frame = walker.frame;
  promise.leaves = lastLeaves(nodes);
  for (const leaf of firstLeaves(nodes)) leaf.starts ??= walker.frame.counter;
}

/** At the end of a statement: what was called and not awaited has begun. @param {Walker} walker */
export function startAll(walker) {
  const { unstarted } = walker;
  walker.unstarted = [];
  for (const promise of unstarted) start(walker, promise);
}

/** Await promises that began before, all at once. @param {Walker} walker @param {Deferred[]} promises */
function resolve(walker, promises) {
  const open = promises.flatMap(({ frame, leaves: ends }) =>
    ends.filter((leaf) => leaf.resolves === undefined).map((leaf) => ({ frame: frame ?? walker.frame, leaf })),
  );
  const counts = new Map([...new Set(open.map(({ frame }) => frame))].map((frame) => [frame, frame.advance()]));
  for (const { frame, leaf } of open) leaf.resolves = counts.get(frame);
}

/**
 * Begin all of the values at the same time, as one node. Awaiting the result awaits them all.
 *
 * @param {Walker} walker
 * @param {Value[]} given
 * @param {"all" | "any" | "all_settled" | "race"} kind
 */
export function gather(walker, given, kind) {
  const values = given.flatMap((value) => (value.kind === "items" ? value.items : [value]));
  const begun = values.flatMap(promisesIn).filter((promise) => !promise.begin);
  const entries = takeBack(walker, begun);
  const group = promiseOf(null, itemsOf(values));
  for (const value of values) {
    const nodes = walker.collect(() => beginEntry(walker, value));
    if (nodes.length === 0) continue;
    entries.push(asOne(nodes));
    track(walker, group, nodes);
  }
  group.frame = walker.frame;
  group.leaves = [
    ...new Set([...entries.flatMap((entry) => lastLeaves([entry])), ...begun.flatMap((each) => each.leaves)]),
  ];
  if (entries.length > 0) {
    group.nodes = [{ type: "parallel", kind, nodes: entries }];
    walker.emit(group.nodes[0]);
  }
  return group;
}

/** Begin one entry of a group; a callback of `map` is a loop of entries. @param {Walker} walker @param {Value} value */
function beginEntry(walker, value) {
  if (value.kind === "promise") {
    if (value.begin) begin(value);
  } else if (value.kind === "many") {
    const nodes = walker.collect(() => beginEntry(walker, value.value));
    if (nodes.length > 0) walker.emit({ type: "loop", nodes });
  } else if (value.kind === "choice") {
    settleChoice(
      walker,
      promisesAmong(value.options).filter(([, promise]) => promise.begin),
      value.discriminant,
    );
  } else if (value.kind === "items") for (const item of value.items) beginEntry(walker, item);
  else if (value.kind === "table") for (const item of value.entries.values()) beginEntry(walker, item);
}

/** @param {Value} value @returns {Deferred[]} */
function promisesIn(value) {
  if (value.kind === "promise") return [value];
  if (value.kind === "many") return promisesIn(value.value);
  if (value.kind === "items") return value.items.flatMap(promisesIn);
  return value.kind === "choice" ? value.options.flatMap(([, option]) => promisesIn(option)) : [];
}

/**
 * Take the nodes of promises out of the block, where nothing came after them: what begins right before it is gathered is
 * drawn as what begins inside the call.
 *
 * @param {Walker} walker
 * @param {Deferred[]} begun
 * @returns {any[]}
 */
function takeBack(walker, begun) {
  const wanted = new Set(begun.flatMap(({ nodes }) => leaves(nodes)));
  const { block } = walker.frame;
  const end = block.findLastIndex(
    (node) => leaves([node]).length === 0 || leaves([node]).some((leaf) => !wanted.has(leaf)),
  );
  const found = leaves(block.slice(end + 1));
  return found.length === wanted.size ? block.splice(end + 1) : [];
}
