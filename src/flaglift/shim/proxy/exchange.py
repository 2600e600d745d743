"""What is known of one request when all is said."""

import time
from dataclasses import dataclass, field

from flaglift.shim.core.inspection import Inspection
from flaglift.shim.proxy.request import Request


@dataclass(slots=True)
class Exchange:
    """One request, its inspection and its response."""

    request: Request
    path: bytes
    """The path of the target, less the query; empty where there is none."""
    inspection: Inspection
    status: int = 0
    """The status of the response; 0 where there was none."""
    seconds: float = 0.0
    upstream_seconds: float | None = None
    """From the request's end, or from when it was sent, to the head of the upstream's response."""
    sent_bytes: int = 0
    """The length of the response's body."""
    started: float = field(default_factory=time.perf_counter)
