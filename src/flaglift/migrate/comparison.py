"""The current state of the records that a run changed."""

from collections.abc import Sequence
from typing import Literal

State = Literal["as written", "edited since", "deleted since"]
_MOST_SHOWN = 10


class Comparison:
    """Counts the records of a run as its journal is read, oldest entry first.

    A record that others edited during the run was written again: its last entry counts.
    """

    def __init__(self) -> None:
        self.as_written: int = 0
        self._others: dict[str, State] = {}

    def add(self, key: str, state: State) -> None:
        """Count the state of the record that a journal entry is about."""
        if state == "as written":
            self.as_written += 1
            self._others.pop(key, None)
        else:
            self._others[key] = state

    @property
    def others(self) -> list[str]:
        """The keys of the records that were edited or deleted since."""
        return [*self._others]

    @property
    def edited(self) -> list[str]:
        """The keys of the records that were edited since."""
        return [key for key, state in self._others.items() if state == "edited since"]

    def sentences(self, name: str, unit: str) -> tuple[list[str], list[str]]:
        """Return which checks hold and which fail, as sentences; `unit` is a plural noun."""
        held = f"{name}: {self.as_written:,} {unit} are as the run wrote them, and can be restored"
        states: Sequence[State] = ("edited since", "deleted since")
        listed = [(state, [k for k, s in self._others.items() if s == state]) for state in states]
        return [held], [
            f"{name}: {len(keys):,} {unit} were {state}: {', '.join(keys[:_MOST_SHOWN])}"
            + (", ..." if len(keys) > _MOST_SHOWN else "")
            for state, keys in listed
            if keys
        ]
