"""Ctrl-C and SIGTERM finish the chunk; a second Ctrl-C stops at once."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class Interruption:
    """Whether the user has asked to stop."""

    def __init__(self) -> None:
        self.requested: bool = False

    def __call__(self) -> bool:
        """Return whether to stop."""
        return self.requested

    def _ask(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Catch the signals while the block runs; the previous handlers are restored."""
    stop = Interruption()
    before: dict[int, Any] = {}
    for number in map(int, (signal.SIGINT, signal.SIGTERM)):
        before[number] = signal.signal(number, stop._ask)
    try:
        yield stop
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)
