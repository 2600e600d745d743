"""Counters in the format of Prometheus."""

import os
from functools import lru_cache, partial
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from flaglift.shim.proxy.exchange import Exchange

M = TypeVar("M", Counter, Histogram)

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_BYTES = tuple(4**power for power in range(4, 16))  # 256 bytes to 1 GiB
OTHER = "other"
"""The route of requests that carry no prompts."""


class Metrics:
    """Counts requests; one object for each proxy."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        counter = partial(Counter, registry=registry)
        self._requests = counter(
            "flaglift_requests",
            "Requests, by outcome; status 0 means none: the client or upstream was gone.",
            ("route", "mode", "outcome", "status"),
        )
        self._untouched = counter(
            "flaglift_untouched_requests",
            "Requests on a prompt's route whose body was left alone or refused, by reason.",
            ("route", "reason"),
        )
        self._prompts = counter(
            "flaglift_prompts",
            "Prompts read, by what translating them gives: translated, unchanged, refused.",
            ("route", "mode", "status"),
        )
        self._findings = counter(
            "flaglift_findings", "Prompts with a finding, by its code.", ("code",)
        )
        self._measure(registry)

    def _measure(self, registry: CollectorRegistry) -> None:
        """Make the histograms."""
        seconds = partial(Histogram, buckets=_SECONDS, registry=registry)
        self._seconds = seconds(
            "flaglift_request_seconds",
            "Time from a request's head to the end of its response.",
            ("mode",),
        )
        self._upstream_seconds = seconds(
            "flaglift_upstream_seconds",
            "Time from when a request is sent to the upstream to the head of its response.",
        )
        size = partial(Histogram, buckets=_BYTES, registry=registry)
        self._request_bytes = size(
            "flaglift_request_bytes", "Length of the bodies of requests, as they come from clients."
        )
        self._response_bytes = size(
            "flaglift_response_bytes", "Length of the bodies of responses, as they go to clients."
        )

    def __call__(self, exchange: Exchange) -> None:
        """Count one request."""
        inspection = exchange.inspection
        record = inspection.record
        route = inspection.route.label if inspection.route else OTHER
        mode = inspection.mode
        status = str(exchange.status)
        _child(self._requests, route, mode, inspection.outcome, status).inc()
        _child(self._seconds, mode).observe(exchange.seconds)
        if exchange.upstream_seconds is not None:
            self._upstream_seconds.observe(exchange.upstream_seconds)
        self._request_bytes.observe(exchange.request.body.length)
        self._response_bytes.observe(exchange.sent_bytes)
        if record.reason:
            _child(self._untouched, route, record.reason).inc()
        for read, count in record.prompts.items():
            _child(self._prompts, route, mode, read).inc(count)
        for code, count in record.codes.items():
            _child(self._findings, code).inc(count)

    def page(self) -> bytes:
        """Return all counters as text, added up over the workers."""
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)


@lru_cache(maxsize=1024)
def _child(metric: M, *labels: str) -> M:
    """Return a metric with its labels; the library takes its time to find it."""
    return metric.labels(*labels)
