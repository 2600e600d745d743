"""Limits for reading a file: many times what an ordinary file takes.

Parsers recover from errors, and trees can be deep, in ways that limits on size or depth cannot
foresee.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib import import_module
from importlib.util import find_spec
from math import inf
from typing import Any, NamedTuple

from flaglift.errors import InputError

_BASE = 30.0
_BY_BYTE = 1e-5
"""Seconds of CPU time."""
_PARSING_BASE = 3.0
_PARSING_BY_BYTE = 5e-6
"""The same for the parser alone, which takes a tenth of it if there are no errors."""

_MEMORY = 1 << 30
"""Bytes of memory, by which a file may raise the most that the process has used."""

# Python in a browser has no threads, and no per-thread clock.
_clock = getattr(time, "thread_time", time.process_time)

# Python in a browser, or on Windows, does not count memory either.
_resource: Any = import_module("resource") if find_spec("resource") else None
_UNIT = 1 if sys.platform == "darwin" else 1024


class _Limit(NamedTuple):
    end: float = inf
    """Seconds of CPU time."""
    memory: float = inf
    """Bytes."""


_NONE = _Limit()
_LIMIT: ContextVar[_Limit] = ContextVar("limit", default=_NONE)


class TooLongError(InputError):
    """A file takes too long, or too much memory, to read."""


def _memory() -> int:
    """Return the most memory that this process has used so far, in bytes; 0 if it is unknown."""
    return _resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss * _UNIT if _resource else 0


@contextmanager
def patience(size: int) -> Iterator[None]:
    """Limit the time for processing a file of `size` bytes, and the memory for any file.

    `check_patience` raises `TooLongError` once one is exceeded.
    """
    with _limited(_Limit(_clock() + _BASE + size * _BY_BYTE, _memory() + _MEMORY)):
        yield


@contextmanager
def parsing(size: int) -> Iterator[None]:
    """Limit the time for parsing a file of `size` bytes, within the limits for the whole file."""
    whole = _LIMIT.get()
    end = _clock() + _PARSING_BASE + size * _PARSING_BY_BYTE
    with _limited(whole._replace(end=min(whole.end, end))):
        yield


@contextmanager
def _limited(limit: _Limit) -> Iterator[None]:
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def is_over() -> bool:
    """Return whether a limit is exceeded."""
    limit = _LIMIT.get()
    return _clock() > limit.end or _memory() > limit.memory


def check_patience() -> None:
    """Raise `TooLongError` if a limit is exceeded."""
    if is_over():
        what = "too much memory" if _memory() > _LIMIT.get().memory else "too long"
        raise TooLongError(f"takes {what} to read, so it is not checked")
