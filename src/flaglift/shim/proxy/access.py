"""A log line for each request: no prompt text, no credentials, no query."""

import logging

from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.exchange import Exchange

LOGGER = logging.getLogger("flaglift.shim.access")
_MOST_PATH = 200


class AccessLog:
    """Writes a line of `key=value` for each request."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def __call__(self, exchange: Exchange) -> None:
        """Write the line of one request."""
        inspection = exchange.inspection
        record = inspection.record
        LOGGER.info(
            "method=%s path=%s status=%d ms=%.1f mode=%s outcome=%s reason=%s codes=%s caller=%s",
            exchange.request.method,
            exchange.path.decode("latin-1")[:_MOST_PATH] or "-",
            exchange.status,
            exchange.seconds * 1000,
            inspection.mode.value,
            inspection.outcome.value,
            record.reason.value if record.reason else "-",
            ",".join(sorted(record.codes)) or "-",
            self._callers.name(exchange.request),
        )
