"""Limits for reading a file: many times what an ordinary file takes.

Parsers recover from errors, and trees can be deep, in ways that limits on size or depth cannot
foresee.
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from importlib import import_module
from importlib.util import find_spec
from itertools import count
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
"""Bytes of memory, by which a file may raise what the process uses."""

_STEPS = 64
"""How often a limit is asked for until it is compared: that takes as long as these steps."""

# Python in a browser has no threads, and no per-thread clock.
_clock = getattr(time, "thread_time", time.process_time)

# Python in a browser, or on Windows, does not count memory either; only Linux tells how much is
# in use now, and others tell the most that was.
_resource: Any = import_module("resource") if find_spec("resource") else None
_UNIT = 1 if sys.platform == "darwin" else 1024
_IN_USE = "/proc/self/statm"


class _Limit(NamedTuple):
    end: float = inf
    """Seconds of CPU time."""
    memory: float = inf
    """Bytes."""
    steps: Iterator[int] = count()
    """Counts how often it was asked for; shared by threads if there is no limit."""


_NONE = _Limit()
_LIMIT: ContextVar[_Limit] = ContextVar("limit", default=_NONE)


class TooLongError(InputError):
    """A file takes too long, or too much memory, to read."""


def _memory() -> int:
    """Return the memory that this process uses, in bytes, or the most so far; 0 if unknown."""
    if not _resource:
        return 0
    with suppress(OSError), open(_IN_USE, "rb", buffering=0) as file:
        pages = int(file.read().split()[1])
        return pages * int(_resource.getpagesize())
    return int(_resource.getrusage(_resource.RUSAGE_SELF).ru_maxrss) * _UNIT


@contextmanager
def patience(size: int) -> Iterator[None]:
    """Limit the time for processing a file of `size` bytes, and the memory for any file.

    `check_patience` raises `TooLongError` once one is exceeded.
    """
    with _limited(_Limit(_clock() + _BASE + size * _BY_BYTE, _memory() + _MEMORY, count())):
        yield


@contextmanager
def parsing(size: int) -> Iterator[None]:
    """Limit the time for parsing a file of `size` bytes, within the limits for the whole file."""
    whole = _LIMIT.get()
    end = _clock() + _PARSING_BASE + size * _PARSING_BY_BYTE
    with _limited(whole._replace(end=min(whole.end, end), steps=count())):
        yield


@contextmanager
def _limited(limit: _Limit) -> Iterator[None]:
    token = _LIMIT.set(limit)
    try:
        yield
    finally:
        _LIMIT.reset(token)


def is_over(*, at_once: bool = False) -> bool:
    """Return whether a limit is exceeded; unless `at_once`, that is found some steps later."""
    limit = _LIMIT.get()
    if next(limit.steps) % _STEPS and not at_once:
        return False
    return _clock() > limit.end or _memory() > limit.memory


def check_patience(*, at_once: bool = False) -> None:
    """Raise `TooLongError` if a limit is exceeded; unless `at_once`, some steps later."""
    if is_over(at_once=at_once):
        what = "too much memory" if _memory() > _LIMIT.get().memory else "too long"
        raise TooLongError(f"takes {what} to read, so it is not checked")
