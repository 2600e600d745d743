"""A timer that is set for every request and rarely fires."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `ring` at the time that was set last.

    The loop's timer stays in place while the alarm is postponed or turned off:
    creating and cancelling one for each request costs more than parsing a head.
    """

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._when: float | None = None  # by the loop's clock

    @property
    def is_due(self) -> bool:
        """Whether the time has come, but the loop has not called `ring` yet."""
        return self._when is not None and self._when <= asyncio.get_running_loop().time()

    def set(self, seconds: float) -> None:
        """Ring in this many seconds, replacing the earlier time."""
        loop = asyncio.get_running_loop()
        self._when = when = loop.time() + seconds
        if self._timer is not None and self._timer.when() > when:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(when, self._due)

    def turn_off(self) -> None:
        """Do not ring."""
        self._when = None

    def close(self) -> None:
        """Drop the reference to the callback."""
        self._when = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if self._when is None:
            return
        loop = asyncio.get_running_loop()
        if self._when > loop.time():
            self._timer = loop.call_at(self._when, self._due)
        else:
            self._when = None
            self._ring()
