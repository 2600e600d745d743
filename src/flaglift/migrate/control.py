"""How a run goes, and who watches it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from flaglift.migrate.records import Chunk, StoredRecord, Verdict
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle

Decided = tuple[StoredRecord, tuple[Verdict, ...]]
Watch = Callable[[Tally, Chunk, Sequence[Decided]], None]

_PATIENCE = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
"""Seconds between attempts to reach a store that does not answer."""


def _nothing(tally: Tally, chunk: Chunk, decided: Sequence[Decided]) -> None:
    pass


@dataclass
class Control:
    """How a run goes, and who watches it."""

    throttle: Throttle = field(default_factory=Throttle)
    stopped: Callable[[], bool] = lambda: False
    watch: Watch = _nothing
    """Called behind each chunk with the counts so far; what it raises stops the run."""
    limit: int | None = None
    """The most records to decide on."""
    keep_going: bool = False
    """Pass by records that cannot be read, instead of stopping there."""
    patience: Sequence[float] = _PATIENCE

    def ends(self) -> bool:
        """Tell whether the user has asked to stop, by a signal or in the control file."""
        return self.stopped() or self.throttle.stop_asked
