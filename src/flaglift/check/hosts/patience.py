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
_PARSING_BASE = 3.0
_PARSING_BY_BYTE = 5e-6
"""The same for a parser alone, which takes a tenth of it where it need not recover from errors."""

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
    with _until(_clock() + _BASE + size * _BY_BYTE):
        yield


@contextmanager
def parsing(size: int) -> Iterator[None]:
    """Bound the time for the parser of a file of a size in bytes, within that for the file."""
    with _until(min(_END.get(), _clock() + _PARSING_BASE + size * _PARSING_BY_BYTE)):
        yield


@contextmanager
def _until(end: float) -> Iterator[None]:
    token = _END.set(end)
    try:
        yield
    finally:
        _END.reset(token)


def is_over() -> bool:
    """Return whether the time for a file is over."""
    return _clock() > _END.get()


def check_patience() -> None:
    """Raise `TooLongError` if the time for a file is over."""
    if is_over():
        raise TooLongError("takes too long to read, so it is not checked")
