/** Names and what they stand for, and the function that is being read. */

/** @import { Class, Deferred, Instance, Tree, Value } from "./values.js" */

import { UNKNOWN, choose, isPlain } from "./values.js";

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

/**
 * The names of a module or a function.
 *
 * A text or a number is known only where its name is bound once: what is bound again, by a loop or an assignment, has a
 * value that only a run knows.
 */
export class Scope {
  /** @type {Map<string, Value>} */
  names = new Map();
  /** What a name stands for, found when it is asked for. @type {Map<string, () => Value>} */
  lazy = new Map();
  #rebound;

  /**
   * @param {Scope | null} parent
   * @param {{ path: string, text: string }} file
   * @param {Tree[]} body
   */
  constructor(parent, file, body) {
    this.parent = parent;
    this.file = file;
    this.#rebound = reboundNames(body);
  }

  /** @param {string} name @param {Value} value */
  bind(name, value) {
    this.lazy.delete(name);
    this.names.set(name, this.#rebound.has(name) ? changing(value) : value);
  }

  /** Bind where the name was declared, as an assignment does. @param {string} name @param {Value} value */
  assign(name, value) {
    for (let scope = /** @type {Scope | null} */ (this); scope; scope = scope.parent)
      if (scope.names.has(name)) return scope.bind(name, value);
    return this.bind(name, value);
  }

  /** @param {string} name @returns {Value | null} null if no scope has it */
  find(name) {
    for (let scope = /** @type {Scope | null} */ (this); scope; scope = scope.parent) {
      const value = scope.names.get(name);
      if (value) return value;
      const make = scope.lazy.get(name);
      if (!make) continue;
      // A module that imports itself in a circle finds nothing.
      scope.lazy.delete(name);
      scope.names.set(name, UNKNOWN);
      const made = make();
      scope.names.set(name, made);
      return made;
    }
    return null;
  }

  /** Take over what the names stand for after one of the branches. @param {[string | null, Map<string, Value>][]} branches */
  merge(branches) {
    const names = new Set(branches.flatMap(([, branch]) => [...branch.keys()]));
    this.names = new Map(
      [...names].map((name) => [
        name,
        choose(branches.flatMap(([label, branch]) => (branch.has(name) ? [[label, branch.get(name) ?? UNKNOWN]] : []))),
      ]),
    );
  }
}

/** A value without the texts and numbers in it, which may be others in another round of a loop. @param {Value} value @returns {Value} */
function changing(value) {
  if (isPlain(value)) return UNKNOWN;
  if (value.kind !== "table") return value;
  return { kind: "table", entries: new Map([...value.entries].map(([key, each]) => [key, changing(each)])) };
}

/** @param {Tree[]} body */
function reboundNames(body) {
  const seen = new Set();
  const again = new Set();
  for (const name of boundNames(body)) (seen.has(name) ? again : seen).add(name);
  return again;
}

/** Each name that the statements bind, as often as they do: what a loop or an inner function assigns, twice. @param {Tree[]} body */
function* boundNames(body) {
  const pending = body.map((node) => ({ node, isInside: false }));
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { node, isInside } = next;
    if (node.type === "VariableDeclarator" && node.init && !isInside) yield* namesIn(node.id);
    else if (node.type === "AssignmentExpression") {
      yield* namesIn(node.left);
      if (isInside || node.operator !== "=") yield* namesIn(node.left);
    } else if (node.type === "UpdateExpression") for (let i = 0; i < 2; i++) yield* namesIn(node.argument);
    else if (node.type === "ForOfStatement" || node.type === "ForInStatement") {
      const target = node.left.type === "VariableDeclaration" ? node.left.declarations[0].id : node.left;
      for (let i = 0; i < 2; i++) yield* namesIn(target);
    }
    const inside = isInside || FUNCTIONS.has(node.type);
    for (const child of childTrees(node)) pending.push({ node: child, isInside: inside });
  }
}

/** The names that a pattern binds. @param {Tree} pattern @returns {Generator<string>} */
export function* namesIn(pattern) {
  if (pattern?.type === "Identifier") yield pattern.name;
  else if (pattern?.type === "ObjectPattern")
    for (const each of pattern.properties) yield* namesIn(each.type === "Property" ? each.value : each.argument);
  else if (pattern?.type === "ArrayPattern") for (const each of pattern.elements) yield* namesIn(each);
  else if (pattern?.type === "AssignmentPattern") yield* namesIn(pattern.left);
  else if (pattern?.type === "RestElement") yield* namesIn(pattern.argument);
}

/** @param {Tree} node @returns {Generator<Tree>} */
export function* childTrees(node) {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const each of value) if (typeof each?.type === "string") yield each;
    } else if (typeof value?.type === "string") yield value;
  }
}

/** A function body that is being read. */
export class Frame {
  /** Where nodes are added. @type {any[]} */
  block = [];
  /** How many `try` statements with handlers surround the place. */
  guards = 0;
  /** Counts what begins without being awaited, as `starts` and `resolves` do. */
  counter = 1;
  /** @type {Value[]} */
  returns = [];
  /** Promises that it returns, and that begin where it is called. @type {Deferred[]} */
  handedOn = [];

  /**
   * @param {Scope} scope
   * @param {Instance | Class | null} [owner] what `this` is
   * @param {Tree} [definedIn] the class whose method it is
   * @param {boolean} [isAsync]
   */
  constructor(scope, owner = null, definedIn = null, isAsync = false) {
    this.scope = scope;
    this.owner = owner;
    this.definedIn = definedIn;
    this.isAsync = isAsync;
  }

  /** Count an await of something that began before. */
  advance() {
    this.counter += 1;
    return this.counter;
  }
}
