"""Time limits for reading a file: many times what an ordinary file of its size takes.

Parsers recover from errors, and trees can be deep, in ways that limits on size or depth cannot
foresee.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from math import inf

from flaglift.errors import InputError

_BASE = 30.0
_BY_BYTE = 1e-5
"""Seconds of CPU time."""
_PARSING_BASE = 3.0
_PARSING_BY_BYTE = 5e-6
"""The same for the parser alone, which takes a tenth of it if there are no errors."""

# Python in a browser has no threads, and no per-thread clock.
_clock = getattr(time, "thread_time", time.process_time)

_END: ContextVar[float] = ContextVar("end", default=inf)


class TooLongError(InputError):
    """A file takes too long to read."""


@contextmanager
def patience(size: int) -> Iterator[None]:
    """Limit the time for processing a file of `size` bytes.

    `check_patience` raises `TooLongError` once it is exceeded.
    """
    with _until(_clock() + _BASE + size * _BY_BYTE):
        yield


@contextmanager
def parsing(size: int) -> Iterator[None]:
    """Limit the time for parsing a file of `size` bytes, within the limit for the whole file."""
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
    """Return whether the time limit is exceeded."""
    return _clock() > _END.get()


def check_patience() -> None:
    """Raise `TooLongError` if the time limit is exceeded."""
    if is_over():
        raise TooLongError("takes too long to read, so it is not checked")
