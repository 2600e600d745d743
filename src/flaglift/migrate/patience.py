"""Retries the steps of a run or of an undo until its store answers."""

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from flaglift.migrate.control import Control
from flaglift.migrate.errors import UnavailableError

_Result = TypeVar("_Result")


class Reconnecting(Protocol):
    """A run that is applied or undone."""

    def reconnect(self) -> None:
        """Reconnect after the store was unavailable."""


class Patience:
    """Retries steps; the checkpoint of the run tells what was done."""

    def __init__(self, control: Control, done: str = "written") -> None:
        self._control = control
        self._done = done
        self.taken: int = 0
        """The number of records in the chunk being tried, if known."""

    def __call__(self, run: Reconnecting, step: Callable[[], _Result]) -> _Result:
        """Return the result of a step. Raises `UnavailableError` if the store does not come back.

        Each attempt takes fewer records: the last may have exceeded a timeout of the store.
        """
        waits = iter(self._control.patience)
        while True:
            try:
                return step()
            except UnavailableError as error:
                self._control.throttle.shrink(self.taken)
                self._find_again(run, waits, error)

    def _find_again(
        self, run: Reconnecting, waits: Iterator[float], error: UnavailableError
    ) -> None:
        for seconds in waits:
            self._control.throttle.sleep(seconds)
            try:
                run.reconnect()
            except UnavailableError as newer:
                error = newer
            else:
                return
            if self._control.ends():
                break
        raise UnavailableError(
            f"{error}; given up after {len(self._control.patience)} attempts. Everything"
            f" {self._done} so far is kept; run the same command again to resume"
        )
