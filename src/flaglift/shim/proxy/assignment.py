"""The data that a supervisor passes to a worker it starts."""

import json
import os
import signal
import stat
from dataclasses import asdict, dataclass, replace
from typing import Self

from flaglift.errors import ConfigError

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
        """Return the assignment of this process; None if it was not started by a supervisor.

        Raises `ConfigError` if somebody else has set the variable.
        """
        value = os.environ.pop(_VARIABLE, "")
        if not value:
            return None
        try:
            return cls._read(value)
        except (ValueError, TypeError, KeyError, OSError, OverflowError, RecursionError):
            message = f"{_VARIABLE} is set, which only the proxy does for its workers: unset it"
            raise ConfigError(message) from None

    @classmethod
    def _read(cls, value: str) -> Self:
        fields = json.loads(value)
        given = cls(**{**fields, "listeners": tuple(fields["listeners"])})
        os.fstat(given.ready)
        os.fstat(given.lifeline)
        if not all(stat.S_ISSOCK(os.fstat(file).st_mode) for file in given.listeners or (-1,)):
            raise ValueError("not a socket")
        return given
