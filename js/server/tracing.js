/** Sends traces, metrics and logs to where OpenTelemetry's environment variables say. */

/** @import { Engine } from "../engine/engine.js" */
/** @import { SqliteStore } from "../store/sqlite.js" */
/** @import { OtlpSettings } from "../telemetry/otlp_settings.js" */

import { workflowNameOf } from "../engine/accounts.js";
import { WORKFLOW_FAILURE, WORKFLOW_QUEUED, WORKFLOW_SUCCESS, WORKFLOW_TERMINATED } from "../engine/events.js";
import { isFinalStatus } from "../engine/status.js";
import { instanceSpans } from "../telemetry/instance_spans.js";
import { LogExporter } from "../telemetry/log_exporter.js";
import { MetricsExporter } from "../telemetry/metrics_exporter.js";
import { traceIdOf, traceparentOf } from "../telemetry/trace_ids.js";
import { TraceExporter } from "../telemetry/trace_exporter.js";
import { VERSION } from "./version.js";

/** How long a host that stops waits for the receiver, in ms. What is left is sent by the next host. */
const FLUSH_TIMEOUT_MS = 2000;
/** Of how many instances the id of the trace is kept in memory. */
const MAX_TRACES_KNOWN = 10_000;
const ENDS = new Set([WORKFLOW_SUCCESS, WORKFLOW_FAILURE, WORKFLOW_TERMINATED]);

/**
 * @typedef {{ stop: () => Promise<void> }} Tracing
 *
 * @typedef {object} TracedState
 * @property {Engine} engine
 * @property {SqliteStore} store
 * @property {import("../telemetry/metrics.js").Metrics | undefined} metrics where they are sent
 * @property {(workflow: import("../store/store.d.ts").WorkflowRow) => import("./masking.js").Mask} maskFor of texts for people
 */

/**
 * @param {TracedState} state
 * @param {OtlpSettings} settings
 * @param {(line: string) => void} report
 * @returns {Tracing}
 */
export function startTelemetry(state, settings, report) {
  const { traces, metrics, logs } = settings.signals;
  const parts = [
    ...(traces ? [startTraces(state, settings, { ...traces, report })] : []),
    ...(metrics && state.metrics ? [startMetrics(state, state.metrics, settings, { ...metrics, report })] : []),
    ...(logs ? [startLogs(state, settings, { ...logs, report })] : []),
  ];
  return { stop: async () => void (await Promise.all(parts.map((part) => part.stop()))) };
}

/**
 * @typedef {{ url: string, headers: Record<string, string>, report: (line: string) => void }} Target
 *
 * @param {OtlpSettings} settings
 * @param {Target} target
 * @param {Uint8Array} body
 */
async function send({ timeoutMs }, { url, headers }, body) {
  const { post } = await import("../telemetry/otlp.js");
  return post(url, body, { headers, timeoutMs });
}

/** @param {TracedState} state @param {OtlpSettings} settings @param {Target} target @returns {Tracing} */
function startTraces(state, settings, target) {
  const { engine, store } = state;
  store.traceOutbox.isUsed = true;
  const outbox = {
    load: (/** @type {number} */ limit) => loadTraces(state, limit),
    remove: async (/** @type {number[]} */ ids) => {
      engine.commits.write(() => store.traceOutbox.remove(ids));
      await engine.commits.committed();
    },
  };
  /** @type {import("../telemetry/trace_exporter.js").SendSpans} */
  const sendSpans = async (spans) => {
    // Loaded only where something is sent.
    const { encodeSpans } = await import("../telemetry/otlp.js");
    return send(settings, target, encodeSpans(spans, settings.resource, VERSION));
  };
  const exporter = new TraceExporter(outbox, sendSpans, { report: target.report, setTimer });
  const unobserve = engine.observe((additions) => {
    if (additions.some(({ entry }) => entry !== undefined && ENDS.has(entry.event))) exporter.notify();
  });
  // What an earlier host has left.
  exporter.notify();
  return { stop: () => stopExporter(exporter, unobserve) };
}

/**
 * @param {TracedState} state
 * @param {import("../telemetry/metrics.js").Metrics} metrics
 * @param {OtlpSettings} settings
 * @param {Target} target
 * @returns {Tracing}
 */
function startMetrics({ engine }, metrics, settings, target) {
  const startMs = engine.now;
  const exporter = new MetricsExporter(
    async () => {
      const { encodeMetrics } = await import("../telemetry/otlp_metrics.js");
      const period = { startMs, nowMs: engine.now };
      return send(settings, target, encodeMetrics(await metrics.read(), period, settings.resource, VERSION));
    },
    { intervalMs: settings.metricsIntervalMs, report: target.report, setTimer },
  );
  return { stop: () => stopExporter(exporter, () => {}) };
}

/** @param {TracedState} state @param {OtlpSettings} settings @param {Target} target @returns {Tracing} */
function startLogs({ engine, store, maskFor }, settings, target) {
  const ids = tracingIds(store);
  /** Traces of instances that have printed lately, by their numbers. @type {Map<number, string>} */
  const traces = new Map();
  const traceOf = (/** @type {number} */ number) => {
    const known = traces.get(number) ?? ids.traceOf(number);
    if (traces.size >= MAX_TRACES_KNOWN) traces.clear();
    traces.set(number, known);
    return known;
  };
  const exporter = new LogExporter(
    async (records) => {
      const { encodeLogs } = await import("../telemetry/otlp_logs.js");
      return send(settings, target, encodeLogs(records, settings.resource, VERSION));
    },
    { delayMs: settings.logsDelayMs, report: target.report, setTimer },
  );
  const unobserve = engine.observe((additions) => {
    for (const { workflow, id, number, line, entry } of additions) {
      // A restart begins another trace.
      if (entry?.event === WORKFLOW_QUEUED) traces.delete(number);
      if (!line) continue;
      const row = store.loadWorkflow(workflow);
      // What is secret in the texts of a workflow that is gone is not known any more.
      if (!row) continue;
      const text = maskFor(row)(line.text);
      exporter.add({ traceId: traceOf(number), workflow: workflowNameOf(workflow), id, ...line, text });
    }
  });
  return { stop: () => stopExporter(exporter, unobserve) };
}

/** @param {{ flush: () => Promise<void>, close: () => void }} exporter @param {() => void} unobserve */
async function stopExporter(exporter, unobserve) {
  unobserve();
  await Promise.race([exporter.flush().catch(() => {}), after(FLUSH_TIMEOUT_MS)]);
  exporter.close();
}

/**
 * The ids that the engine hands to guests and new instances: those of the spans that are sent later.
 *
 * @param {Pick<SqliteStore, "nameOf" | "queuedAt">} store
 * @returns {import("../engine/context.js").Tracing}
 */
export function tracingIds(store) {
  return {
    traceOf: (number) => {
      const { workflow = "", id = "" } = store.nameOf(number) ?? {};
      return traceIdOf({ workflow, id, number }, store.queuedAt(number));
    },
    parentOf: traceparentOf,
  };
}

/** @param {TracedState} state @param {number} limit */
async function loadTraces(state, limit) {
  await state.engine.commits.committed();
  return state.store.traceOutbox.load(limit).map(({ id, instance }) => ({ id, spans: spansOf(state, instance) }));
}

/** @param {TracedState} state @param {number} number of an instance @returns {ReturnType<typeof instanceSpans>} none where it is gone, damaged or runs again */
function spansOf({ store, maskFor }, number) {
  try {
    const row = store.loadInstanceByNumber(number);
    if (!row || !isFinalStatus(row.status)) return [];
    const workflow = store.loadWorkflow(row.workflow);
    // What is secret in the texts of a workflow that is gone is not known any more.
    return workflow ? instanceSpans(row, store.loadLog(number), maskFor(workflow)) : [];
  } catch (error) {
    if (/** @type {Error} */ (error).name === "DamageError") return [];
    throw error;
  }
}

/** @param {number} ms @param {() => void} run */
function setTimer(ms, run) {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
}

/** @param {number} ms @returns {Promise<void>} */
function after(ms) {
  return new Promise((resolve) => void setTimeout(resolve, ms));
}
