/** JavaScript on Cloudflare's own local engine: npm's miniflare and workerd, in real time, with durations scaled down. */

/** @import { Outcome, Run, Scenario, Target } from "../scenario.d.ts" */

import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { encode } from "../../bridge/values.js";
import { isFinalStatus } from "../../js/engine/status.js";
import { noted } from "../engine_run.js";
import { sourceOf } from "../source.js";
import { traceOf } from "../trace.js";

/** What one unit lasts, in ms. */
const UNITS = /** @type {Record<string, number>} */ ({ second: 120, minute: 240, hour: 1000, day: 1600 });
const WORKER = `
import { decode } from "./bridge/values.js";

export default {
  async fetch(request, env) {
    const { op, workflow, id, text } = await request.json();
    try {
      const argument = decode(text);
      const binding = env[workflow];
      if (op === "create") return Response.json({ result: (await binding.create({ id, params: argument })).id });
      const instance = await binding.get(id);
      return Response.json({ result: (await instance[op](argument)) ?? null });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};`;

/** What the driver sends it may be any value. */
const CODEC = ["values", "error_classes", "refusal"].map((name) => {
  const path = `bridge/${name}.js`;
  return moduleOf(path, readFileSync(new URL(`../../${path}`, import.meta.url), "utf8"));
});

/** @type {any} */
let miniflare;
/** @type {string} */
let folder;
/** @type {Map<Scenario, string>} */
const names = new Map();
let instances = 0;
/** By a name, because a type checker need not find what need not be there: it is in no lock file. */
const MINIFLARE = "miniflare";

/** @type {Target} */
export default {
  name: "cloudflare",
  language: "javascript",
  foreign: true,
  scales: true,
  jsonOnly: true,
  width: 6,
  async unavailable() {
    try {
      await import(MINIFLARE);
      return undefined;
    } catch {
      return "npm's miniflare is not installed (npm install --no-save miniflare@5.20261117.0-beta).";
    }
  },
  async open(scenarios) {
    const { Miniflare, convertV4MiniflareOptions } = await import(MINIFLARE);
    folder = mkdtempSync(join(tmpdir(), "conformance-"));
    scenarios.forEach((scenario, i) => names.set(scenario, `Scenario${i + 1}`));
    const classes = new Map(scenarios.map((scenario) => [scenario.name, names.get(scenario) ?? ""]));
    const bound = scenarios.map((scenario) => ({
      ...scenario,
      javascript: scenario.javascript?.replaceAll("env.SELF", `env.${classes.get(scenario.name)}`) ?? "",
    }));
    // All scenarios share one worker, and its env: each is bound by the name of its class.
    const source = sourceOf(bound, "javascript", ({ name }) => classes.get(name) ?? "").replace(
      "workflow.env.SELF",
      "workflow.env[workflow.constructor.name]",
    );
    miniflare = new Miniflare(
      convertV4MiniflareOptions({
        name: "conformance",
        modules: [moduleOf("worker.js", WORKER + scaled(source)), ...CODEC],
        compatibilityDate: "2026-11-01",
        cf: false,
        host: "127.0.0.1",
        workflows: Object.fromEntries(
          [...names.values()].map((name) => [name, { name: name.toLowerCase(), className: name }]),
        ),
        resourcePersistencePath: folder,
        log: undefined,
      }),
    );
    await miniflare.ready;
  },
  async run(scenario) {
    return await new CloudflareRun(scenario).outcome();
  },
  async close() {
    await miniflare?.dispose();
    if (folder) rmSync(folder, { recursive: true, force: true });
  },
};

/** @param {string} path @param {string} contents */
function moduleOf(path, contents) {
  return { type: "ESModule", path, contents };
}

/** @param {string} source */
function scaled(source) {
  return source.replace(/"(\d+) (second|minute|hour|day)s?"/g, (text) => String(toMs(text.slice(1, -1))));
}

/** @param {string} duration */
function toMs(duration) {
  const [, quantity, unit] = /^(\d+) (\w+?)s?$/.exec(duration) ?? [];
  return Number(quantity) * UNITS[unit];
}

/** @param {number} ms */
function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}

/** @implements {Run} */
class CloudflareRun {
  #scenario;
  #workflow;
  #id = `i${++instances}`;
  /** @type {unknown[]} */
  #notes = [];

  /** @param {Scenario} scenario */
  constructor(scenario) {
    this.#scenario = scenario;
    this.#workflow = names.get(scenario) ?? "";
  }

  /** @returns {Promise<Outcome>} */
  async outcome() {
    const { drive, params } = this.#scenario;
    if (drive) await drive(this);
    else {
      await this.create(params);
      await this.finish();
    }
    let seen;
    try {
      seen = await this.#call("status");
    } catch (error) {
      if (/instance.not_found/.test(/** @type {Error} */ (error).message))
        return { status: "deleted", log: [], notes: this.#notes };
      throw error;
    }
    const { status, output, error, __LOCAL_DEV_STEP_OUTPUTS: shown } = seen;
    /** @type {Outcome} */
    const outcome = { status, output, shown, log: traceOf(this.#log()), notes: this.#notes };
    if (error) outcome.error = { name: error.name, message: error.message };
    return outcome;
  }

  /** @param {string} op @param {unknown} [argument] @returns {Promise<any>} */
  async #call(op, argument) {
    const body = JSON.stringify({ op, workflow: this.#workflow, id: this.#id, text: encode(argument) });
    const response = await miniflare.dispatchFetch("http://conformance/", { method: "POST", body });
    const { result, error } = await response.json();
    if (error !== undefined) throw new Error(error);
    return result;
  }

  /** @returns {import("../trace.js").Entry[]} */
  #log() {
    const pattern = `workflows/miniflare-workflows-${this.#workflow.toLowerCase()}/*.sqlite`;
    // Of the instances that a scenario makes, the first is its own.
    const logs = globSync(pattern, { cwd: folder })
      .map((file) => statesOf(join(folder, file)))
      .filter((rows) => rows.length > 0)
      .toSorted(([a], [b]) => a.timestamp.localeCompare(b.timestamp));
    return (logs[0] ?? []).map(({ event, target, metadata }) => ({
      event,
      target,
      detail: metadata === null ? {} : JSON.parse(metadata),
    }));
  }

  /** @param {unknown} [params] */
  async create(params = {}) {
    await this.#call("create", params);
  }

  async scheduled() {
    throw new Error("No schedule fires there.");
  }

  /** @returns {Promise<any>} */
  async detail() {
    throw new Error("It has no detail JSON in the binding.");
  }

  async settle() {
    let before = -1;
    for (let i = 0; i < 20; i++) {
      await sleep(30);
      const now = this.#log().length;
      if (now === before && now > 2) return;
      before = now;
    }
  }

  /** @param {string} step */
  async started(step) {
    for (
      let i = 0;
      i < 100 && !this.#log().some(({ event, target }) => event === 10 && target?.startsWith(`${step}-`));
      i++
    ) {
      await sleep(20);
    }
  }

  /** @param {string} duration */
  async pass(duration) {
    await sleep(toMs(duration) + 60);
  }

  /** @param {string} type @param {unknown} [payload] */
  async event(type, payload = {}) {
    await this.#call("sendEvent", { type, payload });
  }

  async pause() {
    await this.#call("pause");
  }

  async resume() {
    await this.#call("resume");
  }

  /** @param {{ rollback?: boolean }} [options] */
  async terminate(options) {
    await this.#call("terminate", options);
  }

  /** @param {Parameters<Run["restart"]>[0]} [from] */
  async restart(from) {
    await this.#call("restart", from && { from });
  }

  async delete() {
    await this.#call("delete");
  }

  /** @returns {Promise<void>} */
  async crash() {
    throw new Error("Cloudflare's local engine cannot be made to crash.");
  }

  crashBefore() {
    throw new Error("Cloudflare's local engine cannot be made to crash.");
  }

  async status() {
    return (await this.#call("status")).status;
  }

  async finish() {
    for (let i = 0; i < 500; i++) {
      if (isFinalStatus(await this.status())) return;
      await sleep(20);
    }
    throw new Error(
      `Not finished after 10 s: ${JSON.stringify(await this.#call("status"))} ${JSON.stringify(this.#log().slice(-3))}`,
    );
  }

  /** @param {unknown} value */
  async note(value) {
    this.#notes.push(await noted(value));
  }
}

/**
 * The rows of the event log in the database of an instance.
 *
 * @param {string} file
 * @returns {any[]}
 */
function statesOf(file) {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    if (!db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'states'").get()) return [];
    return db
      .prepare("SELECT event, target, metadata, CAST(timestamp AS TEXT) AS timestamp FROM states ORDER BY id")
      .all();
  } finally {
    db.close();
  }
}
