"""Retries the steps of a run until its store answers."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from flaglift.migrate.control import Control
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.store import RunWriter

_Result = TypeVar("_Result")


class Patience:
    """Retries the steps of a run; its checkpoint tells what was written."""

    def __init__(self, control: Control) -> None:
        self._control = control
        self.taken: int = 0
        """The number of records in the chunk being tried, if known."""

    def __call__(self, writer: RunWriter, step: Callable[[], _Result]) -> _Result:
        """Return the result of a step. Raises `UnavailableError` if the store does not come back.

        Each attempt takes fewer records: the last may have exceeded a timeout of the store.
        """
        waits = iter(self._control.patience)
        while True:
            try:
                return step()
            except UnavailableError as error:
                self._control.throttle.shrink(self.taken)
                self._find_again(writer, waits, error)

    def _find_again(
        self, writer: RunWriter, waits: Iterator[float], error: UnavailableError
    ) -> None:
        for seconds in waits:
            self._control.throttle.sleep(seconds)
            try:
                writer.reconnect()
            except UnavailableError as newer:
                error = newer
            else:
                return
            if self._control.ends():
                break
        raise UnavailableError(
            f"{error}; given up after {len(self._control.patience)} attempts. Everything written"
            " so far is kept; run the same command again to resume"
        )
