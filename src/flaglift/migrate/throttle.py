"""How fast a run goes: the size of chunks, the most rows a second, a pause or a stop on request."""

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

_FEWEST, _MOST, _FIRST = 50, 20_000, 200
_MOST_BYTES = 16 * 2**20
_POLL_SECONDS = 0.2
_NUMBER, _SWITCH = "a number above 0", "true or false"
_ORDERS = {"rate": _NUMBER, "chunk": _NUMBER, "pause": _SWITCH, "stop": _SWITCH}
"""What a control file may say, and of what kind the values are."""


@dataclass
class Throttle:
    """Sizes chunks so that each takes about `chunk_seconds`, and waits where it is asked to."""

    chunk_seconds: float = 0.5
    rows_per_second: float | None = None
    pause_file: Path | None = None
    """While it exists, nothing is read or written between chunks."""
    control_file: Path | None = None
    """Read between chunks, as TOML: `rate`, `chunk`, `pause` and `stop`. It need not be there."""
    held_up: Callable[[], str | None] = lambda: None
    """Tells between chunks why others' work goes first, or that it does not."""
    say: Callable[[str], None] = lambda sentence: None  # noqa: ARG005
    """Takes a sentence about why a run waits."""
    rows: int = _FIRST
    """The records to ask for next."""
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    stop_asked: bool = field(default=False, init=False)
    """Whether the control file says to stop."""
    _paused: bool = field(default=False, init=False)
    _said: str | None = field(default=None, init=False)
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
        self.rows = max(int(rows), min(_FEWEST, self.rows * 2, self._affordable))

    def shrink(self, records: int) -> None:
        """Ask for half as many records next, after a chunk of so many that failed."""
        self.rows = max(1, min(self.rows, records or self.rows) // 2)

    def wait(self, records: int, seconds: float, stopped: Callable[[], bool]) -> None:
        """Wait until the next chunk is due; return at once when the user stops the run."""
        if self.rows_per_second is not None:
            self._debt = max(0.0, self._debt + records / self.rows_per_second - seconds)
            until = self.clock() + self._debt
            while self.clock() < until and not stopped():
                self.sleep(min(_POLL_SECONDS, max(0.0, until - self.clock())))
            self._debt = 0.0
        while (reason := self._why_to_wait()) and not stopped():
            if reason != self._said:
                self.say(f"waiting: {reason}")
            self._said = reason
            self.sleep(_POLL_SECONDS)
        self._said = None

    def _why_to_wait(self) -> str | None:
        try:
            self._obey()
        except (ValueError, OSError) as error:
            return f"{self.control_file}: {error}"
        if self.stop_asked:
            return None
        if self._paused:
            return f"{self.control_file} says so"
        if self.pause_file is not None and self.pause_file.exists():
            return f"{self.pause_file} is there"
        return self.held_up()

    def _obey(self) -> None:
        """Take over what the control file says. Raises `ValueError` for what it cannot say."""
        if self.control_file is None or not self.control_file.exists():
            self._paused = False
            return
        said = tomllib.loads(self.control_file.read_text(encoding="utf-8"))
        for name, value in said.items():
            kind = _ORDERS.get(name)
            if kind is None:
                raise ValueError(f"`{name}` is not one of {', '.join(_ORDERS)}")
            if isinstance(value, bool) if kind == _SWITCH else _is_positive(value):
                continue
            raise ValueError(f"`{name}` is {kind}")
        self.rows_per_second = said.get("rate", self.rows_per_second)
        self.chunk_seconds = said.get("chunk", self.chunk_seconds)
        self._paused = said.get("pause", False)
        self.stop_asked = said.get("stop", False)


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
