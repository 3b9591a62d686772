/**
 * What an isolate's thread does, wherever it runs: one interpreter, driven by the messages of the pool.
 *
 * `worker.js` puts it into a thread of Node's, `runtime/browser/worker.js` into a page's worker.
 */

/** @import { WireError } from "../../bridge/protocol.d.ts" */
/** @import { JsEnvironment } from "../../bridge/step.js" */
/** @import { GuestFile } from "./interpreter.js" */
/** @import { DeploymentOptions } from "../pool/pool.js" */

import { fromWire } from "../../bridge/errors.js";
import { WorkflowStep } from "../../bridge/step.js";
import { HandlerDispatcher } from "../handlers/dispatcher.js";
import { ExecutionContext } from "../handlers/execution_context.js";
import { argsOf } from "../handlers/incoming_request.js";
import { provideText } from "../handlers/packing.js";
import { FetchCalls } from "./fetch_calls.js";
import { lazyClass } from "./globals.js";
import { workerGlobals } from "../handlers/globals.js";
import { Control } from "../pool/control.js";
import { tracedFetch } from "../traced_fetch.js";

/**
 * @typedef {object} Boot
 * @property {"boot"} type
 * @property {GuestFile[]} files
 * @property {WebAssembly.Module} module
 * @property {ArrayBufferLike} [snapshot]
 * @property {ArrayBufferLike} control
 * @property {number} memoryLimit
 * @property {number} cpuLimit
 *
 * Where the thread is.
 *
 * @typedef {object} ThreadEnvironment
 * @property {{ postMessage: (message: any, transfer?: ArrayBuffer[]) => void }} port to the pool
 * @property {(boot: any, own: Record<string, unknown>) => Promise<any>} start an interpreter that looks at the `signals` of its first
 *   argument; `own` is what `import js` gives besides the globals
 * @property {(pyodide: any, deployment: any) => void} mount show the deployment's files to the interpreter
 * @property {(run: () => void) => void} soon runs its argument after the messages that are there have been read
 * @property {(ms: number) => void} block the thread
 * @property {(request: string, body: Uint8Array | undefined) => object} [openExchange] fetches for code that cannot await; absent
 *   where the thread must not block for it
 * @property {(timer: boolean) => number} others how much besides the pool, and a timer where there is one, can wake the thread
 * @property {() => number} processorTime what the thread has used of a processor, in ms
 * @property {() => import("../handlers/html_rewriter.js").ParserClass} [loadHtmlParser] for `HTMLRewriter`
 * @property {boolean} [isSuspendable] whether code of handlers may be suspended
 * @property {(pyodide: any, folder: string) => { host: object, restore: (wire: WireError) => Error }} [upstream]
 *   puts Cloudflare's own SDK, which the folder has, into the interpreter: what it expects around it, and how it wants errors
 * @property {import("../objects/ids.js").Digest} [digest] absent: there are no namespaces of Durable Objects
 * @property {{ Objects: typeof import("../objects/resident_objects.js").ResidentObjects, folder: string }} [objects] Durable Objects
 *   live in this thread, and have their files in the folder
 * @property {() => Promise<() => void>} collector gives what collects garbage; for tests that look for leaks
 */

/** Methods of the guest that begin in this turn, in the order of their calls. */
const AT_ONCE = new Set(["take_fetches", "cancel_fetch"]);
/** ms of processor time that say that code computes. */
const COMPUTATION_MS = 20;

export class InterpreterThread {
  #environment;
  /** @type {any} */
  #pyodide;
  /** @type {any} the interpreter's half, a PyProxy that lives as long as the thread */
  #guest;
  /** The guest's methods that are called all the time: to ask for one makes a proxy each time. @type {any} */
  #deliver;
  /** @type {any} */
  #guestTurn;
  /** @type {any} a module of the interpreter's, likewise */
  #failures;
  /** @type {ReturnType<NonNullable<ThreadEnvironment["upstream"]>> | undefined} */
  #upstream;
  /** @type {Control | undefined} */
  #control;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** When this turn began, in ms, and this thread's processor time then. */
  #turnBegan = 0;
  #turnBeganAt = 0;
  #dead = false;
  #dispatcher;
  /** What `env` has for bindings that the host answers. @type {object} */
  #facades = {};
  #fetches = new FetchCalls((calls) => this.#enter("take_fetches", calls));
  /** Calls a method of the guest, once handlers are called. @type {((what: string, args: any[]) => void) | undefined} */
  #serve;

  /** @param {ThreadEnvironment} environment */
  constructor(environment) {
    this.#environment = environment;
    const { digest, objects } = environment;
    this.#dispatcher = new HandlerDispatcher({
      post: (messages, transfer) => environment.port.postMessage({ type: "port", messages }, transfer),
      invoke: (invocation) => this.#invoke(invocation),
      onerror: (id, text) => this.#dispatcher.port.send({ type: "log", id, level: "error", text }),
      ...(digest && { digest }),
    });
    if (objects) this.#dispatcher.openObjects(objects.Objects, objects.folder);
  }

  /** Take a message of the pool. @param {any} message */
  receive(message) {
    if (typeof message === "string") this.#run(() => this.#deliver(message));
    else if (message.type === "port") this.#dispatcher.port.receive(message.messages);
    else if (message.type === "ping") this.#environment.port.postMessage({ type: "pong" });
    else if (message.type === "boot") this.#boot(message).catch((error) => this.die(error));
    else if (message.type === "load") this.#load(message.deployment);
    else if (message.type === "examine") this.#examine(message);
    else if (message.type === "reload") this.#reload();
    else if (message.type === "census") void this.#answerCensus();
  }

  /** @param {Boot} boot */
  async #boot(boot) {
    const control = new Control(boot.control);
    this.#control = control;
    const { signals } = control;
    const pyodide = await this.#environment.start(
      { ...boot, signals },
      { ...ownGlobals(this.#environment), console: this.#console() },
    );
    this.#pyodide = pyodide;
    pyodide._api.on_fatal = (/** @type {any} */ error) => this.die(error);
    pyodide.setInterruptBuffer(signals);
    const install = pyodide.runPython("from _stepwell_pyodide.install import install; install");
    this.#guest = install({
      cpu_limit: boot.cpuLimit,
      post: (/** @type {string} */ text) => this.#environment.port.postMessage(text),
      wake: () => this.#environment.soon(() => this.#turn()),
      set_timer: (/** @type {number} */ delay) => {
        clearTimeout(this.#timer);
        const timer = setTimeout(() => {
          this.#turn();
          // Not before: until it returns, it is still one of those that Node counts.
          if (this.#timer === timer) this.#timer = undefined;
        }, delay);
        this.#timer = timer;
      },
      alone: () => this.#dispatcher.port.waiting === 0 && this.#environment.others(this.#timer !== undefined) === 0,
      sleep: (/** @type {number} */ delay) => this.#environment.block(delay),
      blocking_fetch: () => this.#environment.openExchange,
      computed: () => this.#computed(control),
      read_interrupt: () => control.readInterrupt(),
      interrupt_raised: () => control.interruptRaised(),
      make_step: (/** @type {any} */ stepPort, /** @type {boolean} */ encoded) =>
        new WorkflowStep(stepPort, { ...this.#surroundings(), encoded }),
      open_upstream: () => this.#upstream?.host,
      trace_fetch: tracedFetch,
      begin_turn: () => this.#beginTurn(),
      end_turn: (/** @type {string | undefined} */ text) => this.#endTurn(text),
      facades: () => this.#facades,
      call_workflow: (/** @type {string} */ workflow, /** @type {string} */ method, /** @type {string} */ args) =>
        this.#dispatcher.callWorkflow(workflow, method, JSON.parse(args)),
      ...this.#fetches.host,
      exports: () => this.#dispatcher.exports,
      post_handler_output: (/** @type {string} */ text) => this.#postOutput(JSON.parse(text)),
    });
    install.destroy();
    this.#deliver = this.#guest.deliver;
    this.#guestTurn = this.#guest.turn;
    this.#failures = pyodide.pyimport("_stepwell_pyodide.failures");
    this.#environment.port.postMessage({ type: "ready" });
  }

  /** What a step of JavaScript's is in here. @returns {JsEnvironment} */
  #surroundings() {
    const { PyProxy, PythonError } = this.#pyodide.ffi;
    return {
      isPython: (value) => value instanceof PyProxy,
      watch: (promise) => watched(promise, () => this.#guest.step_is_awaited()),
      describe: (thrown) => {
        if (!(thrown instanceof PythonError)) return undefined;
        const error = /** @type {any} */ (thrown);
        const known = this.#failures.wire_of(error.__error_address);
        return known ? JSON.parse(known) : { name: error.type, message: error.message, type: `builtins:${error.type}` };
      },
      ...(this.#upstream ? { restore: this.#upstream.restore } : {}),
    };
  }

  /** @param {DeploymentOptions} deployment */
  #load(deployment) {
    const sdk = deployment.runtime?.sdk;
    this.#facades = this.#dispatcher.facades(deployment.env);
    try {
      this.#environment.mount(this.#pyodide, deployment);
      if (typeof sdk === "string") this.#upstream = this.#environment.upstream?.(this.#pyodide, sdk);
    } catch (error) {
      const message = `${deployment.root} cannot be shown to the interpreter: ${/** @type {Error} */ (error).message}`;
      this.#environment.port.postMessage({
        type: "loaded",
        text: JSON.stringify({ error: { name: "OSError", message } }),
      });
      return;
    }
    this.#run(() => {
      const text = this.#guest.load(JSON.stringify(deployment));
      const { handlers } = JSON.parse(text);
      if (handlers) this.#dispatcher.setExports(handlers);
      this.#environment.port.postMessage({ type: "loaded", text });
    });
  }

  /** @type {import("../handlers/dispatcher.js").Invoke} */
  #invoke({ id, entrypoint, method, context, onabort, object, ...given }) {
    const settle = ExecutionContext.hold(context);
    if (!this.#serve) this.#enableSuspension();
    const isPlain = !object && !this.#upstream && !ExecutionContext.hasProps(context);
    const request = isPlain ? given.incoming?.toData() : undefined;
    if (request) {
      onabort(() => this.#enter("cancel_fetch", id));
      return new Promise((resolve, reject) => {
        const signal = () => /** @type {AbortSignal} */ (given.incoming?.signal);
        this.#fetches.begin({ id, entrypoint, request, signal, context, resolve, reject, settle });
      });
    }
    onabort(() => this.#enter("cancel_call", id));
    const args = argsOf(given);
    if (method === "fetch") provideText(args[0]);
    return new Promise((resolve, reject) => {
      const answer = { resolve, reject: (/** @type {string} */ wire) => reject(fromWire(JSON.parse(wire))), settle };
      const handler = object ? [entrypoint, method, object.key] : [entrypoint, method];
      this.#enter("handle", id, handler, args, object?.parts ?? context, answer);
    });
  }

  /** From here on no pass runs in this interpreter: what its code does may be suspended, where V8 switches stacks. */
  #enableSuspension() {
    const canSuspend = this.#pyodide._module.jspiSupported && this.#environment.isSuspendable;
    if (canSuspend) this.#guest.enable_suspension();
    const { serve } = this.#guest;
    if (!canSuspend) {
      this.#serve = (what, args) => this.#run(() => this.#guest[what](...args));
      return;
    }
    const api = this.#pyodide._api;
    const { scheduleCallback } = api;
    this.#serve = (what, args) => {
      // Pyodide begins later, where the stack is sure to be empty. Here it is: nothing of Python's runs.
      if (AT_ONCE.has(what)) api.scheduleCallback = (/** @type {() => void} */ run) => run();
      try {
        serve.callPromising(what, ...args).catch((/** @type {any} */ error) => this.die(error));
      } finally {
        api.scheduleCallback = scheduleCallback;
      }
    };
  }

  /** Call a method of the guest in a turn of its own. @param {string} what @param {any[]} args */
  #enter(what, ...args) {
    this.#serve?.(what, args);
  }

  /** @param {[number | null, import("../../bridge/protocol.d.ts").LogLevel, string][]} written */
  #postOutput(written) {
    for (const [id, level, text] of written)
      this.#dispatcher.port.send({ type: "log", level, text, ...(id === null ? {} : { id }) });
  }

  /** @param {{ what: string, text: string, reply: string }} asked */
  #examine({ what, text, reply }) {
    this.#run(() => {
      const module = this.#pyodide.pyimport("_stepwell_runtime.examine");
      try {
        this.#environment.port.postMessage({ type: reply, text: module.examine(what, text) });
      } finally {
        module.destroy();
      }
    });
  }

  #reload() {
    this.#run(() => {
      this.#guest.reload();
      this.#environment.port.postMessage({ type: "reloaded" });
    });
  }

  #turn() {
    if (this.#serve) this.#enter("turn");
    else this.#run(() => this.#guestTurn());
  }

  /** Code has taken long: it may have computed, or the machine was busy with something else. @param {Control} control */
  #computed(control) {
    const share = (this.#environment.processorTime() - this.#turnBegan) / (performance.now() - this.#turnBeganAt);
    if (this.#guest.took * share > COMPUTATION_MS) control.computed();
  }

  /** @param {() => string | void} work */
  #run(work) {
    this.#beginTurn();
    let text;
    try {
      text = work();
    } catch (error) {
      this.die(error);
    } finally {
      this.#endTurn(text);
    }
  }

  #beginTurn() {
    this.#control?.beginTurn();
    this.#turnBegan = this.#environment.processorTime();
    this.#turnBeganAt = performance.now();
  }

  /** @param {string | void | undefined} text a batch, if there is one to send */
  #endTurn(text) {
    this.#control?.endTurn(this.#pyodide._module.HEAP8.length / 65_536);
    if (text) this.#environment.port.postMessage(text);
  }

  /** `console` of user code is user output. */
  #console() {
    const levels = { debug: "debug", log: "stdout", info: "info", warn: "warning", error: "error", trace: "debug" };
    return Object.fromEntries(
      Object.entries(levels).map(([name, level]) => [
        name,
        (/** @type {unknown[]} */ ...args) => this.#guest?.print(level, args.map(String).join(" ")),
      ]),
    );
  }

  /** What JavaScript of the user's leaves uncaught is no reason for the others in this isolate to end. @param {any} error */
  complain(error) {
    if (error?.pyodide_fatal_error) this.die(error);
    else if (error?.name !== "SessionClosed")
      this.#guest?.print("error", `Uncaught in JavaScript: ${error?.stack ?? error}`);
  }

  /** How many objects of each side the other holds, for tests that look for leaks. */
  async #answerCensus() {
    const collect = await this.#environment.collector();
    const module = this.#pyodide._module;
    module.enable_pyproxy_allocation_tracing();
    // A cycle through both languages takes both collectors, in turns.
    for (let i = 0; i < 3; i++) {
      this.#guest.census();
      collect();
      await new Promise((resolve) => void setTimeout(resolve, 1));
    }
    const jsObjects = module._hiwire_num_refs();
    const pyProxies = module.pyproxy_alloc_map.size;
    const census = { ...JSON.parse(this.#guest.census()), jsObjects, pyProxies };
    this.#environment.port.postMessage({ type: "census", census });
  }

  /** The interpreter is beyond use. @param {any} error */
  die(error) {
    if (this.#dead) return;
    this.#dead = true;
    this.#environment.port.postMessage({ type: "died", reason: String(error?.message ?? error) });
  }
}

/**
 * *promise*, which tells when it is asked for its outcome.
 *
 * @param {Promise<any>} promise
 * @param {() => void} tell
 */
function watched(promise, tell) {
  // oxlint-disable-next-line typescript/unbound-method -- it is called on its promise
  const { then } = promise;
  /** @param {any[]} functions */
  // oxlint-disable-next-line unicorn/no-thenable -- it is a promise
  promise.then = (...functions) => {
    tell();
    return Reflect.apply(then, promise, functions);
  };
  return promise;
}

/**
 * The globals that are Workers' own. With the class of responses Node would load its HTTP client at each start.
 *
 * @param {ThreadEnvironment} environment
 */
function ownGlobals({ loadHtmlParser }) {
  const { Response, ...others } = workerGlobals(loadHtmlParser);
  const made = Object.entries(others).map(([name, make]) => [name, make()]);
  return { ...Object.fromEntries(made), Response: lazyClass(Response) };
}
