/** What OpenTelemetry's environment variables mean. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { otlpSettings } from "../../js/telemetry/otlp_settings.js";

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/" };

for (const [what, environment, url] of /** @type {[string, Record<string, string>, string | undefined][]} */ ([
  ["nothing", {}, undefined],
  ["an endpoint", ENDPOINT, "http://127.0.0.1:4318/v1/traces"],
  ["an endpoint of traces", { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://b/t" }, "http://b/t"],
  ["traces that are off", { ...ENDPOINT, OTEL_TRACES_EXPORTER: "none" }, undefined],
  ["an endpoint of logs", { OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://b/l" }, undefined],
  ["an SDK that is off", { ...ENDPOINT, OTEL_SDK_DISABLED: "true" }, undefined],
  ["an endpoint that is no address", { OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, undefined],
])) {
  test(`with ${what} traces go to ${url ?? "nowhere"}`, () => {
    assert.equal(otlpSettings(environment, "1.0")?.signals.traces?.url, url);
  });
}

test("headers, the resource and the timeout are read", () => {
  const settings = otlpSettings(
    {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a%20b, other = c=d,broken",
      OTEL_EXPORTER_OTLP_TIMEOUT: "250",
      OTEL_RESOURCE_ATTRIBUTES: "service.name=orders,zone=a",
    },
    "1.0",
  );

  assert.deepEqual(settings?.signals.logs?.headers, { "x-key": "a b", other: "c=d" });
  assert.deepEqual(settings?.resource, { "service.version": "1.0", "service.name": "orders", zone: "a" });
  assert.equal(settings?.timeoutMs, 250);
  assert.equal(otlpSettings({ ...ENDPOINT, OTEL_SERVICE_NAME: "x" }, "1")?.resource["service.name"], "x");
  assert.equal(otlpSettings({ ...ENDPOINT, OTEL_EXPORTER_OTLP_TIMEOUT: "soon" }, "1")?.timeoutMs, 10_000);
});

test("each signal has its own address, headers and switch", () => {
  const settings = otlpSettings(
    {
      ...ENDPOINT,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=a",
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: "x-key=b",
      OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: "http://127.0.0.1:1/logs",
      OTEL_TRACES_EXPORTER: "none",
      OTEL_METRIC_EXPORT_INTERVAL: "5000",
    },
    "1",
  );

  assert.deepEqual(settings?.signals, {
    metrics: { url: "http://127.0.0.1:4318/v1/metrics", headers: { "x-key": "b" } },
    logs: { url: "http://127.0.0.1:1/logs", headers: { "x-key": "a" } },
  });
  assert.deepEqual([settings?.metricsIntervalMs, settings?.logsDelayMs], [5000, 1000]);
});
