"""How fast a run goes: the size of chunks, the most rows a second, a pause on request."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_FEWEST, _MOST, _FIRST = 50, 20_000, 200
_MOST_BYTES = 16 * 2**20
_POLL_SECONDS = 0.2


@dataclass
class Throttle:
    """Sizes chunks so that each takes about `chunk_seconds`, and waits where it is asked to."""

    chunk_seconds: float = 0.5
    rows_per_second: float | None = None
    pause_file: Path | None = None
    """While it exists, nothing is read or written between chunks."""
    rows: int = _FIRST
    """The records to ask for next."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _debt: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        if self.rows_per_second is not None:
            self.rows = min(self.rows, self._affordable)

    @property
    def _affordable(self) -> int:
        """The records of one chunk at the limit; a chunk a second keeps the load even."""
        return max(1, int(self.rows_per_second or _MOST))

    def learn(self, records: int, size: int, seconds: float) -> None:
        """Choose the next chunk by what the last one took; it at most doubles."""
        if not records:
            return
        wanted = records * self.chunk_seconds / max(seconds, 1e-6)
        by_size = _MOST_BYTES / max(size / records, 1)
        rows = min(wanted, self.rows * 2, by_size, _MOST, self._affordable)
        self.rows = max(int(rows), min(_FEWEST, self._affordable))

    def shrink(self) -> None:
        """Ask for half as many records next, after a chunk that the store did not take."""
        self.rows = max(1, self.rows // 2)

    def wait(self, records: int, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait until the next chunk is due; return at once when the user stops the run."""
        if self.rows_per_second is not None:
            self._debt = max(0.0, self._debt + records / self.rows_per_second - seconds)
            until = self.clock() + self._debt
            while self.clock() < until and not stopped():
                self.sleep(min(_POLL_SECONDS, max(0.0, until - self.clock())))
            self._debt = 0.0
        while self.pause_file is not None and self.pause_file.exists() and not stopped():
            self.sleep(_POLL_SECONDS)
