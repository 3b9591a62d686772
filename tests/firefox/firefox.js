/** Firefox as it is installed, told what to do by WebDriver BiDi, which it speaks itself. */

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const EXECUTABLE = process.env.STEPWELL_FIREFOX ?? "firefox-esr";
const POLL_MS = 100;
const PATIENCE_MS = 30_000;

export class Firefox {
  /** Errors that the console has said. @type {string[]} */
  complaints = [];
  #process;
  #profile;
  #socket;
  #context = "";
  #last = 0;
  /** @type {Map<number, PromiseWithResolvers<any>>} */
  #asked = new Map();

  /** @param {import("node:child_process").ChildProcess} process @param {string} profile @param {WebSocket} socket */
  constructor(process, profile, socket) {
    this.#process = process;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => this.#hear(JSON.parse(data)));
  }

  static async start() {
    const profile = mkdtempSync(join(tmpdir(), "stepwell-firefox-"));
    writeFileSync(join(profile, "user.js"), 'user_pref("browser.shell.checkDefaultBrowser", false);\n');
    const args = ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"];
    const env = { ...process.env, HOME: profile };
    const child = spawn(EXECUTABLE, args, { stdio: ["ignore", "ignore", "pipe"], env });
    await new Promise((resolve, reject) => {
      child.once("spawn", resolve);
      child.once("error", () =>
        reject(new Error(`There is no ${EXECUTABLE}: install Debian's, or set STEPWELL_FIREFOX.`)),
      );
    });
    for await (const line of createInterface({ input: child.stderr })) {
      const [, address] = /BiDi listening on (ws:\S+)/.exec(line) ?? [];
      if (address === undefined) continue;
      child.stderr.resume();
      const socket = new WebSocket(`${address}/session`);
      await new Promise((open) => socket.addEventListener("open", open));
      const firefox = new Firefox(child, profile, socket);
      await firefox.#open();
      return firefox;
    }
    throw new Error("Firefox has ended.");
  }

  async #open() {
    await this.#ask("session.new", { capabilities: {} });
    await this.#ask("session.subscribe", { events: ["log.entryAdded"] });
    const { contexts } = await this.#ask("browsingContext.getTree");
    this.#context = contexts[0].context;
  }

  /** @param {any} message */
  #hear({ id, type, result, error, message, method, params }) {
    if (method === "log.entryAdded" && params.level === "error") this.complaints.push(params.text);
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (type === "error") asked?.reject(new Error(`${error}: ${message}`));
    else asked?.resolve(result);
  }

  /** @param {string} url */
  async go(url) {
    await this.#ask("browsingContext.navigate", { context: this.#context, url, wait: "complete" });
  }

  async reload() {
    await this.#ask("browsingContext.reload", { context: this.#context, wait: "complete" });
  }

  /** @param {string} expression of the page @returns {Promise<any>} its value, a primitive */
  async evaluate(expression) {
    const target = { context: this.#context };
    const answer = await this.#ask("script.evaluate", { expression, target, awaitPromise: true });
    if (answer.type === "exception") throw new Error(answer.exceptionDetails.text);
    return answer.result.value;
  }

  /** Wait until an expression of the page is true. @param {string} expression */
  async until(expression) {
    for (const end = Date.now() + PATIENCE_MS; !(await this.evaluate(expression));) {
      if (Date.now() > end) throw new Error(`Never: ${expression}. ${await this.evaluate("document.body.innerText")}`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  /** @param {string} method @param {object} [params] @returns {Promise<any>} */
  async #ask(method, params = {}) {
    const asked = Promise.withResolvers();
    this.#asked.set(++this.#last, asked);
    this.#socket.send(JSON.stringify({ id: this.#last, method, params }));
    return await asked.promise;
  }

  async close() {
    const gone = new Promise((resolve) => this.#process.once("exit", resolve));
    await this.#ask("browser.close");
    await gone;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
