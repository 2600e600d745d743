"""A log line for each request: no prompt text, no credentials, no query."""

import logging

from flaglift.shim.asgi import Visit, raw_path
from flaglift.shim.proxy.caller import Callers

LOGGER = logging.getLogger("flaglift.shim.access")
_MOST_METHOD = 20
_MOST_PATH = 200


class AccessLog:
    """Writes a line of `key=value` for each request."""

    def __init__(self, callers: Callers) -> None:
        self._callers = callers

    def __call__(self, visit: Visit) -> None:
        """Write the line of one request."""
        inspection = visit.inspection
        record = inspection.record
        scope = visit.scope
        # A target that is a whole address may hold a password; it is refused.
        path = raw_path(scope).decode("ascii") if raw_path(scope).startswith(b"/") else "-"
        LOGGER.info(
            "method=%s path=%s status=%d ms=%.1f mode=%s outcome=%s reason=%s codes=%s caller=%s",
            scope["method"][:_MOST_METHOD],
            path[:_MOST_PATH],
            visit.status,
            visit.seconds * 1000,
            inspection.mode.value,
            inspection.outcome.value,
            record.reason.value if record.reason else "-",
            ",".join(sorted(record.codes)) or "-",
            self._callers.name(scope),
        )
