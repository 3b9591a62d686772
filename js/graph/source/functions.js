/** Functions and classes of the source: what a call of them runs. */

/** @import { Class, Instance, SourceFunction, Tree, Value } from "./values.js" */
/** @import { Call, Walker } from "./walker.js" */

import { tidyFunction, withoutEnds } from "../nodes.js";
import { merge } from "./merging.js";
import { bindTarget, inScope, keyName, member } from "./objects.js";
import { settle } from "./promises.js";
import { Frame, Scope } from "./scopes.js";
import { UNKNOWN, choose, itemsOf, promiseOf, single } from "./values.js";

/** Call a function of the source. An async one runs when its promise is awaited, or at the end of the statement. @param {Walker} walker @param {SourceFunction} callee @param {Call} given @returns {Value} */
export function callFunction(walker, callee, given) {
  if (!callee.node.async) return enter(walker, callee, given);
  const promise = promiseOf(() => enter(walker, callee, given));
  walker.unstarted.push(promise);
  return promise;
}

/** Read the body: one node for the call, and a definition where it has steps. @param {Walker} walker @param {SourceFunction} callee @param {Call} given @returns {Value} */
function enter(walker, callee, given) {
  if (walker.active.includes(callee.node)) {
    if (callee.name) walker.emit({ ...callNode(walker, callee, given), recursive: true });
    return UNKNOWN;
  }
  if (!walker.canEnter()) return walker.callDynamic(given);
  const frame = readBody(walker, callee, given.arguments);
  const nodes = tidyFunction(frame.block);
  if (nodes.length > 0 && callee.name === "") walker.frame.block.push(...nodes);
  else if (nodes.length > 0) {
    define(walker, callee, nodes, given);
    walker.emit(callNode(walker, callee, given));
  }
  return frame.returns.length > 0 ? choose(frame.returns.map((value) => [null, value])) : UNKNOWN;
}

/** Read the body in a frame of its own. @param {Walker} walker @param {SourceFunction} callee @param {Value[]} given @returns {Frame} */
export function readBody(walker, callee, given) {
  const { node } = callee;
  const isExpression = node.body.type !== "BlockStatement";
  const body = isExpression
    ? [{ type: "ReturnStatement", argument: node.body, start: node.body.start }]
    : node.body.body;
  const frame = new Frame(new Scope(callee.scope, callee.scope.file, body), callee.owner, callee.definedIn, node.async);
  const outside = { frame: walker.frame, unstarted: walker.unstarted };
  Object.assign(walker, { frame, unstarted: [] });
  walker.active.push(node);
  try {
    bindParameters(walker, node.params, given);
    walker.execute(body);
  } finally {
    walker.active.pop();
    walker.frame = outside.frame;
    walker.unstarted = [...outside.unstarted, ...frame.handedOn];
  }
  return frame;
}

/** @param {Walker} walker @param {Tree[]} parameters @param {Value[]} given */
function bindParameters(walker, parameters, given) {
  for (const [index, parameter] of parameters.entries()) {
    if (parameter.type === "RestElement") bindTarget(walker, parameter.argument, itemsOf(given.slice(index)), true);
    else bindTarget(walker, parameter.parameter ?? parameter, single(given[index] ?? UNKNOWN), true);
  }
}

/** @param {Walker} walker @param {SourceFunction} callee @param {Call} given */
function callNode(walker, callee, given) {
  return { type: "function_call", name: graphName(walker, callee), at: walker.place(given.node) };
}

/** The function's name in the graph, which no other one has. @param {Walker} walker @param {SourceFunction} callee */
function graphName(walker, callee) {
  const known = walker.definitions.get(callee.node);
  if (known) return known.name;
  const taken = new Set([...walker.definitions.values()].map(({ name }) => name));
  let { name } = callee;
  for (let count = 2; taken.has(name); count++) name = `${callee.name} (${count})`;
  walker.definitions.set(callee.node, { name, nodes: [] });
  return name;
}

/** Keep the nodes as the definition: what two calls do differently is dynamic in it. @param {Walker} walker @param {SourceFunction} callee @param {any[]} nodes @param {Call} given */
function define(walker, callee, nodes, given) {
  const name = graphName(walker, callee);
  const known = walker.definitions.get(callee.node)?.nodes ?? [];
  const isOther = known.length > 0 && JSON.stringify(known) !== JSON.stringify(nodes);
  const merged = isOther ? merge(name, known, nodes, walker.place(given.node).line) : nodes;
  walker.definitions.set(callee.node, { name, nodes: merged });
}

/** Make an object of a class of the source. @param {Walker} walker @param {Class} made @param {Call} given @returns {Value} */
export function makeInstance(walker, made, given) {
  /** @type {Instance} */
  const instance = { kind: "instance", madeFrom: made, attributes: new Map(), startAfter: null };
  initialise(walker, instance, given.arguments);
  return instance;
}

/** Run the constructor, and bind fields that are functions. @param {Walker} walker @param {Instance} instance @param {Value[]} given */
export function initialise(walker, instance, given) {
  for (const field of instance.madeFrom.node.body.body) {
    const name = field.type === "PropertyDefinition" && !field.static && field.value ? keyName(field) : null;
    if (name === null) continue;
    const value = inScope(walker, instance.madeFrom, field.value, name);
    if (value.kind === "function") instance.attributes.set(name, { ...value, owner: instance });
  }
  const { value, definedIn } = member(walker, instance.madeFrom, "constructor", false, null);
  if (value?.kind !== "function" || walker.active.includes(value.node) || !walker.canEnter()) return;
  // A constructor awaits nothing, so it runs no steps.
  readBody(walker, { ...value, owner: instance, definedIn }, given);
}

/** The steps and calls inside the callback of a step. @param {Walker} walker @param {Value | undefined} callback */
export function callbackNodes(walker, callback) {
  if (callback?.kind !== "function" || walker.active.includes(callback.node) || !walker.canEnter()) return [];
  const nodes = walker.collect(() => {
    const { unstarted } = walker;
    walker.unstarted = [];
    const frame = readBody(walker, callback, [UNKNOWN]);
    walker.frame.block.push(...frame.block);
    for (const value of frame.returns) settle(walker, value);
    walker.unstarted = unstarted;
  });
  return withoutEnds(tidyFunction(nodes));
}
