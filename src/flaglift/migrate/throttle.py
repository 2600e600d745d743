"""The speed of a run: chunk sizes, a limit of rows per second, and pauses or stops on request."""

import math
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from flaglift.files import read_regular

_FEWEST, _MOST, _FIRST = 50, 20_000, 200
_MOST_BYTES = 16 * 2**20
_POLL_SECONDS = 0.2
_NUMBER, _SWITCH = "a number above 0", "true or false"
_ORDERS = {"rate": _NUMBER, "chunk": _NUMBER, "pause": _SWITCH, "stop": _SWITCH}
"""The keys of a control file, and the types of their values."""


@dataclass
class Throttle:
    """Sizes chunks so that each takes about `chunk_seconds`, and waits when asked to."""

    chunk_seconds: float = 0.5
    rows_per_second: float | None = None
    pause_file: Path | None = None
    """While it exists, nothing is read or written between chunks."""
    control_file: Path | None = None
    """Read between chunks, as TOML: `rate`, `chunk`, `pause` and `stop`. It may be missing."""
    held_up: Callable[[], str | None] = lambda: None
    """Called between chunks; returns why to yield to other clients, or None."""
    say: Callable[[str], None] = lambda sentence: None  # noqa: ARG005
    """Receives a sentence about why a run waits."""
    rows: int = _FIRST
    """The number of records to request next."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    stop_asked: bool = field(default=False, init=False)
    """Whether the control file says to stop."""
    _paused: bool = field(default=False, init=False)
    _said: str | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if self.rows_per_second is not None:
            self.rows = min(self.rows, self._affordable)

    @property
    def _affordable(self) -> int:
        """The records of one chunk at the rate limit; a chunk per second keeps the load even."""
        return max(1, int(self.rows_per_second or _MOST))

    def learn(self, records: int, size: int, seconds: float) -> None:
        """Choose the next chunk size by the time the last chunk took; it at most doubles."""
        if not records:
            return
        wanted = records * self.chunk_seconds / max(seconds, 1e-6)
        by_size = _MOST_BYTES / max(size / records, 1)
        rows = min(wanted, self.rows * 2, by_size, _MOST, self._affordable)
        self.rows = max(int(rows), min(_FEWEST, self.rows * 2, self._affordable))

    def shrink(self, records: int) -> None:
        """Request half as many records next, after a chunk of this size failed."""
        self.rows = max(1, min(self.rows, records or self.rows) // 2)

    def wait(self, records: int, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait until the next chunk is due; return at once when the user stops the run.

        The control file is obeyed meanwhile: the next chunk may be due much later.
        """
        rate = self.rows_per_second
        owed = 0.0 if rate is None else max(0.0, records / rate - seconds)
        until = self.clock() + owed
        while True:
            reason = self._why_to_wait()
            left = until - self.clock()
            if rate and self.rows_per_second and self.rows_per_second != rate:
                left *= rate / self.rows_per_second
                until = self.clock() + left
            rate = self.rows_per_second
            if reason is None and left <= 0:
                break
            if self.stop_asked or stopped():
                break
            if reason is not None and reason != self._said:
                self.say(f"waiting: {reason}")
            self._said = reason
            self.sleep(_POLL_SECONDS if reason else min(_POLL_SECONDS, left))
        self._said = None

    def _why_to_wait(self) -> str | None:
        try:
            self._obey()
        except (ValueError, OSError, RecursionError) as error:
            return f"{self.control_file}: {error}"
        if self.stop_asked:
            return None
        if self._paused:
            return f"{self.control_file} says so"
        if self.pause_file is not None and self.pause_file.exists():
            return f"{self.pause_file} is there"
        return self.held_up()

    def _obey(self) -> None:
        """Apply the control file. Raises `ValueError` for invalid content."""
        if self.control_file is None or not self.control_file.exists():
            self._paused = False
            return
        said = tomllib.loads(read_regular(self.control_file).decode())
        for name, value in said.items():
            kind = _ORDERS.get(name)
            if kind is None:
                raise ValueError(f"`{name}` is not one of {', '.join(_ORDERS)}")
            if isinstance(value, bool) if kind == _SWITCH else _is_positive(value):
                continue
            raise ValueError(f"`{name}` is {kind}")
        self.rows_per_second = said.get("rate", self.rows_per_second)
        self.rows = min(self.rows, self._affordable)
        self.chunk_seconds = said.get("chunk", self.chunk_seconds)
        self._paused = said.get("pause", False)
        self.stop_asked = said.get("stop", False)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf
