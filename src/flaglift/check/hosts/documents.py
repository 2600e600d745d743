"""Caches of what was read of the documents asked about last, which may take much memory."""

from collections.abc import Callable
from functools import lru_cache
from typing import ParamSpec, TypeVar, cast

_P = ParamSpec("_P")
_R = TypeVar("_R")

_CLEARING: list[Callable[[], None]] = []


def per_document(most: int) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator that keeps the last results of a function of documents."""

    def decorated(function: Callable[_P, _R]) -> Callable[_P, _R]:
        cached = lru_cache(most)(function)
        _CLEARING.append(cached.cache_clear)
        return cast("Callable[_P, _R]", cached)

    return decorated


def forget() -> None:
    """Release the memory of all documents that were read."""
    for clear in _CLEARING:
        clear()
