/** Attributes and targets: how values are reached, and where they are kept. */

/** @import { Class, Instance, Tree, Value } from "./values.js" */
/** @import { Walker } from "./walker.js" */

import { HOLE } from "../node_of_step.js";
import { Frame } from "./scopes.js";
import { ENVIRONMENT, UNKNOWN, choose, elementOf, isPlain, itemsOf, manyOf, single, textOf } from "./values.js";

export const STEP_METHODS = new Set(["do", "sleep", "sleepUntil", "waitForEvent"]);
const MOST_BASES = 20;

/** @type {{ [K in Value["kind"]]?: (walker: Walker, owner: Extract<Value, { kind: K }>, name: string) => Value }} */
const READERS = {
  step: (_walker, _owner, name) => (STEP_METHODS.has(name) ? { kind: "stepMethod", method: name } : UNKNOWN),
  instance: ofInstance,
  class: (walker, owner, name) => member(walker, owner, name, true, null).value ?? UNKNOWN,
  module: (_walker, owner, name) => owner.scope.find(name) ?? UNKNOWN,
  library: (_walker, owner, name) => ({ kind: "library", name: `${owner.name}.${name}` }),
  environment: (_walker, _owner, name) => ({ kind: "binding", name, isDynamic: false }),
  table: (_walker, owner, name) => single(owner.entries.get(name) ?? owner.entries.get(HOLE) ?? UNKNOWN),
  choice: (walker, owner, name) =>
    choose(
      owner.options.map(([label, each]) => [label, attribute(walker, each, name)]),
      owner.discriminant,
    ),
};

/** What `owner.name` gives. @param {Walker} walker @param {Value} owner @param {string} name @returns {Value} */
export function attribute(walker, owner, name) {
  const reader = /** @type {((walker: Walker, owner: Value, name: string) => Value) | undefined} */ (
    READERS[owner.kind]
  );
  return reader?.(walker, owner, name) ?? { kind: "method", owner, name };
}

/** @param {Walker} walker @param {Instance} owner @param {string} name @returns {Value} */
function ofInstance(walker, owner, name) {
  const own = owner.attributes.get(name);
  if (own) return own;
  if (name === "env") return ENVIRONMENT;
  const { value, definedIn, isGetter } = member(walker, owner.madeFrom, name, false, owner.startAfter);
  if (value?.kind !== "function") return value ?? UNKNOWN;
  /** @type {Instance} */
  const self = { ...owner, startAfter: null };
  const method = { ...value, owner: self, definedIn };
  return isGetter ? walker.call({ callee: method, arguments: [], node: value.node }) : method;
}

/**
 * What a class, or one of its bases, has under a name, and the class that has it.
 *
 * @param {Walker} walker
 * @param {Class} of
 * @param {string} name
 * @param {boolean} isStatic
 * @param {Tree} startAfter the class after which the search begins, for `super`
 * @returns {{ value: Value | null, definedIn: Tree, isGetter?: boolean }}
 */
export function member(walker, of, name, isStatic, startAfter) {
  let isAfter = startAfter === null;
  for (const each of bases(walker, of)) {
    if (!isAfter) {
      isAfter = each.node === startAfter;
      continue;
    }
    const found = each.node.body.body.findLast(
      (/** @type {Tree} */ node) => node.key && keyName(node) === name && Boolean(node.static) === isStatic,
    );
    if (!found) continue;
    if (found.type === "MethodDefinition") {
      /** @type {Value} */
      const value = { kind: "function", node: found.value, name, scope: each.scope, owner: null, definedIn: each.node };
      return { value, definedIn: each.node, isGetter: found.kind === "get" };
    }
    return { value: found.value ? inScope(walker, each, found.value, name) : UNKNOWN, definedIn: each.node };
  }
  return { value: null, definedIn: null };
}

/** @param {Tree} node a member of a class or an object @returns {string | null} null where only a run knows it */
export function keyName({ key, computed }) {
  if (!computed && key.type === "Identifier") return key.name;
  if (key.type === "PrivateIdentifier") return `#${key.name}`;
  return key.type === "Literal" ? String(key.value) : null;
}

/** A class and those of the source that it derives from, the nearest first. @param {Walker} walker @param {Class} of @returns {Class[]} */
export function bases(walker, of) {
  const found = [of];
  for (const each of found) {
    if (found.length >= MOST_BASES || !each.node.superClass) break;
    const base = inScope(walker, each, each.node.superClass, "");
    if (base.kind === "class") found.push(base);
  }
  return found;
}

/** @param {Walker} walker @param {Class} made @param {Tree} node @param {string} name @returns {Value} */
export function inScope(walker, made, node, name) {
  const outside = walker.frame;
  walker.frame = new Frame(made.scope, null, made.node);
  try {
    return walker.evaluate(node, name);
  } finally {
    walker.frame = outside;
  }
}

/** Assign to a target. @param {Walker} walker @param {Tree} target @param {Value} value @param {boolean} [isDeclared] */
export function bindTarget(walker, target, value, isDeclared = false) {
  const { scope } = walker.frame;
  switch (target.type) {
    case "Identifier":
      if (isDeclared) scope.bind(target.name, value);
      else scope.assign(target.name, value);
      break;
    case "AssignmentPattern":
      bindTarget(walker, target.left, value.kind === "unknown" ? walker.evaluate(target.right) : value, isDeclared);
      break;
    case "RestElement":
      bindTarget(walker, target.argument, value, isDeclared);
      break;
    case "ArrayPattern":
      unpack(walker, target.elements, value, isDeclared);
      break;
    case "ObjectPattern":
      for (const property of target.properties) {
        const name = property.type === "Property" ? keyName(property) : null;
        const part = name === null ? UNKNOWN : attribute(walker, value, name);
        const isMethod = part.kind === "method" || part.kind === "library";
        bindTarget(walker, property.value ?? property.argument, isMethod ? UNKNOWN : part, isDeclared);
      }
      break;
    case "MemberExpression":
      bindMember(walker, target, value);
      break;
    case "TSAsExpression":
    case "TSNonNullExpression":
      bindTarget(walker, target.expression, value, isDeclared);
  }
}

/** @param {Walker} walker @param {Tree} target @param {Value} value */
function bindMember(walker, target, value) {
  const owner = walker.evaluate(target.object);
  const key = target.computed
    ? walker.evaluate(target.property)
    : textOf(keyName({ key: target.property, computed: false }) ?? HOLE);
  const name = key.kind === "text" && !key.isDynamic ? key.text : null;
  // Texts and numbers of an object may change between any two steps.
  if (owner.kind === "instance" && name !== null) owner.attributes.set(name, isPlain(value) ? UNKNOWN : value);
  if (owner.kind === "table") owner.entries.set(name ?? HOLE, name === null ? manyOf(value) : value);
}

/** @param {Walker} walker @param {Tree[]} targets @param {Value} value @param {boolean} isDeclared */
function unpack(walker, targets, value, isDeclared) {
  const items = value.kind === "items" ? value.items : [];
  const isExact = items.length >= targets.length && !items.some(({ kind }) => kind === "many");
  for (const [index, target] of targets.entries()) {
    if (!target) continue;
    const rest = target.type === "RestElement" ? (value.kind === "items" ? itemsOf(items.slice(index)) : value) : null;
    bindTarget(walker, target, rest ?? (isExact ? (items[index] ?? UNKNOWN) : elementOf(value)), isDeclared);
  }
}
