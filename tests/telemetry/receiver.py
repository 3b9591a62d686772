"""A receiver of OTLP over HTTP, made of the messages that OpenTelemetry publishes: it refuses what they do not have."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

MESSAGES = {
    "/v1/traces": ExportTraceServiceRequest,
    "/v1/metrics": ExportMetricsServiceRequest,
    "/v1/logs": ExportLogsServiceRequest,
}


class Receiver:
    """Listens at `url`, and keeps what it is sent by path. `answer` is the status of its answers."""

    def __init__(self) -> None:
        self.answer = 200
        self.requests: dict[str, list] = {path: [] for path in MESSAGES}
        self.problems: list[str] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.take(self.path, self.headers, body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_arguments: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def take(self, path: str, headers: dict, body: bytes) -> int:
        if self.answer != 200:
            return self.answer
        if headers["content-type"] != "application/x-protobuf" or path not in MESSAGES:
            self.problems.append(f"{path} {headers['content-type']}")
            return 400
        message = MESSAGES[path].FromString(body)
        if message.SerializeToString(deterministic=True) == b"" or unknown_fields(message):
            self.problems.append(f"{path}: fields that are not OTLP's")
            return 400
        self.requests[path].append((dict(headers), message))
        return 200

    @property
    def spans(self) -> list:
        """All spans that were sent, each as often as it was."""
        return [
            span
            for _, request in self.requests["/v1/traces"]
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    @property
    def records(self) -> list:
        """All log records that were sent."""
        return [
            record
            for _, request in self.requests["/v1/logs"]
            for resource in request.resource_logs
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    @property
    def metrics(self) -> dict:
        """The metrics of the latest request, by name."""
        if not self.requests["/v1/metrics"]:
            return {}
        _, request = self.requests["/v1/metrics"][-1]
        return {
            metric.name: metric
            for resource in request.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def unknown_fields(message) -> bool:
    """Whether the message, or one inside it, has fields that its description has not."""
    if len(UnknownFieldSet(message)):
        return True
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        inner = value if field.is_repeated else [value]
        if any(unknown_fields(each) for each in inner):
            return True
    return False
