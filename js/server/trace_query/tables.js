/** The rows of the tables `spans` and `logs`: those of the newest instances, as traces have them. */

/** @import { Engine } from "../../engine/engine.js" */
/** @import { InstanceRow, OutputRow, WorkflowRow } from "../../store/store.d.ts" */
/** @import { Span } from "../../telemetry/instance_spans.js" */

import { DEFAULT_ACCOUNT } from "../../engine/accounts.js";
import { isFinalStatus } from "../../engine/status.js";
import { instanceSpans } from "../../telemetry/instance_spans.js";
import { spanIdOf } from "../../telemetry/trace_ids.js";

const MAX_INSTANCES = 1000;
/** So many rows are read, whole instances always. */
const MAX_ROWS = 50_000;

/** @typedef {{ spans: unknown[][], logs: unknown[][] }} Tables rows, in the order of the columns */

/**
 * @param {Pick<Engine, "list" | "log" | "output" | "workflow">} engine
 * @param {(workflow: WorkflowRow) => (text: string) => string} maskFor of texts for people
 * @returns {Promise<Tables>}
 */
export async function readTables(engine, maskFor) {
  /** @type {Tables} */
  const tables = { spans: [], logs: [] };
  const { rows } = await engine.list({ account: DEFAULT_ACCOUNT, ascending: false, limit: MAX_INSTANCES, offset: 0 });
  for (const row of rows) {
    if (tables.spans.length + tables.logs.length >= MAX_ROWS) break;
    const workflow = await engine.workflow(row.workflow);
    const mask = maskFor(workflow);
    const spans = instanceSpans(row, await engine.log(row.number), mask);
    const service = workflow.scriptName ?? workflow.name;
    for (const span of spans) tables.spans.push(spanRow(span, row, service));
    for (const [index, line] of (await engine.output(row.number)).entries())
      tables.logs.push(logRow(line, index, spans[0].traceId, mask));
  }
  return tables;
}

/** @param {Span} span @param {InstanceRow} instance @param {string} service */
function spanRow(span, instance, service) {
  const {
    "workflow.step.kind": kind,
    "workflow.step.attempt": attempt,
    "workflow.step.outcome": outcome,
  } = span.attributes;
  const isRoot = span.parentSpanId === undefined;
  const goesOn = !isFinalStatus(instance.status) && (isRoot || outcome === "unfinished");
  return [
    span.traceId,
    span.spanId,
    span.parentSpanId ?? null,
    service,
    span.name,
    kind ?? (attempt === undefined ? "workflow" : "attempt"),
    span.start,
    goesOn ? null : Math.round(span.end - span.start),
    goesOn ? null : span.status === "error" ? "exception" : "ok",
    span.message ?? null,
    JSON.stringify(span.attributes),
    new Date(span.start).toISOString(),
  ];
}

/** @param {OutputRow} line @param {number} seq @param {string} traceId @param {(text: string) => string} mask */
function logRow({ at, step, level, text }, seq, traceId, mask) {
  const found = /^(.*)-(\d+)$/s.exec(step ?? "");
  const path = found ? ["step", found[1], Number(found[2])] : [];
  const message = JSON.stringify([mask(text)]);
  return [traceId, spanIdOf(traceId, path), seq, at, level, message, null, new Date(at).toISOString()];
}
