"""The data that a supervisor passes to a worker it starts."""

import json
import os
import signal
from dataclasses import asdict, dataclass, replace
from typing import Self

_VARIABLE = "FLAGLIFT_SERVE_ASSIGNMENT"
REPLACED = signal.SIGRTMIN
"""Tells a worker that another one has replaced it: nothing waits for its end, so a client
may take its usual time to send a request.

Operators send SIGUSR1 and SIGUSR2, which mean something to other servers, also to all processes.
"""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which worker of a proxy a process is, and its descriptors."""

    proxy: str
    """A name that all workers of one supervisor share."""
    number: int
    workers: int
    listeners: tuple[int, ...] = ()
    """The socket of the proxy, and that of the operator pages if they are separate."""
    ready: int = -1
    """Where to report that it is listening."""
    lifeline: int = -1
    """Closed when the supervisor has ended."""

    def with_files(self, listeners: list[int], ready: int, lifeline: int) -> Self:
        """Return the same with descriptors."""
        return replace(self, listeners=tuple(listeners), ready=ready, lifeline=lifeline)

    def variable(self) -> dict[str, str]:
        """Return the environment variable that passes it on."""
        return {_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def given(cls) -> Self | None:
        """Return the assignment of this process; None if it was not started by a supervisor."""
        value = os.environ.pop(_VARIABLE, "")
        if not value:
            return None
        fields = json.loads(value)
        return cls(**{**fields, "listeners": tuple(fields["listeners"])})
