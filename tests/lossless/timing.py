"""The processor time of a reader: how it grows with what it reads, and beside a plain loop."""

import gc
import time
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

_Result = TypeVar("_Result")


def growth(work: Callable[[bytes], Any], small: bytes, large: bytes) -> float:
    """Return how many times as long the larger input takes: the best of three each, in turns."""
    best = [float("inf"), float("inf")]
    gc.disable()  # it runs when it likes
    try:
        for _ in range(3):
            for number, data in enumerate((small, large)):
                best[number] = min(best[number], _taken(partial(work, data)))
    finally:
        gc.enable()
    return best[1] / best[0]


def with_effort(work: Callable[[], _Result]) -> tuple[_Result, float]:
    """Return the result of a call, and its processor time in that of a million additions around it.

    Seconds would also measure the machine, which at times is four times as slow as at others.
    """
    results: list[_Result] = []
    before = _taken(_additions)
    taken = _taken(lambda: results.append(work()))
    return results[0], taken / max(before, _taken(_additions))


def _taken(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _additions() -> None:
    total = 0
    for number in range(1_000_000):
        total += number
