/**
 * The page's modules of others: the name by which a script imports one, and the file of `node_modules` that it gets.
 *
 * The page's bundle has these files in it, and the site has the licences of their packages.
 */

/** @type {Record<string, string>} */
export const MODULES = {
  preact: "preact/dist/preact.mjs",
  "preact/hooks": "preact/hooks/dist/hooks.mjs",
  htm: "htm/dist/htm.mjs",
  "htm/preact": "htm/preact/index.mjs",
  "@preact/signals": "@preact/signals/dist/signals.mjs",
  "@preact/signals-core": "@preact/signals-core/dist/signals-core.mjs",
  "@codemirror/autocomplete": "@codemirror/autocomplete/dist/index.js",
  "@codemirror/commands": "@codemirror/commands/dist/index.js",
  "@codemirror/lang-json": "@codemirror/lang-json/dist/index.js",
  "@codemirror/lang-python": "@codemirror/lang-python/dist/index.js",
  "@codemirror/language": "@codemirror/language/dist/index.js",
  "@codemirror/lint": "@codemirror/lint/dist/index.js",
  "@codemirror/search": "@codemirror/search/dist/index.js",
  "@codemirror/state": "@codemirror/state/dist/index.js",
  "@codemirror/streamparser": "@codemirror/streamparser/dist/index.js",
  "@codemirror/view": "@codemirror/view/dist/index.js",
  "@lezer/common": "@lezer/common/dist/index.js",
  "@lezer/highlight": "@lezer/highlight/dist/index.js",
  "@lezer/json": "@lezer/json/dist/index.js",
  "@lezer/lr": "@lezer/lr/dist/index.js",
  "@lezer/python": "@lezer/python/dist/index.js",
  "@marijn/find-cluster-break": "@marijn/find-cluster-break/src/index.js",
  "@dagrejs/dagre": "@dagrejs/dagre/dist/dagre.esm.js",
  fflate: "fflate/esm/browser.js",
  crelt: "crelt/index.js",
  "style-mod": "style-mod/src/style-mod.js",
  "w3c-keyname": "w3c-keyname/index.js",
};
