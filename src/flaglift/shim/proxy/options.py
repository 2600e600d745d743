"""What `flaglift serve` was told: everything that the proxy needs to know."""

from dataclasses import dataclass, field
from pathlib import Path

from flaglift.shim.core.policy import Policy
from flaglift.shim.proxy.logs import LogFormat

TCP = tuple[str, int]
"""A host and a port."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a client is taken, and how slowly."""

    body_bytes: int | None = None
    """The most bytes of a body; None for no limit."""
    client_seconds: float = 60.0
    """How long in all the proxy waits for a client that sends less than `LEAST_RATE`."""
    head_seconds: float = 30.0
    """How long a client may take for a request line and headers."""
    idle_seconds: float = 75.0
    """How long a connection may wait for its next request."""
    connections: int | None = None
    """The most connections at a time; None for as many as the descriptors allow."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long the upstream may take, in seconds."""

    connect: float = 10.0
    answer: float = 300.0
    """To begin its response, to go on with it, or to take more of a body."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """Files in PEM, for an upstream that is spoken to over TLS."""

    authorities: Path | None = None
    """Whose signature on the upstream's certificate counts; None for the system's."""
    certificate: Path | None = None
    """What the proxy shows of itself, and the chain behind it."""
    key: Path | None = None
    """The key of that; None where the same file has it."""


@dataclass(frozen=True, slots=True)
class Options:
    """What `flaglift serve` was asked for."""

    upstream: str
    """The service's address, such as `https://api.example`; what clients ask for is appended."""
    listen: TCP | Path = ("127.0.0.1", 8080)
    """An address, or the path of a unix socket."""
    operators: TCP | Path | None = None
    """Where the pages for operators are; None for next to the proxy's own."""
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    timeouts: Timeouts = field(default_factory=Timeouts)
    certificates: Certificates = field(default_factory=Certificates)
    grace_seconds: float = 0.0
    """How long it goes on as before when it is told to stop, but is not ready any more."""
    shutdown_seconds: float = 30.0
    """How long requests may take to end after that."""
    workers: int = 1
    show_codes: bool = False
    traffic: Path | None = None
    caller_header: str | None = None
    trust_forwarded: bool = False
    """Whether the peers are proxies whose word about where requests come from is good."""
    via: bool = True
    """Whether messages say that they came through this proxy."""
    log_format: LogFormat = LogFormat.TEXT
    spans: bool = False
    """Whether spans are sent to a collector of OpenTelemetry."""
