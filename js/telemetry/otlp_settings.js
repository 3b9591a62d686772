/** OpenTelemetry's environment variables: where to send traces, metrics and logs, and with which headers. */

/** @typedef {"traces" | "metrics" | "logs"} Signal */

/**
 * @typedef {object} OtlpSettings
 * @property {Partial<Record<Signal, { url: string, headers: Record<string, string> }>>} signals what is sent, and where
 * @property {Record<string, string>} resource attributes of the resource
 * @property {number} timeoutMs of a request
 * @property {number} metricsIntervalMs between two requests with metrics
 * @property {number} logsDelayMs how long is waited for more log records
 */

const SIGNALS = /** @type {const} */ (["traces", "metrics", "logs"]);
const DEFAULT_TIMEOUT_MS = 10_000;
const DEFAULT_METRICS_INTERVAL_MS = 60_000;
const DEFAULT_LOGS_DELAY_MS = 1000;

/**
 * @param {Record<string, string | undefined>} environment
 * @param {string} version of the service
 * @returns {OtlpSettings | undefined} undefined where nothing is to be sent
 */
export function otlpSettings(environment, version) {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;
  const signals = Object.fromEntries(
    SIGNALS.flatMap((signal) => {
      const url = urlOf(environment, signal);
      return url === undefined ? [] : [[signal, { url, headers: headersOf(environment, signal) }]];
    }),
  );
  if (Object.keys(signals).length === 0) return undefined;
  const attributes = pairsOf(environment.OTEL_RESOURCE_ATTRIBUTES);
  return {
    signals,
    resource: {
      "service.version": version,
      ...attributes,
      "service.name": environment.OTEL_SERVICE_NAME || attributes["service.name"] || "stepwell",
    },
    timeoutMs: numberOf(environment.OTEL_EXPORTER_OTLP_TIMEOUT, DEFAULT_TIMEOUT_MS),
    metricsIntervalMs: numberOf(environment.OTEL_METRIC_EXPORT_INTERVAL, DEFAULT_METRICS_INTERVAL_MS),
    logsDelayMs: numberOf(environment.OTEL_BLRP_SCHEDULE_DELAY, DEFAULT_LOGS_DELAY_MS),
  };
}

/** @param {Record<string, string | undefined>} environment @param {Signal} signal @returns {string | undefined} */
function urlOf(environment, signal) {
  const name = signal.toUpperCase();
  if (environment[`OTEL_${name}_EXPORTER`]?.toLowerCase() === "none") return undefined;
  const base = environment.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, "");
  const url = environment[`OTEL_EXPORTER_OTLP_${name}_ENDPOINT`] || (base && `${base}/v1/${signal}`) || undefined;
  return url !== undefined && URL.canParse(url) ? url : undefined;
}

/** Those of the signal take the place of those of all. @param {Record<string, string | undefined>} environment @param {Signal} signal */
function headersOf(environment, signal) {
  return pairsOf(
    environment[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_HEADERS`] ?? environment.OTEL_EXPORTER_OTLP_HEADERS,
  );
}

/** `a=1,b=2` with values that are URL-encoded, as OpenTelemetry writes them. @param {string} [text] @returns {Record<string, string>} */
function pairsOf(text = "") {
  const pairs = text
    .split(",")
    .map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair))
    .filter((match) => match !== null);
  return Object.fromEntries(pairs.map(([, key, value]) => [key, decoded(value)]));
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {string | undefined} text @param {number} otherwise */
function numberOf(text, otherwise) {
  const number = Number(text);
  return text && Number.isFinite(number) && number > 0 ? number : otherwise;
}
