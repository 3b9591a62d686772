/** From the source of a JavaScript or TypeScript workflow to its graph. */

/** @import { Graph } from "../graph.d.ts" */
/** @import { Scope } from "./scopes.js" */
/** @import { Class, Instance, Value } from "./values.js" */

import { children, tidyFunction } from "../nodes.js";
import { initialise, readBody } from "./functions.js";
import { Modules, SourceError } from "./modules.js";
import { bases, inScope, member } from "./objects.js";
import { Frame } from "./scopes.js";
import { STEP, UNKNOWN } from "./values.js";
import { Walker } from "./walker.js";

const VERSION = 1;
const ENTRYPOINT = "cloudflare:workers.WorkflowEntrypoint";

/**
 * The graph of a workflow. A source that cannot be drawn gives a node with an `error`, which says why and where.
 *
 * @param {(path: string) => string | null} readFile gives the text of a file by its path from the project's root
 * @param {string} main
 * @param {string} className defined or imported in the main file
 * @returns {Graph}
 */
export function buildGraph(readFile, main, className) {
  const { nodes, functions } = read(new Modules(readFile, main), className);
  return { version: VERSION, workflow: { class_name: className, functions, nodes } };
}

/**
 * The names of the workflow classes that the main file defines or imports.
 *
 * @param {(path: string) => string | null} readFile
 * @param {string} main
 * @returns {string[]}
 * @throws {SourceError} the file does not parse, or is not there
 */
export function workflowClasses(readFile, main) {
  const scope = new Modules(readFile, main).mainModule();
  const walker = new Walker(new Frame(scope));
  const classes = [...scope.names.keys(), ...scope.lazy.keys()]
    .map((name) => scope.find(name))
    .filter((value) => value?.kind === "class" && isWorkflow(walker, value))
    .map((value) => /** @type {any} */ (value).node.id?.name);
  return [...new Set(classes.filter(Boolean))];
}

/** @param {Walker} walker @param {Class} made */
function isWorkflow(walker, made) {
  return bases(walker, made).some((each) => {
    const base = each.node.superClass ? inScope(walker, each, each.node.superClass, "") : UNKNOWN;
    return base.kind === "library" && base.name === ENTRYPOINT;
  });
}

/** @param {Modules} modules @param {string} className @returns {{ nodes: any[], functions: Record<string, any> }} */
function read(modules, className) {
  try {
    return walk(modules, className);
  } catch (error) {
    if (error instanceof SourceError) return failed(error.message, error.file, error.line, error.column);
    if (error instanceof RangeError) return failed("The source is too complex", modules.main, 1, 1);
    throw error;
  }
}

/** @param {Modules} modules @param {string} className */
function walk(modules, className) {
  const scope = modules.mainModule();
  const walker = new Walker(new Frame(scope));
  const found = findClass(scope, className);
  if (!found) return failed(`The file has no class ${className}`, modules.main, 1, 1);
  const { value: run, definedIn } = member(walker, found, "run", false, null);
  if (run?.kind !== "function") {
    const { line, column } = new Walker(new Frame(found.scope)).place(found.node);
    return failed(`Class ${className} has no method run`, found.scope.file.path, line, column);
  }
  /** @type {Instance} */
  const instance = { kind: "instance", madeFrom: found, attributes: new Map(), startAfter: null };
  initialise(walker, instance, []);
  const frame = readBody(walker, { ...run, owner: instance, definedIn }, [UNKNOWN, STEP]);
  return finish(walker, tidyFunction(frame.block));
}

/** @param {Scope} scope @param {string} name @returns {Class | undefined} by its own name, or by that under which it is imported */
function findClass(scope, name) {
  const values = [name, ...scope.names.keys(), ...scope.lazy.keys()].map((each) => scope.find(each));
  const isNamed = (/** @type {Value | null | undefined} */ value) =>
    value?.kind === "class" && value.node.id?.name === name;
  return /** @type {Class | undefined} */ (values[0]?.kind === "class" ? values[0] : values.find(isNamed));
}

/** The nodes, and the functions that they call. A call of what is not of the source has a function without nodes. @param {Walker} walker @param {any[]} nodes */
function finish(walker, nodes) {
  const known = new Map([...walker.definitions.values()].map((each) => [each.name, each.nodes]));
  /** @type {Record<string, any>} */
  const functions = {};
  const pending = [...calls(nodes)];
  for (const name of pending) {
    if (Object.hasOwn(functions, name)) continue;
    const body = known.get(name) ?? [];
    functions[name] = { type: "function_def", name, nodes: body };
    pending.push(...calls(body));
  }
  return { nodes, functions };
}

/** @param {any[]} nodes @returns {Generator<string>} */
function* calls(nodes) {
  for (const node of nodes) {
    delete node.recursive;
    if (node.type === "function_call") yield node.name;
    for (const inside of children(node)) yield* calls(inside);
  }
}

/** Why there is no graph: a node of a type that every reader of graphs shows with its name. @param {string} message @param {string} file @param {number} line @param {number} column */
function failed(message, file, line, column) {
  const name = `${message} (${file}, line ${line}, column ${column})`;
  return { nodes: [{ type: "function_call", name, error: { message, file, line, column } }], functions: {} };
}
