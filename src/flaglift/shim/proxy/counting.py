"""Counts who sends flags, and saves the counts every second."""

import asyncio
import logging
from collections import Counter

from flaglift.emit.translation import TranslationStatus
from flaglift.errors import InputError
from flaglift.shim.core.policy import Mode
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.headers import product
from flaglift.shim.proxy.logs import Seldom
from flaglift.shim.proxy.report import UNREAD
from flaglift.shim.proxy.traffic import Sender, TrafficStore, Worker

LOGGER = logging.getLogger("flaglift.shim.traffic")
MOST_SENDERS = 1000
"""The most senders distinguished at a time; the others are counted together."""
_OTHERS = "(others)"
_UNREAD = (RequestOutcome.OFF, RequestOutcome.UNTOUCHED)


class Counting:
    """Counts in memory, and adds the counts to a store when told to."""

    def __init__(self, store: TrafficStore, callers: Callers, worker: Worker) -> None:
        self._store = store
        self._callers = callers
        self._worker = worker
        self._counts: dict[Sender, Counter[str]] = {}
        self._may_tell = Seldom()

    def __call__(self, exchange: Exchange) -> None:
        """Count one request."""
        inspection = exchange.inspection
        reason = inspection.record.reason
        unfinished = reason is Reason.UNFINISHED
        if unfinished and not exchange.status:
            unfinished, reason = False, None  # the client itself gave up
        if inspection.route is None and reason is None:
            return
        request = exchange.request
        sender = Sender(inspection.label, self._callers.name(request), product(request.names))
        if sender not in self._counts and len(self._counts) >= MOST_SENDERS:
            sender = Sender(inspection.label if inspection.route else _OTHERS, _OTHERS, _OTHERS)
        count = self._counts.setdefault(sender, Counter())
        record, outcome, legacy = inspection.record, inspection.outcome, inspection.record.legacy
        translated = inspection.mode is not Mode.REPORT and outcome is RequestOutcome.TRANSLATED
        count["requests"] += 1
        if legacy:
            count["legacy"] += legacy
        if kept := record.prompts.get(TranslationStatus.REFUSED, 0) if translated else legacy:
            count["kept"] += kept
        if unfinished or (outcome in _UNREAD and (reason or outcome is RequestOutcome.OFF)):
            count[f"{UNREAD}{reason or Mode.OFF}"] += 1

    async def keep(self, every: float = 1.0) -> None:
        """Write now and every `every` seconds, until cancelled."""
        while True:
            await self.write()
            await asyncio.sleep(every)

    async def write(self, *, ends: bool = False) -> None:
        """Write the counts since the last time; keep them for the next time if that fails."""
        counts, self._counts = self._counts, {}
        try:
            await asyncio.to_thread(self._store.add, self._worker, counts.items(), ends=ends)
        except InputError as error:
            if ends or self._may_tell():
                LOGGER.warning("%s", error)
            for sender, count in counts.items():
                self._counts.setdefault(sender, Counter()).update(count)
