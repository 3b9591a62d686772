/**
 * The real interpreter in the test's own thread, with everything counted that crosses to it or back.
 *
 * What `isolate.js` and `worker.js` do is done here without the thread between them, so that the same work always comes
 * in the same batches.
 */

/** @import { FromGuest, Guest, LostPass, ToGuest } from "../../bridge/protocol.d.ts" */

import { packBatch, unpackBatch } from "../../bridge/batch.js";
import { Control } from "../../runtime/pool/control.js";
import { guestFiles } from "../../runtime/pyodide/files.js";
import { guestGlobals } from "../../runtime/pyodide/globals.js";
import { loadPyodide } from "pyodide";
import { startFrom } from "../../runtime/pyodide/snapshot_memory.js";
import { startInterpreter } from "../../runtime/pyodide/interpreter.js";
import { findSnapshot } from "../../runtime/pyodide/snapshot.js";

const HANDLER_CALLS = [
  "fetch_answered",
  "fetch_answered_by",
  "fetch_failed",
  "fetch_settled",
  "make_request",
  "exports",
];

/** @implements {Guest} */
export class CountingGuest {
  /** @type {(messages: FromGuest[]) => void} */
  onmessages = () => {};
  /** @type {(passes: LostPass[]) => void} */
  onlost = () => {};
  /** What a port would have carried, and how often a call went from one language to the other. */
  counts = { messages: 0, bytes: 0, crossings: 0 };
  /** @type {any} */
  #python;
  /** @type {ToGuest[]} */
  #outbox = [];

  /** @param {string} root folder of the deployment @param {string} main */
  async load(root, main) {
    const options = { loadPyodide, files: guestFiles(), globals: guestGlobals({ console }) };
    const pyodide = await startFrom((await findSnapshot()).snapshot, (snapshot) =>
      startInterpreter({ ...options, snapshot }),
    );
    // A turn that takes long is cut in two, and what a long attempt gave is sent at once. Time is not to count here.
    pyodide.runPython("import _stepwell_runtime.turns as turns; turns.SLICE_S = float('inf')");
    pyodide.runPython("import _stepwell_runtime.pass_runner as runner; runner.LONG_COMPUTATION_S = float('inf')");
    pyodide.FS.mkdirTree(root);
    pyodide.FS.mount(pyodide.FS.filesystems.NODEFS, { root }, root);
    const control = new Control();
    this.#python = pyodide.runPython("from _stepwell_pyodide.install import install; install")({
      cpu_limit: 60_000,
      post: this.#counted((/** @type {string} */ text) => this.#receive(text)),
      wake: this.#counted(() => void setImmediate(() => this.#call(() => this.#python.turn()))),
      set_timer: this.#counted(() => {}),
      alone: this.#counted(() => true),
      sleep: this.#counted(() => {}),
      // How long a turn takes is not to count.
      computed: () => {},
      read_interrupt: this.#counted(() => control.readInterrupt()),
      interrupt_raised: this.#counted(() => control.interruptRaised()),
      make_step: () => null,
      facades: () => undefined,
      open_upstream: () => undefined,
      blocking_fetch: () => undefined,
      begin_turn: () => {},
      end_turn: () => {},
      // No handler is called.
      ...Object.fromEntries(HANDLER_CALLS.map((name) => [name, () => {}])),
    });
    const { error, classes } = JSON.parse(this.#python.load(JSON.stringify({ root, main, vars: {} })));
    if (error) throw new Error(error.traceback);
    return /** @type {string[]} */ (classes);
  }

  /** @param {ToGuest} message */
  send(message) {
    this.#outbox.push(message);
    if (this.#outbox.length > 1) return;
    setImmediate(() => {
      const text = packBatch(this.#outbox);
      this.#outbox = [];
      this.#carry(text);
      this.#call(() => this.#python.deliver(text));
    });
  }

  /** @param {() => string | undefined} call into Python */
  #call(call) {
    this.counts.crossings += 1;
    const text = call();
    if (text) this.#receive(text);
  }

  /** @template {(...values: any[]) => unknown} F @param {F} called by Python @returns {F} */
  #counted(called) {
    return /** @type {F} */ (
      (...values) => {
        this.counts.crossings += 1;
        return called(...values);
      }
    );
  }

  /** @param {string} text */
  #receive(text) {
    this.#carry(text);
    // Between threads nothing is heard before the other side has let go.
    setImmediate(() => this.onmessages(unpackBatch(text)));
  }

  /** @param {string} text */
  #carry(text) {
    this.counts.messages += 1;
    this.counts.bytes += text.length;
  }

  async dispose() {}
}
