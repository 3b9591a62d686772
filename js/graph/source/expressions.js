/** Expressions: what they give, and which steps they run on the way. */

/** @import { Tree, Value } from "./values.js" */
/** @import { Walker } from "./walker.js" */

import { hasContent } from "../nodes.js";
import { HOLE } from "../node_of_step.js";
import { attribute, bindTarget, keyName } from "./objects.js";
import { settle } from "./promises.js";
import { childTrees } from "./scopes.js";
import { asText, join } from "./texts.js";
import { UNKNOWN, choose, elementOf, isPlain, itemsOf, manyOf, single, textOf } from "./values.js";

/** Names that every module has. */
const GLOBALS = new Set([
  "Promise",
  "Array",
  "Object",
  "String",
  "Number",
  "Math",
  "JSON",
  "Date",
  "Infinity",
  "console",
]);
const LARGEST_NUMBER = 1e18;

/** What a node gives. `name` is that of a function without one of its own. @typedef {(walker: Walker, node: Tree, name: string) => Value} Reader */

/** @param {Walker} walker @param {Tree} node @param {string} [name] @returns {Value} */
export function evaluate(walker, node, name = "") {
  const reader = READERS[node.type];
  if (reader) return reader(walker, node, name);
  for (const child of childTrees(node)) if (!child.type.endsWith("Statement")) evaluate(walker, child);
  return UNKNOWN;
}

/** @type {Record<string, Reader>} */
const READERS = {
  Literal: (_walker, { value }) => {
    if (typeof value === "string") return textOf(value);
    const isKnown = value === null || typeof value === "number" || typeof value === "boolean";
    return isKnown ? { kind: "constant", value } : UNKNOWN;
  },
  TemplateLiteral: (walker, node) => {
    const parts = [];
    for (const [index, quasi] of node.quasis.entries()) {
      parts.push(textOf(quasi.value.cooked ?? ""));
      if (node.expressions[index]) parts.push(asText(evaluate(walker, node.expressions[index])));
    }
    return join(parts);
  },
  Identifier: (walker, node) => {
    if (node.name === "undefined") return { kind: "constant", value: undefined };
    const found = walker.frame.scope.find(node.name);
    return found ?? (GLOBALS.has(node.name) ? { kind: "library", name: node.name } : UNKNOWN);
  },
  ThisExpression: (walker) => walker.frame.owner ?? UNKNOWN,
  Super: (walker) => {
    const { owner, definedIn } = walker.frame;
    return owner?.kind === "instance" ? { ...owner, startAfter: definedIn } : UNKNOWN;
  },
  MemberExpression: (walker, node) => {
    const owner = evaluate(walker, node.object);
    if (!node.computed) return attribute(walker, owner, keyName({ key: node.property, computed: false }) ?? HOLE);
    return element(walker, owner, evaluate(walker, node.property), node);
  },
  ChainExpression: (walker, node) => evaluate(walker, node.expression),
  CallExpression: (walker, node) => {
    const callee = node.callee.type === "Super" ? superConstructor(walker) : evaluate(walker, node.callee);
    return walker.call({ callee, arguments: spread(walker, node.arguments), node });
  },
  NewExpression: (walker, node) => {
    const callee = evaluate(walker, node.callee);
    const given = spread(walker, node.arguments);
    return callee.kind === "class"
      ? walker.call({ callee, arguments: given, node })
      : walker.call({ callee: UNKNOWN, arguments: given, node });
  },
  AwaitExpression: (walker, node) => settle(walker, evaluate(walker, node.argument)),
  BinaryExpression: (walker, node) => {
    const [left, right] = [evaluate(walker, node.left), evaluate(walker, node.right)];
    if (node.operator === "+" && (left.kind === "text" || right.kind === "text"))
      return join([asText(left), asText(right)]);
    return arithmetic(node.operator, left, right);
  },
  UnaryExpression: (walker, node) => {
    const value = evaluate(walker, node.argument);
    const isNumber = node.operator === "-" && value.kind === "constant" && typeof value.value === "number";
    return isNumber ? { kind: "constant", value: -Number(value.value) } : UNKNOWN;
  },
  LogicalExpression: (walker, node) => {
    const left = evaluate(walker, node.left);
    /** @type {Value} */
    let right = UNKNOWN;
    const nodes = walker.collect(() => {
      right = evaluate(walker, node.right);
    });
    if (hasContent(nodes)) walker.emit({ type: "if", branches: [{ condition: walker.source(node.left), nodes }] });
    return choose([
      [null, left],
      [null, right],
    ]);
  },
  ConditionalExpression: (walker, node) => {
    evaluate(walker, node.test);
    const condition = walker.source(node.test);
    /** @type {[string | null, Value][]} */
    const values = [];
    const branches = [
      [condition, node.consequent],
      [null, node.alternate],
    ].map(([label, each]) => ({
      condition: label,
      nodes: walker.collect(() => void values.push([label, evaluate(walker, each)])),
    }));
    if (branches.some(({ nodes }) => hasContent(nodes))) walker.emit({ type: "if", branches });
    // The choice is awaited as one.
    const made = new Set(values.map(([, value]) => value));
    walker.unstarted = walker.unstarted.filter((promise) => !made.has(promise) || made.size === 1);
    return choose(values);
  },
  AssignmentExpression: (walker, node) => {
    const value = evaluate(walker, node.right, node.left.name ?? "");
    bindTarget(walker, node.left, node.operator === "=" ? value : UNKNOWN);
    return value;
  },
  UpdateExpression: (walker, node) => {
    bindTarget(walker, node.argument, UNKNOWN);
    return UNKNOWN;
  },
  SequenceExpression: (walker, node) => {
    const values = node.expressions.map((/** @type {Tree} */ each) => evaluate(walker, each));
    return values.at(-1) ?? UNKNOWN;
  },
  ArrayExpression: (walker, node) => itemsOf(spread(walker, node.elements.filter(Boolean)), walker.depth),
  ObjectExpression: (walker, node) => ({ kind: "table", entries: entriesOf(walker, node.properties) }),
  ArrowFunctionExpression: (walker, node, name) => ({
    kind: "function",
    node,
    name,
    scope: walker.frame.scope,
    owner: walker.frame.owner?.kind === "instance" ? walker.frame.owner : null,
    definedIn: walker.frame.definedIn,
  }),
  FunctionExpression: (walker, node, name) => ({
    kind: "function",
    node,
    name: node.id?.name ?? name,
    scope: walker.frame.scope,
    owner: null,
    definedIn: null,
  }),
  ClassExpression: (walker, node) => ({ kind: "class", node, scope: walker.frame.scope }),
  YieldExpression: (walker, node) => {
    if (node.argument) walker.frame.returns.push(itemsOf([manyOf(evaluate(walker, node.argument))]));
    return UNKNOWN;
  },
  TaggedTemplateExpression: () => UNKNOWN,
  ParenthesizedExpression: (walker, node, name) => evaluate(walker, node.expression, name),
  TSAsExpression: (walker, node, name) => evaluate(walker, node.expression, name),
  TSSatisfiesExpression: (walker, node, name) => evaluate(walker, node.expression, name),
  TSNonNullExpression: (walker, node, name) => evaluate(walker, node.expression, name),
  TSTypeAssertion: (walker, node, name) => evaluate(walker, node.expression, name),
  TSInstantiationExpression: (walker, node, name) => evaluate(walker, node.expression, name),
};

/** What arguments and elements give, with what stands behind `...` in its place. @param {Walker} walker @param {Tree[]} nodes @returns {Value[]} */
function spread(walker, nodes) {
  return nodes.flatMap((node) => {
    if (node.type !== "SpreadElement") return [evaluate(walker, node)];
    const value = evaluate(walker, node.argument);
    return value.kind === "items" ? value.items : [manyOf(value)];
  });
}

/** @param {Walker} walker @param {Tree[]} properties @returns {Map<string, Value>} */
function entriesOf(walker, properties) {
  /** @type {Map<string, Value>} */
  const entries = new Map();
  for (const property of properties) {
    if (property.type === "SpreadElement") {
      const value = evaluate(walker, property.argument);
      if (value.kind === "table") for (const [key, each] of value.entries) entries.set(key, each);
      continue;
    }
    const name = keyName(property) ?? (property.computed ? knownKey(evaluate(walker, property.key)) : null);
    entries.set(name ?? HOLE, evaluate(walker, property.value, name ?? ""));
  }
  return entries;
}

/** @param {Value} value @returns {string | null} null where only a run knows it */
function knownKey(value) {
  if (value.kind === "text") return value.isDynamic ? null : value.text;
  return value.kind === "constant" ? String(value.value) : null;
}

/** What `owner[index]` gives. @param {Walker} walker @param {Value} owner @param {Value} index @param {Tree} node @returns {Value} */
function element(walker, owner, index, node) {
  const key = knownKey(index);
  if (owner.kind === "items") {
    const isExact = !owner.items.some(({ kind }) => kind === "many");
    return (isExact && key !== null ? owner.items[Number(key)] : undefined) ?? elementOf(owner);
  }
  if (owner.kind === "table") {
    if (key !== null) return single(owner.entries.get(key) ?? owner.entries.get(HOLE) ?? UNKNOWN);
    return oneOf(owner.entries, walker.source(node.property));
  }
  if (owner.kind === "environment") return { kind: "binding", ...nameAndDynamic(asText(index)) };
  if (key !== null) return attribute(walker, owner, key);
  // Which method it is only a run knows; a step's own would run a step.
  return owner.kind === "step" || owner.kind === "instance" ? { kind: "stepMethod", method: HOLE } : UNKNOWN;
}

/** @param {{ text: string, isDynamic: boolean }} name */
function nameAndDynamic({ text, isDynamic }) {
  return { name: text, isDynamic };
}

/** @param {Map<string, Value>} entries @param {string} discriminant @returns {Value} */
function oneOf(entries, discriminant) {
  const values = [...entries].map(
    ([key, value]) =>
      /** @type {[string | null, Value]} */ ([key === HOLE ? null : JSON.stringify(key), single(value)]),
  );
  if (values.length === 0 || values.some(([, value]) => isPlain(value))) return UNKNOWN;
  return values.length === 1 && values[0] ? values[0][1] : { kind: "choice", options: values, discriminant };
}

/** @param {string} operator @param {Value} left @param {Value} right @returns {Value} */
function arithmetic(operator, left, right) {
  if (left.kind !== "constant" || right.kind !== "constant") return UNKNOWN;
  if (typeof left.value !== "number" || typeof right.value !== "number") return UNKNOWN;
  const [a, b] = [left.value, right.value];
  const value = { "+": a + b, "-": a - b, "*": a * b, "/": a / b }[operator];
  return value !== undefined && Math.abs(value) < LARGEST_NUMBER ? { kind: "constant", value } : UNKNOWN;
}

/** @param {Walker} walker @returns {Value} the constructor that `super(...)` calls, bound to `this` */
function superConstructor(walker) {
  const self = evaluate(walker, { type: "Super" });
  return self.kind === "instance" ? attribute(walker, self, "constructor") : UNKNOWN;
}
