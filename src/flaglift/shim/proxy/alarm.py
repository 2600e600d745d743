"""A timer that is set for every request and hardly ever rings."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls `ring` when the time that was set last has come.

    A timer of the loop stays where it is while it is set for later again and again, or turned off:
    making one and taking it away for each request costs more than reading a head.
    """

    def __init__(self, ring: Callable[[], object]) -> None:
        self._ring = ring
        self._timer: asyncio.TimerHandle | None = None
        self._when: float | None = None  # by the loop's clock

    @property
    def is_due(self) -> bool:
        """Whether the time has come, and the loop has not got round to it."""
        return self._when is not None and self._when <= asyncio.get_running_loop().time()

    def set(self, seconds: float) -> None:
        """Ring in so many seconds, instead of when it was set for before."""
        loop = asyncio.get_running_loop()
        self._when = when = loop.time() + seconds
        if self._timer is not None and self._timer.when() > when:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(when, self._due)

    def turn_off(self) -> None:
        """Ring no more."""
        self._when = None

    def close(self) -> None:
        """Let go of whom it would call."""
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
