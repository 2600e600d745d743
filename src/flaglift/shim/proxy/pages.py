"""The pages for operators of the proxy: health, counters, who still sends flags."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs

from flaglift.errors import InputError
from flaglift.report.escaping import as_json
from flaglift.shim.proxy.connections import Serve
from flaglift.shim.proxy.metrics import Metrics
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.response import Response
from flaglift.shim.proxy.traffic import TrafficStore

_JSON = b"application/json; charset=utf-8"
_MOST_HOURS = 24 * 366
_HOURS = re.compile("[0-9]{1,4}")


class Page(NamedTuple):
    """A response from the proxy itself."""

    status: int
    media_type: bytes
    body: bytes


class Pages:
    """Answers `GET` for the paths below; the rest goes to `others`.

    `ready` returns why requests should go elsewhere; nothing if they are welcome.
    """

    def __init__(
        self,
        others: Serve | None,
        metrics: Metrics,
        store: TrafficStore,
        ready: Callable[[], Awaitable[str]],
    ) -> None:
        self._others = others
        self._ready = ready
        self._metrics = metrics
        self._store = store
        self._pages: dict[bytes, Callable[[str], Awaitable[Page]]] = {
            b"/healthz": self._health,
            b"/livez": self._health,
            b"/readyz": self._readiness,
            b"/metrics": self._counters,
            b"/traffic": self._traffic,
        }

    async def serve(self, request: Request, response: Response) -> None:
        """Answer one request."""
        path, _, query = request.path_and_query.partition(b"?")
        page = self._pages.get(path) if request.method in ("GET", "HEAD") else None
        if page is None and self._others is not None:
            await self._others(request, response)
            return
        status, media_type, body = await page(query.decode("latin-1")) if page else _MISSING
        headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
        response.start(status, HTTPStatus(status).phrase.encode(), headers)
        await response.end(body)

    async def _health(self, _query: str) -> Page:
        return Page(200, _JSON, b'{"status": "ok"}')

    async def _readiness(self, _query: str) -> Page:
        if message := await self._ready():
            return Page(503, _JSON, as_json({"base": [message]}).encode())
        return Page(200, _JSON, b'{"status": "ok"}')

    async def _counters(self, _query: str) -> Page:
        return Page(200, b"text/plain; version=0.0.4; charset=utf-8", self._metrics.page())

    async def _traffic(self, query: str) -> Page:
        (hours,) = parse_qs(query, keep_blank_values=True).get("hours", ["24"])[-1:]
        if not _HOURS.fullmatch(hours) or not 0 < int(hours) <= _MOST_HOURS:
            return Page(
                400, _JSON, b'{"hours": ["must be a whole number from 1 to %d"]}' % _MOST_HOURS
            )
        try:  # in a thread: others may have locked the file
            report = await asyncio.to_thread(self._store.report, int(hours))
        except InputError as error:
            return Page(503, _JSON, as_json({"base": [str(error)]}).encode())
        return Page(200, _JSON, as_json(report.to_dict()).encode())


_HERE = b'{"base": ["there are /livez, /readyz, /healthz, /metrics and /traffic here"]}'
_MISSING = Page(404, _JSON, _HERE)
