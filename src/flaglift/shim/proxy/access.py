"""A log line for each request: no prompt text, no credentials, no query."""

import logging

from flaglift.shim.core.routes import escaped
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.logs import LogFields, write_line

LOGGER = logging.getLogger("flaglift.shim.access")
_MOST_PATH = 200


class AccessLog:
    """Writes a line for each request."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def __call__(self, exchange: Exchange) -> None:
        """Write the line of one request."""
        inspection = exchange.inspection
        record = inspection.record
        upstream = exchange.upstream_seconds
        write_line(
            LOGGER,
            LogFields(
                method=exchange.request.method,
                path=escaped(exchange.path)[:_MOST_PATH],
                status=exchange.status,
                ms=round(exchange.seconds * 1000, 3),
                mode=inspection.mode,
                outcome=inspection.outcome,
                reason=record.reason,
                codes=sorted(record.codes),
                caller=self._callers.name(exchange.request),
                request_id=exchange.id,
                trace_id=exchange.trace,
                upstream_ms=None if upstream is None else round(upstream * 1000, 3),
                received_bytes=exchange.request.body.length,
                sent_bytes=exchange.sent_bytes,
            ),
        )
