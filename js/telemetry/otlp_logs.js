/** Lines that workflows print, as OTLP's log records: each belongs to the trace of its instance, and to the span of its step. */

/** @import { OtlpSettings } from "./otlp_settings.js" */

import { ProtobufLogsSerializer } from "@opentelemetry/otlp-transformer";
import { contextOf, hrTime } from "./otlp.js";
import { spanIdOf } from "./trace_ids.js";

/** OpenTelemetry's numbers, by our levels. @type {Record<string, number>} */
const SEVERITIES = { debug: 5, stdout: 9, info: 9, stderr: 9, warning: 13, error: 17 };
const INFO = 9;

/**
 * @typedef {object} LogRecord a line that an instance has printed
 * @property {string} traceId of the instance
 * @property {string} workflow its name
 * @property {string} id of the instance
 * @property {number} at in ms since 1970
 * @property {string | null} step its name and count, NAME-COUNT; null outside of steps
 * @property {string} level
 * @property {string} text
 */

/** @param {LogRecord[]} records @param {OtlpSettings["resource"]} attributes of the resource @param {string} version @returns {Uint8Array} */
export function encodeLogs(records, attributes, version) {
  const resource = { attributes };
  const instrumentationScope = { name: "stepwell", version };
  const readable = records.map((record) => {
    const step = stepOf(record.step);
    return {
      hrTime: hrTime(record.at),
      hrTimeObserved: hrTime(record.at),
      spanContext: contextOf(record.traceId, spanIdOf(record.traceId, step ? ["step", step.name, step.count] : [])),
      severityNumber: SEVERITIES[record.level] ?? INFO,
      severityText: record.level,
      body: record.text,
      attributes: {
        "workflow.name": record.workflow,
        "workflow.instance.id": record.id,
        ...(step ? { "workflow.step.name": step.name, "workflow.step.count": step.count } : {}),
        ...(record.level === "stdout" || record.level === "stderr" ? { "log.iostream": record.level } : {}),
      },
      resource,
      instrumentationScope,
      droppedAttributesCount: 0,
    };
  });
  const bytes = ProtobufLogsSerializer.serializeRequest(/** @type {any} */ (readable));
  return /** @type {Uint8Array} */ (bytes);
}

/** @param {string | null} target */
function stepOf(target) {
  const found = /^(.*)-(\d+)$/s.exec(target ?? "");
  return found ? { name: found[1], count: Number(found[2]) } : undefined;
}
