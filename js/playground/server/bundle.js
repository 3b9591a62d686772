/**
 * Many of our modules as one file: a browser asks for each file of its own, and a hundred of them cost more than what is in them.
 *
 * It is made when the site is, so it does no more than our own modules need: each becomes a function that is called once, after
 * those that it imports. What comes from packages stays outside. Whatever it does not understand is an error.
 */

import { posix } from "node:path";
import { IMPORT, modulesOf, readModule } from "./modules_of.js";

const DECLARED = /^export (?=(?:async )?(?:function\*?|class|const) (\w+))/gm;
const LISTED = /^export \{([^}]*)\};$/gm;
const DYNAMIC = /\bimport\("(\.[^"]+)"\)/g;
const HERE = /\bimport\.meta\.url\b/g;
const AWAITS = /^(?:export )?(?:const [^\n]*= )?await /m;
const UNKNOWN = /^(?:import|export)\b.*/m;

/**
 * @param {string} entry path in the host tree
 * @param {Record<string, string>} [apart] addresses, as the bundle sees them, of modules that are not to be in it, by their paths
 * @returns {string} a module one folder below the tree's root, with what *entry* exports
 */
export function bundle(entry, apart = {}) {
  const outside = new Outside(apart);
  const own = modulesOf(entry, (path) => outside.has(path));
  const names = new Map(own.map((path, at) => [path, `module${at}`]));
  const parts = own.map((path) => `const ${names.get(path)} = ${moduleAsCall(path, names, outside)};\n`);
  const exported = [...exportsOf(readModule(entry))].map(([name]) => name);
  const last = exported.length > 0 ? `export const { ${exported.join(", ")} } = ${names.get(entry)};\n` : "";
  return `${outside.imports()}${parts.join("")}${last}`;
}

/** Modules that a bundle imports. */
class Outside {
  #apart;
  /** Names by the import's address. @type {Map<string, string>} */
  #names = new Map();

  /** @param {Record<string, string>} apart */
  constructor(apart) {
    this.#apart = apart;
  }

  /** @param {string} path */
  has(path) {
    return path.startsWith("node_modules/") || path.endsWith(".json") || path in this.#apart;
  }

  /** @param {string} target a path in the tree, or a package's name @param {boolean} isPath @param {string} options */
  name(target, isPath, options) {
    const address = isPath ? (this.#apart[target] ?? `../${target}`) : target;
    const key = `${JSON.stringify(address)}${options}`;
    const name = this.#names.get(key) ?? `outside${this.#names.size}`;
    this.#names.set(key, name);
    return name;
  }

  imports() {
    return [...this.#names].map(([key, name]) => `import * as ${name} from ${key};\n`).join("");
  }
}

/**
 * @param {string} path
 * @param {Map<string, string>} names of the bundle's modules
 * @param {Outside} outside
 */
function moduleAsCall(path, names, outside) {
  const source = readModule(path);
  const folder = posix.dirname(path);
  const exported = exportsOf(source);
  const body = source
    .replaceAll(IMPORT, (_, what, target, options) => {
      const place = posix.join(folder, target);
      const isPath = target.startsWith(".");
      const module = (isPath && names.get(place)) || outside.name(isPath ? place : target, isPath, options ?? "");
      return bindings(what, module);
    })
    .replaceAll(DECLARED, "")
    .replaceAll(LISTED, "")
    .replaceAll(DYNAMIC, (_, target) => `import("../${posix.join(folder, target)}")`)
    .replaceAll(HERE, `new URL("../${path}", import.meta.url).href`);
  const [unknown] = UNKNOWN.exec(body) ?? [];
  if (unknown) throw new Error(`${path} cannot be bundled: ${unknown}`);
  const given = [...exported].map(([name, local]) => (name === local ? name : `${name}: ${local}`));
  const call = `(() => {\n${body}\nreturn { ${given.join(", ")} };\n})()`;
  return AWAITS.test(source) ? `await ${call.replace("() =>", "async () =>")}` : call;
}

/** What takes the place of an import. @param {string | undefined} what its clause @param {string} module */
function bindings(what, module) {
  if (what === undefined) return "";
  if (what.startsWith("* as ")) return `const ${what.slice(5)} = ${module};`;
  if (what.startsWith("{")) return `const ${what.replaceAll(/\bas\b/g, ":")} = ${module};`;
  return `const ${what} = ${module}.default;`;
}

/** Names of what a module exports, and what they are called in it. @param {string} source @returns {Map<string, string>} */
function exportsOf(source) {
  const declared = [...source.matchAll(DECLARED)].map(([, name]) => /** @type {[string, string]} */ ([name, name]));
  const listed = [...source.matchAll(LISTED)].flatMap(([, names]) =>
    names
      .split(",")
      .map((each) => each.trim())
      .filter(Boolean)
      .map((each) => /** @type {[string, string]} */ (each.split(" as ").toReversed())),
  );
  return new Map([
    ...declared,
    ...listed.map(([name, local]) => /** @type {[string, string]} */ ([name, local ?? name])),
  ]);
}
