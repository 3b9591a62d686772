/**
 * A Chromium that is told as little as possible: what drives browsers for tests listens to every request of a page, and that
 * costs as much as a good part of the page.
 */

import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { chromiumPath } from "../tests/browser/page.js";

/** `--no-sandbox` because a container's user is root. */
const ARGS = ["--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-first-run"];
const POLL_MS = 50;
const PATIENCE_MS = 60_000;
/** How long somebody stays: browsers keep code that they have compiled a while after. */
const STAY_MS = 4000;

/**
 * When what came after the navigation, and the processor time that all processes had used by then, in ms.
 *
 * @typedef {{ paint: number, engine?: number, python?: number, done: number, cpu: number, renderer: number }} Times
 */

export class Browser {
  #process;
  #socket;
  #last = 0;
  /** @type {Map<number, PromiseWithResolvers<any>>} */
  #asked = new Map();

  /** @param {import("node:child_process").ChildProcess} process @param {WebSocket} socket */
  constructor(process, socket) {
    this.#process = process;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const { id, result, error } = JSON.parse(data);
      const asked = this.#asked.get(id);
      this.#asked.delete(id);
      if (error) asked?.reject(new Error(error.message));
      else asked?.resolve(result);
    });
  }

  /** @param {string} profile a folder */
  static async start(profile) {
    const args = [...ARGS, "--remote-debugging-port=0", `--user-data-dir=${profile}`, "about:blank"];
    const child = spawn(chromiumPath(), args, { stdio: ["ignore", "ignore", "pipe"] });
    for await (const line of createInterface({ input: child.stderr })) {
      const [, address] = /listening on (ws:\S+)/.exec(line) ?? [];
      if (address === undefined) continue;
      child.stderr.resume();
      const socket = new WebSocket(address);
      await new Promise((open) => socket.addEventListener("open", open));
      // What it starts with is over soon.
      await pause(1000);
      return new Browser(child, socket);
    }
    throw new Error("Chromium has ended.");
  }

  /** Open an address and wait for `marks.done`. @param {string} url @returns {Promise<Times>} */
  async visit(url) {
    const { targetId } = await this.#ask("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.#ask("Target.attachToTarget", { targetId, flatten: true });
    const evaluate = async (/** @type {string} */ expression) =>
      (await this.#ask("Runtime.evaluate", { expression, returnByValue: true }, sessionId)).result.value;
    await this.#ask("Page.enable", {}, sessionId);
    await this.#ask("Page.addScriptToEvaluateOnNewDocument", { source: `(${String(watch)})()` }, sessionId);
    const before = await this.#processes();
    await this.#ask("Page.navigate", { url }, sessionId);
    const end = Date.now() + PATIENCE_MS;
    while (!(await evaluate("globalThis.marks?.done"))) {
      if (Date.now() > end)
        throw new Error(`${url} is not done after ${PATIENCE_MS} ms: ${await evaluate("document.body.innerText")}`);
      await pause(POLL_MS);
    }
    const after = await this.#processes();
    const marks = JSON.parse(await evaluate("JSON.stringify(marks)"));
    marks.paint = await evaluate('performance.getEntriesByName("first-contentful-paint")[0]?.startTime');
    await pause(STAY_MS);
    await this.#ask("Target.closeTarget", { targetId });
    const used = [...after].map(([id, { type, ms }]) => ({ type, ms: ms - (before.get(id)?.ms ?? 0) }));
    const sum = (/** @type {typeof used} */ some) => some.reduce((all, { ms }) => all + ms, 0);
    return { ...marks, cpu: sum(used), renderer: sum(used.filter(({ type }) => type === "renderer")) };
  }

  /** @returns {Promise<Map<number, { type: string, ms: number }>>} processor time by process */
  async #processes() {
    const { processInfo } = await this.#ask("SystemInfo.getProcessInfo");
    return new Map(processInfo.map((/** @type {any} */ { id, type, cpuTime }) => [id, { type, ms: cpuTime * 1000 }]));
  }

  /** @param {string} method @param {object} [params] @param {string} [sessionId] @returns {Promise<any>} */
  async #ask(method, params = {}, sessionId) {
    const asked = Promise.withResolvers();
    this.#asked.set(++this.#last, asked);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params, ...(sessionId ? { sessionId } : {}) }));
    return await asked.promise;
  }

  async end() {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    this.#socket.send(JSON.stringify({ id: ++this.#last, method: "Browser.close" }));
    await gone;
  }
}

/** In the page: what somebody would see, and start as soon as there is something to press. */
function watch() {
  /** @type {Record<string, number>} */
  const marks = {};
  Object.assign(globalThis, { marks });
  const mark = (/** @type {string} */ name) => (marks[name] ??= performance.now());
  const look = () => {
    const start = document.querySelector("button.primary");
    const select = document.querySelector("select");
    if (start && select?.value === "Flow" && marks.engine === undefined) {
      mark("engine");
      start.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
    }
    if (document.querySelector(".bar .about")) mark("python");
    if (document.querySelector(".head .pill")?.textContent?.includes("complete")) mark("done");
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true });
}

/** @param {number} ms */
function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
