/** Statements: the order of steps, and what surrounds them. */

/** @import { Tree, Value } from "./values.js" */
/** @import { Walker } from "./walker.js" */

import { bindTarget } from "./objects.js";
import { settle, startAll } from "./promises.js";
import { childTrees } from "./scopes.js";
import { UNKNOWN, elementOf, textOf } from "./values.js";

/** Nodes after which nothing in a block runs. */
const ENDS = new Set(["break", "continue", "stop"]);

/** Read statements. @param {Walker} walker @param {Tree[]} body */
export function execute(walker, body) {
  for (const statement of body) hoist(walker, statement);
  for (const statement of body) {
    READERS[statement.type]?.(walker, statement);
    startAll(walker);
  }
}

/** Functions and classes are there before the statements run. @param {Walker} walker @param {Tree} statement */
function hoist(walker, statement) {
  const node = statement.declaration ?? statement;
  const { scope, definedIn } = walker.frame;
  if (node.type === "FunctionDeclaration" && node.id)
    scope.bind(node.id.name, { kind: "function", node, name: node.id.name, scope, owner: null, definedIn });
  else if (node.type === "ClassDeclaration" && node.id) scope.bind(node.id.name, { kind: "class", node, scope });
  else if (node.type === "TSEnumDeclaration") scope.bind(node.id.name, enumOf(node));
}

/** @param {Tree} node @returns {Value} */
function enumOf(node) {
  const members = node.body?.members ?? node.members ?? [];
  const entries = members
    .filter((/** @type {Tree} */ { initializer }) => typeof initializer?.value === "string")
    .map((/** @type {Tree} */ each) => [each.id.name ?? each.id.value, textOf(each.initializer.value)]);
  return { kind: "table", entries: new Map(entries) };
}

/** @type {Record<string, (walker: Walker, node: Tree) => void>} */
const READERS = {
  ExpressionStatement: (walker, node) => void walker.evaluate(node.expression),
  VariableDeclaration: (walker, node) => {
    for (const { id, init } of node.declarations)
      bindTarget(walker, id, init ? walker.evaluate(init, id.name ?? "") : UNKNOWN, true);
  },
  BlockStatement: (walker, node) => execute(walker, node.body),
  LabeledStatement: (walker, node) => execute(walker, [node.body]),
  ReturnStatement: returnFrom,
  ThrowStatement: throwFrom,
  BreakStatement: (walker, node) => walker.emit({ type: "break", kind: "break", at: walker.place(node) }),
  ContinueStatement: (walker) => walker.emit({ type: "continue" }),
  IfStatement: readIf,
  SwitchStatement: readSwitch,
  TryStatement: readTry,
  ForStatement: (walker, node) => {
    if (node.init) execute(walker, [node.init.type === "VariableDeclaration" ? node.init : asStatement(node.init)]);
    readLoop(walker, () => {
      if (node.test) walker.evaluate(node.test);
      execute(walker, [node.body]);
      if (node.update) walker.evaluate(node.update);
    });
  },
  ForOfStatement: readFor,
  ForInStatement: readFor,
  WhileStatement: (walker, node) =>
    readLoop(walker, () => {
      walker.evaluate(node.test);
      execute(walker, [node.body]);
    }),
  DoWhileStatement: (walker, node) =>
    readLoop(walker, () => {
      execute(walker, [node.body]);
      walker.evaluate(node.test);
    }),
};

/** @param {Tree} expression */
function asStatement(expression) {
  return { type: "ExpressionStatement", expression };
}

/** @param {Walker} walker @param {Tree} node */
function returnFrom(walker, node) {
  const { frame } = walker;
  const value = node.argument ? walker.evaluate(node.argument) : UNKNOWN;
  // A promise that is returned begins where the caller has it, unless the function awaits it by being async.
  const returned = frame.isAsync ? settle(walker, value) : value;
  const handedOn = walker.unstarted.filter((promise) => !frame.isAsync && promise === returned);
  walker.unstarted = walker.unstarted.filter((promise) => !handedOn.includes(promise));
  startAll(walker);
  frame.returns.push(returned);
  walker.emit({ type: "break", kind: "return", at: walker.place(node) });
  frame.handedOn.push(...handedOn);
}

/** @param {Walker} walker @param {Tree} node */
function throwFrom(walker, node) {
  walker.evaluate(node.argument);
  // In a `try` it goes to a handler of this function.
  if (walker.frame.guards > 0) walker.emit({ type: "stop" });
  else {
    const raises = walker.source(node.argument.type === "NewExpression" ? node.argument.callee : node.argument);
    walker.emit({ type: "break", kind: "return", raises, at: walker.place(node) });
  }
}

/** Branches of which one runs: each begins with what is known before, and what is known after is what they share. */
class Branches {
  /** @type {[string | null, Map<string, Value>][]} */
  #after = [];

  /** @param {Walker} walker */
  constructor(walker) {
    this.walker = walker;
    this.before = new Map(walker.frame.scope.names);
  }

  /** Read a branch. @param {string | null} label @param {() => void} action @returns {any[]} its nodes */
  add(label, action) {
    const { scope } = this.walker.frame;
    scope.names = new Map(this.before);
    const nodes = this.walker.collect(() => {
      action();
      startAll(this.walker);
    });
    if (!ENDS.has(nodes.at(-1)?.type)) this.#after.push([label, scope.names]);
    return nodes;
  }

  /** None of them may run. */
  addNothing() {
    this.#after.push([null, this.before]);
  }

  /** Go on after them. */
  join() {
    this.walker.frame.scope.merge(this.#after.length > 0 ? this.#after : [[null, this.before]]);
  }
}

/** @param {Walker} walker @param {Tree} node */
function readIf(walker, node) {
  walker.evaluate(node.test);
  const branches = new Branches(walker);
  const condition = walker.source(node.test);
  const found = [{ condition, nodes: branches.add(condition, () => execute(walker, [node.consequent])) }];
  let rest = node.alternate;
  for (; rest?.type === "IfStatement" && !awaits(rest.test); rest = rest.alternate) {
    const { test, consequent } = rest;
    const label = walker.source(test);
    const read = () => {
      walker.evaluate(test);
      execute(walker, [consequent]);
    };
    found.push({ condition: label, nodes: branches.add(label, read) });
  }
  if (rest)
    found.push({ condition: /** @type {any} */ (null), nodes: branches.add(null, () => execute(walker, [rest])) });
  else branches.addNothing();
  branches.join();
  walker.emit({ type: "if", branches: found });
}

/** Whether a condition awaits something, so that it is no plain branch. @param {Tree} node @returns {boolean} */
function awaits(node) {
  return node.type === "AwaitExpression" || childTrees(node).some(awaits);
}

/** A case without `break` goes on with the next one's statements. @param {Walker} walker @param {Tree} node */
function readSwitch(walker, node) {
  walker.evaluate(node.discriminant);
  const branches = new Branches(walker);
  /** @type {{ condition: string | null, nodes: any[] }[]} */
  const found = [];
  /** @type {string[]} */
  let labels = [];
  let isComplete = false;
  for (const [index, each] of node.cases.entries()) {
    if (each.test) labels.push(walker.source(each.test));
    else isComplete = true;
    // Cases without statements share those of the next.
    if (each.consequent.length === 0 && index < node.cases.length - 1) continue;
    const condition = isComplete && !each.test ? null : labels.join(", ");
    labels = [];
    const body = node.cases.slice(index).flatMap((/** @type {Tree} */ { consequent }) => consequent);
    const nodes = branches.add(condition, () => execute(walker, upToBreak(body)));
    found.push({ condition, nodes });
  }
  if (!isComplete) branches.addNothing();
  branches.join();
  walker.emit({ type: "switch", discriminant: walker.source(node.discriminant), branches: found });
}

/** The statements up to the `break` that leaves the switch. @param {Tree[]} body @returns {Tree[]} */
function upToBreak(body) {
  const flat = body.flatMap((node) => (node.type === "BlockStatement" ? node.body : [node]));
  const end = flat.findIndex(({ type }) => type === "BreakStatement");
  return end < 0 ? flat : flat.slice(0, end);
}

/** @param {Walker} walker @param {() => void} body */
function readLoop(walker, body) {
  const branches = new Branches(walker);
  branches.addNothing();
  walker.depth += 1;
  const nodes = branches.add(null, body);
  walker.depth -= 1;
  branches.join();
  walker.emit({ type: "loop", nodes });
}

/** @param {Walker} walker @param {Tree} node */
function readFor(walker, node) {
  const list = walker.evaluate(node.right);
  if (!node.await) startAll(walker);
  walker.unstarted = walker.unstarted.filter((promise) => promise !== list);
  readLoop(walker, () => {
    if (node.await) settle(walker, list);
    const isDeclared = node.left.type === "VariableDeclaration";
    const value = node.type === "ForOfStatement" ? elementOf(list) : UNKNOWN;
    // `for await` awaits each element.
    const element = node.await ? settle(walker, value) : value;
    bindTarget(walker, isDeclared ? node.left.declarations[0].id : node.left, element, isDeclared);
    execute(walker, [node.body]);
  });
}

/** @param {Walker} walker @param {Tree} node */
function readTry(walker, node) {
  const { frame } = walker;
  const block = (/** @type {any[]} */ nodes) => (nodes.length > 0 ? { type: "block", nodes } : null);
  const branches = new Branches(walker);
  frame.guards += node.handler ? 1 : 0;
  const tried = branches.add(null, () => execute(walker, node.block.body));
  frame.guards -= node.handler ? 1 : 0;
  const caught = node.handler
    ? branches.add(null, () => {
        if (node.handler.param) bindTarget(walker, node.handler.param, UNKNOWN, true);
        execute(walker, node.handler.body.body);
      })
    : [];
  branches.join();
  const last = walker.collect(() => execute(walker, node.finalizer?.body ?? []));
  walker.emit({ type: "try", try_block: block(tried), catch_block: block(caught), finally_block: block(last) });
}
