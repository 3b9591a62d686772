/**
 * Pyodide's JavaScript with its linking put off, for interpreters that link nothing.
 *
 * Emscripten begins by telling its dynamic linker of all that WebAssembly exports: 8,560 symbols, each with an entry in three
 * objects, most with a place of their own in the table of functions, and 280 functions of WebGL made callable for it one by
 * one. That was a third of an isolate's start, and Python by itself links nothing. Here the table is only made as long as it
 * will be, so that the addresses in a snapshot hold; the rest is done, as Emscripten does it, when something is linked: a
 * native library of a package, or by `ctypes`.
 */

const ASSIGN = "function assignWasmExports(wasmExports){";
const AFTER_ASSIGN = "}var wasmImports={";
/** One of its statements: a variable of that name, and a property of Emscripten's module. */
const ASSIGNMENT = /^([\w$]+)=(?:[\w$]+=|Module\["\w+"\]=)+wasmExports\["[^"]+"\](?:\.value>>>0)?$/;
const IDENTIFIER = /[A-Za-z_$][\w$]*/g;
const EXPORT = /wasmExports(?:\["([^"]+)"\]|\.([\w$]+))/g;
/** By a name that the text does not tell. */
const SOME_EXPORT = /wasmExports\[(?!")/;

/** `putOff` is called where Emscripten links, and `link` wherever something is linked. */
const LINK = `
var unlinked;
var putOff=exports=>{
  unlinked={exports,first:wasmTable.length};
  wasmTable.grow(LINKED-wasmTable.length)
};
var link=Module["link"]=()=>{
  if(!unlinked)return;
  var{exports,first}=unlinked;
  unlinked=undefined;
  var free=freeTableIndexes.splice(0);
  for(var index=LINKED-1;index>=first;index--)freeTableIndexes.push(index);
  mergeLibSymbols(exports,"main");
  assignRest(exports);
  updateGOT(exports);
  reportUndefinedSymbols();
  if(freeTableIndexes.length)abort("linking has left places of the table empty");
  freeTableIndexes.push(...free)
};
`.replaceAll(/\n */g, "");

/** What its licence wants said. */
const HEAD = "/* pyodide.asm.mjs of Pyodide (MPL-2.0), changed by runtime/pyodide/linking.js of Stepwell */ ";

/** It has just been made and cannot be in the table: to look for it there would make an object of every function. */
const PLACE_TRAMPOLINE = `
var index=getEmptyTableSlot();
setWasmTableEntry(index,trampolineInstance.exports.trampoline_call);
return index
`.replaceAll("\n", "");

/**
 * @param {string} text of `pyodide.asm.mjs`
 * @param {number} linked length of the table of functions when everything is linked
 * @param {string[]} users texts of the modules that ask Emscripten's module for exports
 * @returns {string} a script, for V8 keeps more of one than of a module. Its value is a function that is given the URL of
 *   `pyodide.asm.mjs`, a function that imports and Node's `process`, and gives what that module exports
 * @throws {UnknownEmscripten} it is not the text that this was written for
 */
export function withLinkingPutOff(text, linked, users) {
  // It is read as one byte for each character.
  if (/[^\0-\x7F]/.test(text)) throw unexpected("a character that is not ASCII");
  const [before, rest] = cut(text, ASSIGN);
  const [body, after] = cut(rest, AFTER_ASSIGN);
  const assignments = body.split(";").map((statement) => {
    const name = ASSIGNMENT.exec(statement)?.[1];
    if (!name) throw unexpected(statement);
    return { name, statement };
  });
  // All of the variables are declared in one statement, which is no use of them.
  const [early, declared] = cut(before, `var ${assignments[0].name},`);
  const used = identifiers([early, declared.slice(declared.indexOf(";")), after, ...users]);
  const ofNow = assignments.filter(({ name }) => used.has(name)).map(({ statement }) => statement);
  const later = assignments.filter(({ name }) => !used.has(name)).map(({ statement }) => statement);
  if (SOME_EXPORT.test(text)) throw unexpected("exports that it names otherwise");
  const asked = [before, ...ofNow, after].flatMap((each) =>
    [...each.matchAll(EXPORT)].map(([, quoted, name]) => quoted ?? name),
  );
  const exported = JSON.stringify([...new Set(asked)]);
  return `${HEAD}(function(__url,__import,process){"use strict";${replaced(text, [
    [`${ASSIGN}${body}`, `function assignRest(wasmExports){${later.join(";")}}${ASSIGN}${ofNow.join(";")}`],
    [
      "wasmExports=Object.assign({},wasmExports)",
      `wasmExports=Object.fromEntries(${exported}.map(name=>[name,wasmExports[name]]))`,
    ],
    ['mergeLibSymbols(wasmExports,"main");var metadata', "var metadata"],
    ["updateGOT(origExports);LDSO.init();loadDylibs();", "putOff(origExports);LDSO.init();"],
    ["var LDSO={", `${LINK.replaceAll("LINKED", String(linked))}var LDSO={`],
    // Who links passes one of these.
    ...[
      "var loadWebAssemblyModule=(binary,flags,libName,localScope,handle)=>{",
      "var resolveGlobalSymbol=(symName,direct=false)=>{",
      "function __dlsym_js(handle,symbol,symbolIndex){",
    ].map((begin) => /** @type {[string, string]} */ ([begin, `${begin}link();`])),
    ["return addFunction(trampolineInstance.exports.trampoline_call)", PLACE_TRAMPOLINE],
    ["export default _createPyodideModule;", "return _createPyodideModule})"],
  ])
    // What only a module has.
    .replaceAll("import.meta.url", "__url")
    .replaceAll(/(?<![\w$])import\(/g, "__import(")}`;
}

/** @param {string[]} texts */
function identifiers(texts) {
  return new Set(texts.flatMap((text) => text.match(IDENTIFIER) ?? []));
}

/** @param {string} text @param {[string, string][]} changes each of something that is there once */
function replaced(text, changes) {
  return changes.reduce((changed, [from, to]) => cut(changed, from).join(to), text);
}

/** What stands before and after *mark*. @param {string} text @param {string} mark @returns {[string, string]} */
function cut(text, mark) {
  const parts = text.split(mark);
  if (parts.length !== 2) throw unexpected(`${parts.length - 1} times "${mark.slice(0, 80)}"`);
  return [parts[0], parts[1]];
}

/** Pyodide's JavaScript is not as it was when this was written. */
export class UnknownEmscripten extends Error {}

/** @param {string} what */
function unexpected(what) {
  return new UnknownEmscripten(`pyodide.asm.mjs has ${what}, which this version of Stepwell does not know`);
}
