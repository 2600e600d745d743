"""Counters in the format of Prometheus."""

import os
from functools import lru_cache
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
OTHER = "other"
"""The route of requests that carry no prompts."""


class Metrics:
    """Counts requests; one object for each proxy."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._requests = Counter(
            "flaglift_requests",
            "Requests, by what became of them; status 0 is none, the client or upstream had gone.",
            ("route", "mode", "outcome", "status"),
            registry=registry,
        )
        self._untouched = Counter(
            "flaglift_untouched_requests",
            "Requests on a prompt's route whose body was left alone or refused, by reason.",
            ("route", "reason"),
            registry=registry,
        )
        self._prompts = Counter(
            "flaglift_prompts",
            "Prompts read, by what translating them gives: translated, unchanged, refused.",
            ("route", "mode", "status"),
            registry=registry,
        )
        self._findings = Counter(
            "flaglift_findings", "Findings in prompts, by code.", ("code",), registry=registry
        )
        self._seconds = Histogram(
            "flaglift_request_seconds",
            "Time from a request's head to the end of its response.",
            ("mode",),
            buckets=_SECONDS,
            registry=registry,
        )

    def __call__(self, exchange: Exchange) -> None:
        """Count one request."""
        inspection = exchange.inspection
        record = inspection.record
        route = inspection.route.label if inspection.route else OTHER
        mode = inspection.mode.value
        status = str(exchange.status)
        _child(self._requests, route, mode, inspection.outcome.value, status).inc()
        _child(self._seconds, mode).observe(exchange.seconds)
        if record.reason:
            _child(self._untouched, route, record.reason.value).inc()
        for read, count in record.prompts.items():
            _child(self._prompts, route, mode, read.value).inc(count)
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
