"""The data about one request after it has ended."""

import time
from dataclasses import dataclass, field
from typing import Any

from flaglift.shim.core.inspection import Inspection
from flaglift.shim.proxy.identity import request_id, trace_id
from flaglift.shim.proxy.request import Request


@dataclass(slots=True)
class Exchange:
    """One request, its inspection and its response."""

    request: Request
    path: bytes
    """The path of the target, without the query; empty if there is none."""
    inspection: Inspection
    id: str = field(init=False)
    """The request's id in logs on both sides of the proxy."""
    status: int = 0
    """The status of the response; 0 if there was none."""
    seconds: float = 0.0
    upstream_seconds: float | None = None
    """From the request's end, or from sending it, to the head of the upstream's response."""
    upstream_status: int = 0
    """The status of the upstream's response; 0 if there was none."""
    sent_bytes: int = 0
    """The length of the response's body."""
    started: float = field(default_factory=time.perf_counter)
    span: Any = None
    """The span of the request, if tracing is on."""
    call_span: Any = None
    """The span of the call to the upstream."""

    def __post_init__(self) -> None:
        """Take the request's id from its head, or make one."""
        self.id = request_id(self.request.names)

    @property
    def trace(self) -> str | None:
        """The trace that the request belongs to."""
        return trace_id(self.request.names)
