"""The options of `flaglift serve`."""

from dataclasses import dataclass, field
from pathlib import Path

from flaglift.shim.core.policy import Policy
from flaglift.shim.proxy.logs import LogFormat

TCP = tuple[str, int]
"""A host and a port."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on sizes and slowness of clients."""

    body_bytes: int | None = None
    """The most bytes of a body; None for no limit."""
    client_seconds: float = 60.0
    """How long in total the proxy waits for a client that sends less than `LEAST_RATE`."""
    head_seconds: float = 30.0
    """How long a client may take for a request line and headers."""
    idle_seconds: float = 75.0
    """How long a connection may wait for its next request."""
    connections: int | None = None
    """The most concurrent connections; None for as many as the descriptors allow."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the upstream may take, in seconds."""

    connect: float = 10.0
    answer: float = 300.0
    """To begin or continue its response, or to accept more of a body."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """PEM files for an upstream reached over TLS."""

    authorities: Path | None = None
    """The authorities trusted for the upstream's certificate; None for the system's."""
    certificate: Path | None = None
    """The proxy's own certificate and its chain."""
    key: Path | None = None
    """Its private key; None if it is in the same file."""


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one proxy."""

    upstream: str
    """The service's address, such as `https://api.example`; request paths are appended."""
    listen: TCP | Path = ("127.0.0.1", 8080)
    """An address, or the path of a unix socket."""
    operators: TCP | Path | None = None
    """The address of the operator pages; None to serve them next to the proxy's own paths."""
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    certificates: Certificates = field(default_factory=Certificates)
    grace_seconds: float = 0.0
    """How long it continues to serve after being told to stop, while reporting not ready."""
    shutdown_seconds: float = 30.0
    """How long requests may take to finish after that."""
    workers: int = 1
    show_codes: bool = False
    traffic: Path | None = None
    caller_header: str | None = None
    trust_forwarded: bool = False
    """Whether the peers are proxies trusted about the origin of requests."""
    via: bool = True
    """Whether messages get a `Via` for this proxy."""
    log_format: LogFormat = LogFormat.TEXT
    spans: bool = False
    """Whether spans are sent to an OpenTelemetry collector."""
