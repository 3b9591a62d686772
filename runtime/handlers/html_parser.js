/** Loads the parser of `HTMLRewriter`, half a megabyte of WebAssembly, when it is first needed. For threads of Node. */

/** @import { ParserClass } from "./html_rewriter.js" */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);
/** Its file. */
const PARSER = require.resolve("html-rewriter-wasm");
/** Where the modules of the parser are, which import some of Node's. */
export const PARSER_FOLDER = new URL(".", pathToFileURL(PARSER)).href;

/** @returns {ParserClass} */
export function loadHtmlParser() {
  return require(PARSER).HTMLRewriter;
}
