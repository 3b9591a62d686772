/** Metrics as OTLP has them: the same counters and histograms that Prometheus scrapes, read off their registry. */

/** @import { OtlpSettings } from "./otlp_settings.js" */

import { ProtobufMetricsSerializer } from "@opentelemetry/otlp-transformer";
import { hrTime } from "./otlp.js";

// As @opentelemetry/sdk-metrics numbers them.
const HISTOGRAM = 0;
const GAUGE = 2;
const SUM = 3;
const CUMULATIVE = 1;
const DOUBLE = 1;

/**
 * A metric as `Registry.getMetricsAsJSON` of prom-client gives it.
 *
 * @typedef {object} PromMetric
 * @property {string} name
 * @property {string} help
 * @property {string} type
 * @property {{ value: number, labels?: Record<string, string | number>, metricName?: string }[]} values
 *
 * @typedef {{ startMs: number, nowMs: number }} Period what sums count from, and until when
 * @typedef {{ labels: Record<string, string | number>, buckets: [bound: number, count: number][], sum: number, count: number }} Series
 */

/**
 * @param {{ account: string | undefined, metrics: PromMetric[] }[]} accounts `account` undefined: the default one
 * @param {Period} period
 * @param {OtlpSettings["resource"]} attributes of the resource
 * @param {string} version
 * @returns {Uint8Array}
 */
export function encodeMetrics(accounts, period, attributes, version) {
  const scopeMetrics = accounts.map(({ account, metrics }) => ({
    scope: { name: "stepwell", version },
    metrics: metrics
      .filter(({ values }) => values.length > 0)
      .map((metric) => toOtlp(metric, account === undefined ? {} : { "stepwell.account": account }, period)),
  }));
  const bytes = ProtobufMetricsSerializer.serializeRequest(
    /** @type {any} */ ({ resource: { attributes }, scopeMetrics }),
  );
  return /** @type {Uint8Array} */ (bytes);
}

/** @param {PromMetric} metric @param {Record<string, string>} common labels @param {Period} period */
function toOtlp(metric, common, { startMs, nowMs }) {
  const times = { startTime: hrTime(startMs), endTime: hrTime(nowMs) };
  // What translates OTLP for Prometheus adds these endings again.
  const isSeconds = metric.name.endsWith("_seconds") || metric.name.endsWith("_seconds_total");
  const name = metric.name.replace(/_total$/, "").replace(/_seconds$/, "");
  const descriptor = { name, description: metric.help, unit: isSeconds ? "s" : "", valueType: DOUBLE };
  if (metric.type === "histogram") {
    const dataPoints = seriesOf(metric).map(({ labels, ...series }) => ({
      ...times,
      attributes: { ...labels, ...common },
      value: histogramValue(series),
    }));
    return { descriptor, dataPointType: HISTOGRAM, aggregationTemporality: CUMULATIVE, dataPoints };
  }
  const dataPoints = metric.values.map(({ value, labels = {} }) => ({
    ...times,
    attributes: { ...labels, ...common },
    value,
  }));
  return metric.type === "counter"
    ? { descriptor, dataPointType: SUM, isMonotonic: true, aggregationTemporality: CUMULATIVE, dataPoints }
    : { descriptor, dataPointType: GAUGE, dataPoints };
}

/** Prometheus counts in each bucket what is in the smaller ones, too. @param {Omit<Series, "labels">} series */
function histogramValue({ buckets, sum, count }) {
  const sorted = buckets.filter(([bound]) => Number.isFinite(bound)).toSorted((one, other) => one[0] - other[0]);
  const counts = sorted.map(([, upTo], index) => upTo - (sorted[index - 1]?.[1] ?? 0));
  return {
    count,
    sum,
    buckets: { boundaries: sorted.map(([bound]) => bound), counts: [...counts, count - (sorted.at(-1)?.[1] ?? 0)] },
  };
}

/** The series of a histogram: one for each combination of labels. @param {PromMetric} metric @returns {Series[]} */
function seriesOf({ name, values }) {
  /** @type {Map<string, Series>} */
  const found = new Map();
  for (const { value, labels: { le, ...labels } = {}, metricName } of values) {
    const key = JSON.stringify(labels);
    const series = found.get(key) ?? { labels, buckets: [], sum: 0, count: 0 };
    found.set(key, series);
    if (metricName === `${name}_sum`) series.sum = value;
    else if (metricName === `${name}_count`) series.count = value;
    else series.buckets.push([Number(String(le).replace("+Inf", "Infinity")), value]);
  }
  return [...found.values()];
}
