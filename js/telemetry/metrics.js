/**
 * Counts and times of what instances do, in the form that Prometheus scrapes. They count from the start of the process, as
 * Prometheus expects, and only what is durable. No label is a name that a run can make up: not a step's, not an instance's.
 */

/** @import { Engine } from "../engine/engine.js" */
/** @import { Addition } from "../engine/observers.js" */
/** @import { LogEntry } from "../store/store.d.ts" */

import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { accountOf, DEFAULT_ACCOUNT, workflowNameOf } from "../engine/accounts.js";
import * as E from "../engine/events.js";
import { OpenTimes } from "./open_times.js";

const MS_PER_S = 1000;
const ATTEMPT_BUCKETS_S = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const INSTANCE_BUCKETS_S = [0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 1800, 3600, 21_600, 86_400, 604_800];

/** @type {Record<number, string>} */
const FINAL = {
  [E.WORKFLOW_SUCCESS]: "complete",
  [E.WORKFLOW_FAILURE]: "errored",
  [E.WORKFLOW_TERMINATED]: "terminated",
};
/** Events that are counted as they are, by name of the counter. @type {Record<number, [counter: "steps" | "attempts" | "sleeps" | "waits" | "rollbacks", outcome: string]>} */
const COUNTED = {
  [E.STEP_SUCCESS]: ["steps", "success"],
  [E.STEP_FAILURE]: ["steps", "failure"],
  [E.ATTEMPT_SUCCESS]: ["attempts", "success"],
  [E.ATTEMPT_FAILURE]: ["attempts", "failure"],
  [E.SLEEP_COMPLETE]: ["sleeps", "success"],
  [E.WAIT_COMPLETE]: ["waits", "success"],
  [E.WAIT_TIMED_OUT]: ["waits", "timeout"],
  [E.ROLLBACK_COMPLETE]: ["rollbacks", "success"],
  [E.ROLLBACK_FAILED]: ["rollbacks", "failure"],
};

/**
 * The part of the engine that metrics are read from. `division`: of an engine that shares its state with others, how many parts it
 * runs and how many engines there are.
 *
 * @typedef {Pick<Engine, "observe" | "workflows" | "countByStatus"> & { division?: { parts: number, engines: number } }} MeasuredEngine
 */

export class Metrics {
  #engine;
  /** @type {Map<string, AccountMetrics>} */
  #accounts = new Map();
  #unobserve;

  /** @param {MeasuredEngine} engine */
  constructor(engine) {
    this.#engine = engine;
    this.#unobserve = engine.observe((additions) => {
      for (const addition of additions) this.#of(accountOf(addition.workflow)).add(addition);
    });
  }

  /** The text that Prometheus scrapes. Only the default account has the metrics of the process. @param {string} account */
  async text(account) {
    const metrics = this.#of(account);
    await metrics.readCounts(this.#engine, account);
    if (account === DEFAULT_ACCOUNT) metrics.readDivision(this.#engine);
    return metrics.registry.metrics();
  }

  /**
   * What all accounts have, for OTLP.
   *
   * @returns {Promise<{ account: string | undefined, metrics: import("./otlp_metrics.js").PromMetric[] }[]>}
   */
  async read() {
    // There is always the default account, with the metrics of the process.
    this.#of(DEFAULT_ACCOUNT).readDivision(this.#engine);
    return Promise.all(
      [...this.#accounts].map(async ([account, metrics]) => {
        await metrics.readCounts(this.#engine, account);
        const values = await metrics.registry.getMetricsAsJSON();
        return { account: account === DEFAULT_ACCOUNT ? undefined : account, metrics: /** @type {any} */ (values) };
      }),
    );
  }

  /** The media type of `text`. */
  get contentType() {
    return Registry.PROMETHEUS_CONTENT_TYPE;
  }

  close() {
    this.#unobserve();
  }

  /** @param {string} account */
  #of(account) {
    const metrics = this.#accounts.get(account) ?? new AccountMetrics(account === DEFAULT_ACCOUNT);
    this.#accounts.set(account, metrics);
    return metrics;
  }
}

class AccountMetrics {
  registry = new Registry();
  #times = new OpenTimes();
  #instances;
  #queued;
  #finished;
  #retries;
  #lines;
  #counters;
  #queueSeconds;
  #instanceSeconds;
  #attemptSeconds;
  /** Only where engines share the state. @type {Gauge | undefined} */
  #parts;
  /** @type {Gauge | undefined} */
  #engines;

  /** @param {boolean} withProcess */
  constructor(withProcess) {
    const registers = [this.registry];
    if (withProcess) collectDefaultMetrics({ register: this.registry });
    const counter = (/** @type {string} */ name, /** @type {string} */ help, /** @type {string[]} */ ...labels) =>
      new Counter({ name: `stepwell_${name}_total`, help, labelNames: ["workflow", ...labels], registers });
    const histogram = (
      /** @type {string} */ name,
      /** @type {string} */ help,
      /** @type {number[]} */ buckets,
      /** @type {string[]} */ ...labels
    ) =>
      new Histogram({
        name: `stepwell_${name}_seconds`,
        help,
        buckets,
        labelNames: ["workflow", ...labels],
        registers,
      });
    this.#instances = new Gauge({
      name: "stepwell_instances",
      help: "Instances in the state, by status.",
      labelNames: ["workflow", "status"],
      registers,
    });
    this.#queued = counter("instances_queued", "Instances that were created or restarted.", "trigger");
    this.#finished = counter("instances_finished", "Instances that have ended.", "status");
    this.#retries = counter("retries", "Failed attempts that are followed by another one.");
    this.#lines = counter("log_lines", "Lines that workflows have printed.", "level");
    this.#counters = {
      steps: counter("steps", "Steps that have ended.", "outcome"),
      attempts: counter("attempts", "Attempts of steps that have ended.", "outcome"),
      sleeps: counter("sleeps", "Sleeps that have ended.", "outcome"),
      waits: counter("waits", "Waits for events that have ended.", "outcome"),
      rollbacks: counter("rollbacks", "Rollbacks that have ended.", "outcome"),
    };
    this.#queueSeconds = histogram("instance_queue", "From creation to the first line of code.", INSTANCE_BUCKETS_S);
    this.#instanceSeconds = histogram("instance_duration", "From start to end.", INSTANCE_BUCKETS_S, "status");
    this.#attemptSeconds = histogram("attempt_duration", "Attempts of steps.", ATTEMPT_BUCKETS_S, "outcome");
  }

  /** @param {MeasuredEngine} engine @param {string} account */
  async readCounts(engine, account) {
    const rows = await engine.workflows(account);
    const counts = await Promise.all(rows.map(({ name }) => engine.countByStatus(name)));
    this.#instances.reset();
    for (const [index, { name }] of rows.entries())
      for (const [status, count] of Object.entries(counts[index]))
        this.#instances.set({ workflow: workflowNameOf(name), status }, count);
  }

  /** @param {MeasuredEngine} engine */
  readDivision({ division }) {
    if (!division) return;
    this.#parts ??= new Gauge({
      name: "stepwell_parts",
      help: "Parts of the state that this engine runs.",
      registers: [this.registry],
    });
    this.#engines ??= new Gauge({
      name: "stepwell_engines",
      help: "Engines that run parts of the state.",
      registers: [this.registry],
    });
    this.#parts.set(division.parts);
    this.#engines.set(division.engines);
  }

  /** @param {Addition} addition */
  add({ workflow: key, number, entry, line, deleted }) {
    const workflow = workflowNameOf(key);
    if (line) this.#lines.inc({ workflow, level: line.level });
    if (deleted) this.#times.forget(number);
    if (entry) this.#addEntry(workflow, number, entry);
  }

  /** @param {string} workflow @param {number} number @param {LogEntry} entry */
  #addEntry(workflow, number, entry) {
    const { event, at } = entry;
    const counted = COUNTED[event];
    if (counted) this.#counters[counted[0]].inc({ workflow, outcome: counted[1] });
    const status = FINAL[event];
    if (status) {
      this.#finished.inc({ workflow, status });
      observe(this.#instanceSeconds, { workflow, status }, this.#times.since(number, "start", at));
      this.#times.forget(number);
    }
    if (event === E.WORKFLOW_QUEUED) this.#addQueued(workflow, number, entry);
    if (event === E.WORKFLOW_START) {
      observe(this.#queueSeconds, { workflow }, this.#times.since(number, "queued", at));
      this.#times.begin(number, "start", at);
    }
    if (entry.name !== null) this.#addAttempt(workflow, number, entry, `${entry.name}-${entry.count}`);
  }

  /** @param {string} workflow @param {number} number @param {LogEntry} entry */
  #addQueued(workflow, number, { at, detail }) {
    const trigger = JSON.parse(detail ?? "{}").trigger?.source;
    // What is resumed is queued too, and names no trigger.
    if (trigger === undefined) return;
    this.#queued.inc({ workflow, trigger: E.TRIGGERS[trigger] ?? "unknown" });
    this.#times.forget(number);
    this.#times.begin(number, "queued", at);
  }

  /** @param {string} workflow @param {number} number @param {LogEntry} entry @param {string} step */
  #addAttempt(workflow, number, { event, at, detail }, step) {
    if (event === E.ATTEMPT_START) this.#times.begin(number, `step ${step}`, at);
    if (event !== E.ATTEMPT_SUCCESS && event !== E.ATTEMPT_FAILURE) return;
    const outcome = event === E.ATTEMPT_SUCCESS ? "success" : "failure";
    observe(this.#attemptSeconds, { workflow, outcome }, this.#times.since(number, `step ${step}`, at));
    if (event === E.ATTEMPT_FAILURE && JSON.parse(detail ?? "{}").retryDelayMs !== undefined)
      this.#retries.inc({ workflow });
  }
}

/** @param {Histogram} histogram @param {Record<string, string>} labels @param {number | undefined} ms */
function observe(histogram, labels, ms) {
  if (ms !== undefined) histogram.observe(labels, ms / MS_PER_S);
}
