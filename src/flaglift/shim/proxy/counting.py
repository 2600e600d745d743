"""Counts who sends flags, and writes it down every second."""

import asyncio
import logging
import time
from collections import Counter

from flaglift.emit.translation import TranslationStatus
from flaglift.errors import InputError
from flaglift.shim.core.policy import Mode
from flaglift.shim.core.record import Outcome
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.headers import product
from flaglift.shim.proxy.traffic import HOUR, Sender, Store, hour_of

LOGGER = logging.getLogger("flaglift.shim.traffic")
MOST_SENDERS = 1000
"""The most senders told apart at a time; the others are counted together."""
_OTHERS = "(others)"
_UNREAD = (Outcome.OFF, Outcome.UNTOUCHED)


class Counting:
    """Counts in memory, and adds the counts to a store when told to."""

    def __init__(self, store: Store, callers: Callers) -> None:
        self._store = store
        self._callers = callers
        self._counts: dict[Sender, Counter[str]] = {}
        self._hour = hour_of(time.time())
        self._since = time.monotonic()

    def __call__(self, exchange: Exchange) -> None:
        """Count one request."""
        inspection = exchange.inspection
        if inspection.route is None:
            return
        request = exchange.request
        sender = Sender(inspection.route.label, self._callers.name(request), product(request.names))
        if sender not in self._counts and len(self._counts) >= MOST_SENDERS:
            sender = Sender(inspection.route.label, _OTHERS, _OTHERS)
        count = self._counts.setdefault(sender, Counter())
        record, outcome, legacy = inspection.record, inspection.outcome, inspection.record.legacy
        translated = inspection.mode is not Mode.REPORT and outcome is Outcome.TRANSLATED
        count["requests"] += 1
        count["legacy"] += legacy
        count["kept"] += record.prompts[TranslationStatus.REFUSED] if translated else legacy
        count["unread"] += outcome in _UNREAD

    async def keep(self, every: float = 1.0) -> None:
        """Write every `every` seconds, until cancelled."""
        while True:
            await asyncio.sleep(every)
            await self.write()

    async def write(self) -> None:
        """Write what was counted since the last time; keep it for the next where that fails."""
        counts, self._counts = self._counts, {}
        now = time.monotonic()
        try:
            await asyncio.to_thread(
                self._store.add, self._hour, min(now - self._since, HOUR), list(counts.items())
            )
        except InputError as error:
            LOGGER.warning("%s", error)
            for sender, count in counts.items():
                self._counts.setdefault(sender, Counter()).update(count)
        else:
            self._since = now
        self._hour = hour_of(time.time())
