"""How a run goes, and who watches it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from flaglift.migrate.records import Chunk, StoredRecord, Verdict
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle

Decided = tuple[StoredRecord, tuple[Verdict, ...]]
Look = Callable[[Chunk, Sequence[Decided]], Any]
Watch = Callable[[Tally, Any], None]
Keep = Callable[[Any, int], int]

_PATIENCE = (0.1, 0.3, 1.0, 3.0, 10.0, 20.0)
"""Seconds between attempts to reach a store that does not answer."""


class DecidedChunk(NamedTuple):
    """A chunk that was decided on, here or in another process, without unneeded data."""

    chunk: Chunk
    decided: Sequence[Decided]
    tally: Tally
    """The counts of this chunk."""
    seen: Any = None
    """What `Control.look` returned."""
    made: Any = None
    """What `Store.made` returned, where it is to be written."""
    seconds: float = 0.0
    """How long deciding took."""


def _nothing(*_: Any) -> None:
    pass


@dataclass
class Control:
    """How a run goes, and who watches it."""

    throttle: Throttle = field(default_factory=Throttle)
    stopped: Callable[[], bool] = lambda: False
    look: Look = _nothing
    """Returns what `watch` needs about a chunk; called in the process that decides on it."""
    keep: Keep = lambda _, __: 0
    """Lists what `look` returned, after so many bytes of the list; returns the list's new size.

    Called before the checkpoint of a chunk, so that a resumed run can complete the list."""
    keep_late: Callable[[Any, int], None] = _nothing
    """Lists what `look` returned of records that a finished run came back to, without those that
    are listed: the list had so many bytes at the end of the run's first pass."""
    watch: Watch = _nothing
    """Called after each chunk with the counts so far; an exception from it stops the run."""
    limit: int | None = None
    """The most records to decide on."""
    keep_going: bool = False
    """Skip records that cannot be read, instead of stopping there."""
    patience: Sequence[float] = _PATIENCE

    def ends(self) -> bool:
        """Return whether the user has asked to stop, by a signal or in the control file."""
        return self.stopped() or self.throttle.stop_asked

    def wait_to_begin(self) -> None:
        """Wait as long as the first chunk may not be read or written, either."""
        self.throttle.wait(0, 0.0, self.ends)
