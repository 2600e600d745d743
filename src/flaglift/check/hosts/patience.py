"""How long a file may take to read: as long as any usual one of its size does, many times over.

Parsers recover from errors, and trees are deep, in ways that no bound on size or depth foresees.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from flaglift.errors import InputError

_BASE = 30.0
_BY_BYTE = 1e-5
"""Seconds of processor time."""

# A browser's Python has no threads, and no clock of them.
_clock = getattr(time, "thread_time", time.process_time)

_END: ContextVar[float] = ContextVar("end", default=inf)


class TooLongError(InputError):
    """A file takes too long to read."""


@contextmanager
def patience(size: int) -> Iterator[None]:
    """Bound the time for what is done with a file of a size in bytes.

    `check_patience` raises `TooLongError` once it is over.
    """
    token = _END.set(_clock() + _BASE + size * _BY_BYTE)
    try:
        yield
    finally:
        _END.reset(token)


def is_over() -> bool:
    """Tell whether the time for a file is over."""
    return _clock() > _END.get()


def check_patience() -> None:
    """Raise `TooLongError` if the time for a file is over."""
    if is_over():
        raise TooLongError("takes too long to read, so it is not checked")
