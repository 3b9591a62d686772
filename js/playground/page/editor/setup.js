/** How CodeMirror is set up: the parts that make an editor for Python, and the smaller one for JSON. */

/** @import { Extension } from "@codemirror/state" */

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { python, pythonLanguage } from "@codemirror/lang-python";
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from "@codemirror/language";
import { linter, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
  placeholder,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import { sdkCompletions, sdkHover } from "./completions.js";
import sdk from "./sdk.json" with { type: "json" };

const shared = [
  highlightSpecialChars(),
  history(),
  drawSelection(),
  bracketMatching(),
  closeBrackets(),
  syntaxHighlighting(classHighlighter),
];

/** @param {string} path @returns {Extension[]} */
export function codeExtensions(path) {
  const isPython = path.endsWith(".py");
  return [
    lineNumbers(),
    lintGutter(),
    foldGutter(),
    indentOnInput(),
    indentUnit.of("    "),
    EditorState.tabSize.of(4),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    highlightSelectionMatches(),
    ...shared,
    ...(isPython ? [python(), pythonLanguage.data.of({ autocomplete: sdkCompletions(sdk) }), sdkHover(sdk)] : []),
    ...(path.endsWith(".json") ? [json(), linter(jsonParseLinter())] : []),
    autocompletion({ activateOnTyping: true }),
    keymap.of([
      ...closeBracketsKeymap,
      ...defaultKeymap,
      ...searchKeymap,
      ...historyKeymap,
      ...foldKeymap,
      ...completionKeymap,
      ...lintKeymap,
      indentWithTab,
    ]),
    EditorView.contentAttributes.of({
      "aria-label": `Source of ${path}`,
      "aria-description": "Tab indents. Press Escape, then Tab, to leave the editor.",
      tabindex: "0",
    }),
  ];
}

/** @param {{ label: string, hint: string }} texts @returns {Extension[]} */
export function jsonExtensions({ label, hint }) {
  return [
    ...shared,
    json(),
    linter((view) => (view.state.doc.toString().trim() === "" ? [] : jsonParseLinter()(view)), { delay: 200 }),
    placeholder(hint),
    EditorView.lineWrapping,
    keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
  ];
}
