/**
 * The page's half of the host: who owns the state, the engine's worker, and what it says.
 *
 * See `../host.d.ts` for what the page may call. A worker that is ended is replaced; what the page has subscribed to goes
 * on where it was.
 */

/** @import { ConnectOptions, HostEvents, HostState, InstanceEvent, Missing, PlaygroundHost, Progress, Storage } from "../host.d.ts" */
/** @import { Fault } from "./host_error.js" */
/** @import { BrowserParts } from "../../../runtime/browser/parts.js" */

// @ts-ignore -- its types stand beside another file
import { wrap } from "../../../node_modules/comlink/dist/esm/comlink.mjs";
import { toHostError } from "./host_error.js";
import { Loading } from "./loading.js";
import { findMissing } from "./missing.js";
import { Ownership } from "./ownership.js";

/** Methods of the engine's worker that the page may call as they are. */
const FORWARDED = /** @type {const} */ ([
  "loadProject",
  "saveProject",
  "check",
  "deploy",
  "workflows",
  "schedules",
  "setSchedules",
  "graph",
  "create",
  "list",
  "detail",
  "pause",
  "resume",
  "terminate",
  "restartInstance",
  "delete",
  "sendEvent",
  "awaitedEvents",
  "skipSleep",
  "source",
  "tables",
  "rows",
  "exportRun",
  "openRun",
  "closeRun",
  "forkRun",
  "replayRun",
  "compare",
]);

/**
 * How long a tab waits before it takes over from one that has gone: one that is only loaded again has the state back by
 * then.
 */
const HANDOVER_MS = 1500;

/** @typedef {{ key: number, workflow: string, id: string, listener: (events: InstanceEvent[]) => void, cursor: number, printed: number, progress: number | undefined }} Following */

/**
 * @param {ConnectOptions} [options]
 * @returns {PlaygroundHost}
 */
export function connect(options = {}) {
  const host = new Host(options);
  for (const name of FORWARDED) {
    Object.defineProperty(host, name, { value: (/** @type {unknown[]} */ ...args) => host.call(name, args) });
  }
  return /** @type {any} */ (host);
}

class Host {
  /** @type {HostState} */
  state = { phase: "starting" };
  /** @type {Map<string, Set<(event: any) => void>>} */
  #listeners = new Map();
  /** @type {Missing[]} */
  #missing = findMissing();
  #name;
  #kind;
  #ownership;
  #loading = new Loading((progress) => this.#tell("progress", progress));
  /** @type {Engine | undefined} */
  #engine;
  /** What interpreters start from, kept for the next engine. @type {BrowserParts | undefined} */
  #parts;
  /** @type {Map<number, Following>} */
  #following = new Map();
  #lastKey = 0;
  #sqlite = "";
  /** While this tab takes over by itself. @type {Promise<boolean> | undefined} */
  #handover;

  /** @param {ConnectOptions} options */
  constructor({ name = new URL(".", location.href).pathname, storage }) {
    this.#name = name;
    const hasOpfs = !this.#missing.some(({ what }) => what === "OPFS");
    this.#kind = storage ?? (hasOpfs ? "opfs" : "memory");
    // What is kept in memory is no other tab's business.
    const lock = this.#kind === "opfs" ? `stepwell:${name}` : undefined;
    this.#ownership = new Ownership(lock, { onlost: () => this.#leave() });
    if (this.#missing.some(({ fatal }) => fatal)) this.#set({ phase: "unsupported", missing: this.#missing });
    else void this.#begin();
  }

  get progress() {
    return this.#loading.progress;
  }

  /** @template {keyof HostEvents} T @param {T} type @param {(event: HostEvents[T]) => void} listener */
  on(type, listener) {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** @param {string} type @param {unknown} event */
  #tell(type, event) {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  /** @param {HostState} state */
  #set(state) {
    this.state = state;
    this.#tell("state", state);
  }

  // Ownership ---------------------------------------------------------------------------------------------------------

  async #begin() {
    // The worker is started before it is known whether this tab may open the state: it loads meanwhile.
    this.#engine ??= new Engine(this.#parts);
    if (await this.#ownership.take()) this.#open();
    else await this.#standBy();
  }

  /** Another tab has the state. When that tab is closed, this one continues, or another one that waits. */
  async #standBy() {
    /** @type {HostState} */
    const elsewhere = { phase: "elsewhere", missing: this.#missing };
    this.#set(elsewhere);
    while (this.state === elsewhere) {
      if (!(await this.#ownership.freed())) return;
      await new Promise((resolve) => setTimeout(resolve, HANDOVER_MS));
      if (this.state !== elsewhere) return;
      this.#handover = this.#ownership.take();
      if (await this.#handover) {
        this.#set({ phase: "starting" });
        this.#tell("notice", { level: "info", text: "The other tab was closed: instances continue here." });
        this.#open();
        return;
      }
    }
  }

  async takeOver() {
    await this.#handover;
    if (this.state.phase !== "elsewhere") return;
    this.#set({ phase: "starting" });
    await this.#ownership.takeOver();
    this.#open();
  }

  /** Another tab has taken the state over. */
  #leave() {
    this.#end("Another tab has taken over.");
    void this.#standBy();
  }

  // The worker --------------------------------------------------------------------------------------------------------

  #open() {
    const engine = (this.#engine ??= new Engine(this.#parts));
    engine.onevent = (type, value) => {
      if (engine === this.#engine) this.#hear(type, value);
    };
    engine.open({ kind: this.#kind, folder: `.stepwell/${encodeURIComponent(this.#name)}` });
  }

  /** @param {string} reason */
  #end(reason) {
    this.#engine?.end(reason);
    this.#engine = undefined;
  }

  /** @param {string} type @param {any} value */
  #hear(type, value) {
    switch (type) {
      case "part":
        this.#loading.part(value.part, value.loaded, value.total);
        break;
      case "parts":
        this.#parts = value;
        break;
      case "open":
        this.#sqlite = value.sqlite;
        this.#opened(value.storage);
        break;
      case "python":
        this.#python(value);
        break;
      case "follow":
        this.#deliver(value);
        break;
      case "stopped":
        this.#stopped(value);
        break;
      default:
        this.#tell(type, value);
    }
  }

  /** @type {import("../host.d.ts").PythonState} */
  #pythonState = "loading";

  /** @param {Storage} storage */
  #opened(storage) {
    this.#set({ phase: "ready", storage, python: this.#pythonState, missing: this.#missing });
    for (const following of this.#following.values()) this.#follow(following);
  }

  /** @param {string} word */
  #python(word) {
    this.#pythonState = word === "ready" ? "ready" : "failed";
    if (word === "ready") this.#loading.done();
    else {
      // Next time they are fetched again: they may be what is wrong.
      this.#parts = undefined;
      this.#tell("notice", { level: "error", text: `Python could not be started: ${word.replace("failed: ", "")}` });
    }
    if (this.state.phase === "ready") this.#set({ ...this.state, python: this.#pythonState });
  }

  /** @param {Fault} fault */
  #stopped({ reason, message }) {
    const [known, remedy] = REMEDIES[reason] ?? [
      "internal",
      "Reload the page. If that does not help, export what you need and reset.",
    ];
    this.#end(message);
    this.#set({ phase: "stopped", error: { reason: known, message, remedy } });
  }

  async ready() {
    for (;;) {
      const { state } = this;
      if (state.phase === "ready" && state.python === "ready") return;
      if (state.phase === "ready" && state.python === "failed")
        throw toHostError({ reason: "python.failed", message: "Python could not be started." });
      if (state.phase !== "ready" && state.phase !== "starting") throw this.#unavailable();
      await new Promise((resolve) => {
        const end = this.on("state", () => {
          end();
          resolve(undefined);
        });
      });
    }
  }

  #unavailable() {
    const { state } = this;
    const message =
      state.phase === "elsewhere"
        ? "Another tab has the playground open."
        : state.phase === "stopped"
          ? state.error.message
          : state.phase === "unsupported"
            ? state.missing.map(({ message: text }) => text).join(" ")
            : "The playground is starting.";
    return toHostError({ reason: `host.${state.phase}`, message });
  }

  async restart() {
    this.#end("The playground is started again.");
    this.#set({ phase: "starting" });
    this.#pythonState = "loading";
    this.#loading.begin();
    await this.#begin();
  }

  async reset() {
    await this.call("reset", []);
    await this.restart();
  }

  async persist() {
    return (await navigator.storage?.persist?.()) ?? false;
  }

  async versions() {
    const response = await fetch(new URL("../../../parts/versions.json", import.meta.url));
    return { ...(await response.json()), sqlite: this.#sqlite };
  }

  async examples() {
    const response = await fetch(new URL("../../../parts/examples.json", import.meta.url));
    return await response.json();
  }

  // Calls -------------------------------------------------------------------------------------------------------------

  /** @param {string} name @param {unknown[]} args */
  async call(name, args) {
    while (this.state.phase === "starting") await this.#change();
    if (this.state.phase !== "ready" || !this.#engine) throw this.#unavailable();
    const { result, fault } = await this.#engine.call(name, args);
    if (fault) throw toHostError(fault);
    return result;
  }

  async #change() {
    await new Promise((resolve) => {
      const end = this.on("state", () => {
        end();
        resolve(undefined);
      });
    });
  }

  /**
   * @param {string} workflow
   * @param {string} id
   * @param {(events: InstanceEvent[]) => void} listener
   * @param {{ cursor?: number, progress?: number }} [options]
   */
  subscribe(workflow, id, listener, { cursor = 0, progress } = {}) {
    const key = ++this.#lastKey;
    const following = { key, workflow, id, listener, cursor, printed: 0, progress };
    this.#following.set(key, following);
    if (this.state.phase === "ready") this.#follow(following);
    return () => {
      this.#following.delete(key);
      if (this.state.phase === "ready") this.call("unfollow", [key]).catch(() => {});
    };
  }

  /** @param {Following} following */
  #follow({ key, workflow, id, cursor, printed, progress }) {
    this.call("follow", [key, workflow, id, { cursor, printed, progress }]).catch((error) => {
      this.#tell("notice", { level: "warning", text: `Instance ${id} cannot be followed: ${error.message}` });
    });
  }

  /** @param {{ key: number, lines: InstanceEvent[], cursor: number, printed: number, progress: number | undefined }} told */
  #deliver({ key, lines, cursor, printed, progress }) {
    const following = this.#following.get(key);
    if (!following) return;
    Object.assign(following, { cursor, printed, progress });
    following.listener(lines);
  }

  // Crashes -----------------------------------------------------------------------------------------------------------

  /** @param {"python" | "engine"} what */
  async crash(what) {
    if (what === "python") {
      await this.call("crashPython", []);
      return;
    }
    if (this.state.phase !== "ready") throw this.#unavailable();
    this.#end("The engine was ended on request.");
    this.#pythonState = "loading";
    this.#loading.begin();
    this.#set({ phase: "starting" });
    this.#open();
  }
}

/** The engine's worker as the page sees it. */
class Engine {
  /** @type {(type: string, value: any) => void} */
  onevent = () => {};
  #worker;
  #remote;
  #parts;
  /** @type {{ promise: Promise<never>, reject: (reason: unknown) => void }} */
  #ended = Promise.withResolvers();

  /** @param {BrowserParts} [parts] where they have been fetched before */
  constructor(parts) {
    this.#parts = parts;
    this.#worker = new Worker(new URL(`../../../parts/worker.js${parts ? "#given" : ""}`, import.meta.url), {
      type: "module",
      name: "engine",
    });
    this.#remote = wrap(this.#worker);
    this.#ended.promise.catch(() => {});
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.onevent("stopped", {
        reason: "internal",
        message: event.message || "The engine's worker could not be started.",
      });
    });
  }

  /** @param {{ kind: string, folder: string }} where */
  open(where) {
    const { port1, port2 } = new MessageChannel();
    port1.addEventListener("message", ({ data: { type, value } }) => this.onevent(type, value));
    port1.start();
    this.#worker.postMessage({ open: where, port: port2, parts: this.#parts }, [port2]);
  }

  /** @param {string} name @param {unknown[]} args @returns {Promise<{ result?: any, fault?: Fault }>} */
  async call(name, args) {
    const remote = /** @type {any} */ (this.#remote);
    return await Promise.race([remote.call(name, args), this.#ended.promise]);
  }

  /** @param {string} message */
  end(message) {
    this.#worker.terminate();
    this.#ended.reject(toHostError({ reason: "host.ended", message }));
  }
}

/** What to do about a state that cannot be used. @type {Record<string, [import("../host.d.ts").StopReason, string]>} */
const REMEDIES = {
  "state.full": [
    "full",
    "Delete instances that you do not need, or free space for this site, and start again. Nothing that was finished is lost.",
  ],
  "state.newer": ["newer", "Reload the page so that the browser takes the newest playground."],
  "state.corrupt": ["lost", "Reset the playground: what is kept cannot be read any more."],
  "state.foreign": ["lost", "Reset the playground: what is kept is not its own."],
  "state.path": ["lost", "Reload the page, or reset the playground."],
  "state.readonly": ["lost", "Reload the page, or reset the playground."],
};
