/** The editor of the project's files: one CodeMirror, and a state for each file, so that each keeps its own history. */

import { html } from "htm/preact";
import { useEffect, useRef } from "preact/hooks";
import { setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { signal } from "@preact/signals";
import { editFile } from "../state/project.js";
import { start } from "../state/start.js";
import { codeExtensions } from "./setup.js";

/** @import { Marked } from "../../../pages/run/places.js" */

/** A place to go to: the editor shows it, and forgets it. @type {import("@preact/signals").Signal<{ file: string, line: number } | null>} */
export const goal = signal(null);

/**
 * @param {{ path: string, text: string, marked: Marked[], generation: number }} props `generation`: when it changes, the
 *   histories of all files are forgotten
 */
export function CodeEditor({ path, text, marked, generation }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  const view = useRef(/** @type {EditorView | null} */ (null));
  const current = useRef({ path: "", generation: -1 });
  const kept = useRef(/** @type {Map<string, EditorState>} */ (new Map()));

  useEffect(() => {
    view.current = new EditorView({ parent: /** @type {HTMLElement} */ (place.current) });
    return () => view.current?.destroy();
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const before = current.current;
    if (before.generation !== generation) kept.current.clear();
    else if (before.path !== path) kept.current.set(before.path, editor.state);
    // What is typed comes back as `text`, late: it is never newer than what the editor has.
    if (before.path === path && before.generation === generation) return;
    current.current = { path, generation };
    const known = kept.current.get(path);
    editor.setState(known?.doc.toString() === text ? known : begin(path, text));
  }, [path, generation, text]);

  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const { doc } = editor.state;
    const here = marked.filter(({ file, line }) => file === path && line >= 1 && line <= doc.lines);
    editor.dispatch(
      setDiagnostics(
        editor.state,
        here.map((each) => toDiagnostic(doc, each)),
      ),
    );
  }, [marked, path, generation]);

  const wanted = goal.value;
  useEffect(() => {
    const editor = view.current;
    if (!editor || !wanted || wanted.file !== path) return;
    const { doc } = editor.state;
    const line = doc.line(Math.max(1, Math.min(wanted.line, doc.lines)));
    editor.dispatch({
      selection: { anchor: line.from },
      effects: EditorView.scrollIntoView(line.from, { y: "center" }),
    });
    editor.focus();
    goal.value = null;
  }, [wanted, path]);

  return html`<div class="code" ref=${place}></div>`;
}

/** @param {string} path @param {string} text */
function begin(path, text) {
  const onChange = EditorView.updateListener.of((update) => {
    if (update.docChanged) editFile(path, update.state.doc.toString());
  });
  // Before the editor's own keys, where Ctrl+Enter inserts an empty line.
  const startKey = keymap.of([{ key: "Mod-Enter", run: startInstance }]);
  return EditorState.create({ doc: text, extensions: [startKey, ...codeExtensions(path), onChange] });
}

function startInstance() {
  void start();
  return true;
}

/** @param {import("@codemirror/state").Text} doc @param {Marked} marked @returns {import("@codemirror/lint").Diagnostic} */
function toDiagnostic(doc, { line, column, endLine, endColumn, name, message, severity = "error" }) {
  const start = doc.line(line);
  const indent = /^\s*/.exec(start.text)?.[0].length ?? 0;
  const from = Math.min(start.to, start.from + (column === undefined ? indent : column - 1));
  const last = endLine !== undefined && endLine >= line && endLine <= doc.lines ? doc.line(endLine) : start;
  const to = endColumn === undefined ? start.to : Math.min(last.to, last.from + endColumn - 1);
  return { from: Math.min(from, to), to: Math.max(to, from), severity, message: `${name}: ${message}` };
}
