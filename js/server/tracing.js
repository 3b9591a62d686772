/** Sends traces and metrics to where OpenTelemetry's environment variables say. */

/** @import { Engine } from "../engine/engine.js" */
/** @import { SqliteStore } from "../store/sqlite.js" */
/** @import { OtlpSettings } from "../telemetry/otlp_settings.js" */

import { WORKFLOW_FAILURE, WORKFLOW_SUCCESS, WORKFLOW_TERMINATED } from "../engine/events.js";
import { isFinalStatus } from "../engine/status.js";
import { instanceSpans } from "../telemetry/instance_spans.js";
import { TraceExporter } from "../telemetry/trace_exporter.js";
import { VERSION } from "./version.js";

/** How long a host that stops waits for the receiver, in ms. What is left is sent by the next host. */
const FLUSH_TIMEOUT_MS = 2000;
const ENDS = new Set([WORKFLOW_SUCCESS, WORKFLOW_FAILURE, WORKFLOW_TERMINATED]);

/**
 * @typedef {{ stop: () => Promise<void> }} Tracing
 *
 * @typedef {object} TracedState
 * @property {Engine} engine
 * @property {SqliteStore} store
 * @property {(workflow: import("../store/store.d.ts").WorkflowRow) => import("./masking.js").Mask} maskFor of texts for people
 */

/**
 * @param {TracedState} state
 * @param {OtlpSettings} settings
 * @param {(line: string) => void} report
 * @returns {Tracing}
 */
export function startTracing(state, settings, report) {
  const { engine, store } = state;
  const { tracesUrl: url } = settings;
  store.traceOutbox.isUsed = true;
  const outbox = {
    load: (/** @type {number} */ limit) => loadTraces(state, limit),
    remove: async (/** @type {number[]} */ ids) => {
      engine.commits.write(() => store.traceOutbox.remove(ids));
      await engine.commits.committed();
    },
  };
  /** @type {import("../telemetry/trace_exporter.js").SendSpans} */
  const send = async (spans) => {
    // Loaded only where something is sent.
    const { encodeSpans, post } = await import("../telemetry/otlp.js");
    return post(url, encodeSpans(spans, settings.resource, VERSION), settings);
  };
  const exporter = new TraceExporter(outbox, send, { report, setTimer });
  const unobserve = engine.observe((additions) => {
    if (additions.some(({ entry }) => entry !== undefined && ENDS.has(entry.event))) exporter.notify();
  });
  // What an earlier host has left.
  exporter.notify();
  return {
    stop: async () => {
      unobserve();
      await Promise.race([exporter.flush().catch(() => {}), after(FLUSH_TIMEOUT_MS)]);
      exporter.close();
    },
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
