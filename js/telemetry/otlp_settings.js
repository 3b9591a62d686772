/** OpenTelemetry's environment variables: where to send traces, and with which headers. */

/**
 * @typedef {object} OtlpSettings
 * @property {string} tracesUrl
 * @property {Record<string, string>} headers
 * @property {Record<string, string>} resource attributes of the resource
 * @property {number} timeoutMs of a request
 */

const DEFAULT_TIMEOUT_MS = 10_000;

/**
 * @param {Record<string, string | undefined>} environment
 * @param {string} version of the service
 * @returns {OtlpSettings | undefined} undefined where nothing is to be sent
 */
export function otlpSettings(environment, version) {
  if (environment.OTEL_SDK_DISABLED?.toLowerCase() === "true") return undefined;
  const base = environment.OTEL_EXPORTER_OTLP_ENDPOINT?.replace(/\/+$/, "");
  const tracesUrl = tracesUrlOf(environment, base);
  if (tracesUrl === undefined) return undefined;
  return {
    tracesUrl,
    headers: pairsOf(environment.OTEL_EXPORTER_OTLP_HEADERS),
    resource: {
      "service.version": version,
      ...pairsOf(environment.OTEL_RESOURCE_ATTRIBUTES),
      "service.name":
        environment.OTEL_SERVICE_NAME || pairsOf(environment.OTEL_RESOURCE_ATTRIBUTES)["service.name"] || "stepwell",
    },
    timeoutMs: numberOf(environment.OTEL_EXPORTER_OTLP_TIMEOUT, DEFAULT_TIMEOUT_MS),
  };
}

/** @param {Record<string, string | undefined>} environment @param {string | undefined} base */
function tracesUrlOf(environment, base) {
  if (environment.OTEL_TRACES_EXPORTER?.toLowerCase() === "none") return undefined;
  const url = environment.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || (base && `${base}/v1/traces`) || undefined;
  return url !== undefined && URL.canParse(url) ? url : undefined;
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
