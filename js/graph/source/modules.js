/** The modules of a project, each read once, and what names in them stand for. */

/** @import { Tree, Value } from "./values.js" */

import { posix } from "node:path";
import { parseSync } from "oxc-parser";
import { Frame, Scope } from "./scopes.js";
import { ENVIRONMENT, UNKNOWN } from "./values.js";
import { Walker } from "./walker.js";

const SUFFIXES = ["", ".js", ".ts", ".mjs", ".mts", "/index.js", "/index.ts"];

/** The source does not parse. Line and column count from 1. */
export class SourceError extends Error {
  /** @param {string} message @param {string} file @param {number} line @param {number} column */
  constructor(message, file, line, column) {
    super(message);
    Object.assign(this, { file, line, column });
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

/** Modules by their path from the project's root. What is not there is taken for a library. */
export class Modules {
  /** @type {Map<string, Scope | null>} */
  #scopes = new Map();
  #readFile;

  /**
   * @param {(path: string) => string | null} readFile gives the text of a path, or null if there is no such file
   * @param {string} main
   */
  constructor(readFile, main) {
    this.#readFile = readFile;
    this.main = main;
  }

  /** The names of the main file. @returns {Scope} @throws {SourceError} it does not parse, or is not there */
  mainModule() {
    const text = this.#readFile(this.main);
    if (text === null) throw new SourceError("The file does not exist", this.main, 1, 1);
    return this.#open(this.main, text);
  }

  /** What an import gives. @param {string} from the importing file @param {string} name @returns {Scope | null} null for a library */
  #find(from, name) {
    if (!name.startsWith(".")) return null;
    const base = posix.join(posix.dirname(from), name);
    // TypeScript's imports name the file that it compiles to.
    for (const path of SUFFIXES.flatMap((suffix) => [base + suffix, base.replace(/\.js$/, ".ts")])) {
      if (!this.#scopes.has(path)) this.#scopes.set(path, this.#tryOpen(path));
      const scope = this.#scopes.get(path);
      if (scope) return scope;
    }
    return null;
  }

  /** @param {string} path */
  #tryOpen(path) {
    const text = this.#readFile(path);
    if (text === null) return null;
    try {
      return this.#open(path, text);
    } catch {
      // What it has is unknown, as with a library; the main file can be drawn all the same.
      return null;
    }
  }

  /** @param {string} path @param {string} text */
  #open(path, text) {
    const { program, errors } = parseSync(path, text);
    const error = errors.find(({ severity }) => severity.startsWith("Error"));
    if (error) {
      const before = text.slice(0, error.labels[0]?.start ?? 0);
      throw new SourceError(error.message, path, before.split("\n").length, before.length - before.lastIndexOf("\n"));
    }
    const scope = new Scope(null, { path, text }, program.body);
    this.#scopes.set(path, scope);
    for (const statement of program.body) this.#declare(scope, statement);
    return scope;
  }

  /** @param {Scope} scope @param {Tree} statement */
  #declare(scope, statement) {
    if (statement.type === "ImportDeclaration") this.#import(scope, statement);
    else if (statement.type === "ExportNamedDeclaration" && statement.source) this.#export(scope, statement);
    else if (statement.type === "ExportAllDeclaration") this.#exportAll(scope, statement);
    const node = statement.declaration ?? statement;
    if (node.type !== "VariableDeclaration") {
      new Walker(new Frame(scope)).execute(
        [node].filter(({ type }) => type !== "ExpressionStatement" && type.endsWith("Declaration")),
      );
      return;
    }
    for (const { id, init } of node.declarations)
      if (id.type === "Identifier" && init)
        scope.lazy.set(id.name, () => new Walker(new Frame(scope)).evaluate(init, id.name));
  }

  /** @param {Scope} scope @param {Tree} statement */
  #import(scope, statement) {
    const name = statement.source.value;
    for (const specifier of statement.specifiers) {
      const imported = specifier.imported?.name ?? specifier.imported?.value ?? "default";
      const isWhole = specifier.type === "ImportNamespaceSpecifier";
      scope.lazy.set(specifier.local.name, () => this.#value(scope, name, isWhole ? null : imported));
    }
  }

  /** @param {Scope} scope @param {Tree} statement */
  #export(scope, statement) {
    for (const { local, exported } of statement.specifiers)
      scope.lazy.set(exported.name, () => this.#value(scope, statement.source.value, local.name));
  }

  /** @param {Scope} scope @param {Tree} statement */
  #exportAll(scope, statement) {
    const from = this.#find(scope.file.path, statement.source.value);
    for (const name of from ? [...from.names.keys(), ...from.lazy.keys()] : [])
      if (!scope.names.has(name)) scope.lazy.set(name, () => from?.find(name) ?? UNKNOWN);
  }

  /** @param {Scope} scope @param {string} module @param {string | null} name @returns {Value} */
  #value(scope, module, name) {
    if (module === "cloudflare:workers" && name === "env") return ENVIRONMENT;
    const found = this.#find(scope.file.path, module);
    if (!found) return { kind: "library", name: name === null ? module : `${module}.${name}` };
    return name === null ? { kind: "module", scope: found } : (found.find(name) ?? UNKNOWN);
  }
}
