"""What a supervisor tells a worker that it starts."""

import json
import os
import signal
from dataclasses import asdict, dataclass, replace
from typing import Self

_VARIABLE = "FLAGLIFT_SERVE_ASSIGNMENT"
REPLACED = signal.SIGUSR1
"""Tells a worker that another one serves in its place: nobody waits for its end, so that a client
may take as long as ever to ask for something."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which of the workers of a proxy a process is, and the descriptors it is given."""

    proxy: str
    """A name that all workers of one supervisor share."""
    number: int
    workers: int
    listeners: tuple[int, ...] = ()
    """That of the proxy, and that of the pages for operators if they are elsewhere."""
    ready: int = -1
    """Where to write that it listens."""
    lifeline: int = -1
    """What is closed when the supervisor has gone."""

    def with_files(self, listeners: list[int], ready: int, lifeline: int) -> Self:
        """Return the same with descriptors."""
        return replace(self, listeners=tuple(listeners), ready=ready, lifeline=lifeline)

    def variable(self) -> dict[str, str]:
        """Return the variable of the environment in which it is handed over."""
        return {_VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def given(cls) -> Self | None:
        """Return that of this process; None for one that was not started by a supervisor."""
        value = os.environ.pop(_VARIABLE, "")
        if not value:
            return None
        fields = json.loads(value)
        return cls(**{**fields, "listeners": tuple(fields["listeners"])})
