"""How the processor time of a reader grows with what it reads."""

import gc
import time
from collections.abc import Callable
from typing import Any


def growth(work: Callable[[bytes], Any], small: bytes, large: bytes) -> float:
    """Return how many times as long the larger input takes: the best of three each, in turns."""
    best = [float("inf"), float("inf")]
    gc.disable()  # it runs when it likes
    try:
        for _ in range(3):
            for number, data in enumerate((small, large)):
                start = time.process_time()
                work(data)
                best[number] = min(best[number], time.process_time() - start)
    finally:
        gc.enable()
    return best[1] / best[0]
