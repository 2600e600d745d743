"""OpenTelemetry spans: one for each request, with a child for each call to the upstream.

The extra `otel` installs the dependencies.
"""

import os
from collections.abc import Mapping

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.headers import Headers
from flaglift.shim.proxy.upstream import Address

_CONTEXT = (b"traceparent", b"tracestate")


class Spans:
    """Begins and ends the span of each request, and sends them to a collector in the background.

    The collector, the sampling and the service name are set by the standard environment
    variables, such as `OTEL_EXPORTER_OTLP_ENDPOINT`.
    """

    def __init__(self, upstream: str) -> None:
        address = Address.of(upstream)
        self._server: dict[str, str | int] = {
            "server.address": address.host,
            "server.port": address.port,
        }
        os.environ.setdefault("OTEL_SERVICE_NAME", "flaglift")
        self._provider = TracerProvider()
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("flaglift")
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, exchange: Exchange) -> None:
        """Begin the span of a request."""
        carrier: Mapping[str, str] = {
            name.decode(): value.decode("latin-1")
            for name, value in exchange.request.names
            if name in _CONTEXT
        }
        inspection = exchange.inspection
        exchange.span = self._tracer.start_span(
            f"{exchange.request.method} {inspection.label}",
            self._propagator.extract(carrier),
            SpanKind.SERVER,
            {
                "http.request.method": exchange.request.method,
                "http.route": inspection.label,
                "flaglift.mode": inspection.mode.value,
                "flaglift.request_id": exchange.id,
            },
        )

    def call(self, exchange: Exchange) -> Headers:
        """Begin the span of a call; return the fields with which the upstream continues it."""
        sent: dict[str, str | int] = {"http.request.method": exchange.request.method}
        if exchange.call_span is not None:  # a kept connection was closed
            sent["http.request.resend_count"] = 1
            self._end_call(exchange)
        exchange.call_span = span = self._tracer.start_span(
            exchange.request.method,
            set_span_in_context(exchange.span),
            SpanKind.CLIENT,
            {**sent, **self._server},
        )
        continued: dict[str, str] = {}
        self._propagator.inject(continued, set_span_in_context(span))
        return [(name.encode(), value.encode("latin-1")) for name, value in continued.items()]

    def __call__(self, exchange: Exchange) -> None:
        """End the spans of a request, if it has any."""
        span, inspection = exchange.span, exchange.inspection
        if span is None:
            return
        if exchange.call_span is not None:
            self._end_call(exchange)
        span.set_attribute("flaglift.outcome", inspection.outcome.value)
        if inspection.record.reason:
            span.set_attribute("flaglift.reason", inspection.record.reason.value)
        if inspection.record.codes:
            span.set_attribute("flaglift.codes", sorted(inspection.record.codes))
        if exchange.upstream_seconds is not None:
            span.set_attribute("flaglift.upstream_seconds", exchange.upstream_seconds)
        span.set_attribute("http.response.status_code", exchange.status)
        if not 0 < exchange.status < 500:
            span.set_status(StatusCode.ERROR)
        span.end()

    def _end_call(self, exchange: Exchange) -> None:
        span, status = exchange.call_span, exchange.upstream_status
        if status:
            span.set_attribute("http.response.status_code", status)
        if not 0 < status < 400:  # for a client span, this is an error
            span.set_attribute("error.type", str(status) if status else "no response")
            span.set_status(StatusCode.ERROR)
        span.end()

    def close(self) -> None:
        """Flush the remaining spans."""
        self._provider.shutdown()
