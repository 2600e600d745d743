"""The pages for those who run the proxy: health, counters, who still sends flags."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs

from flaglift.shim.asgi import App, Receive, Scope, Send
from flaglift.shim.proxy.metrics import Metrics
from flaglift.shim.proxy.traffic import Store

_JSON = b"application/json; charset=utf-8"
_MOST_HOURS = 24 * 366


class Pages:
    """Answers `GET /healthz`, `/metrics` and `/traffic?hours=24`; the app gets the rest."""

    def __init__(self, app: App | None, metrics: Metrics, store: Store) -> None:
        self._app = app
        self._metrics = metrics
        self._store = store
        self._pages: dict[str, Callable[[str], tuple[int, bytes, bytes]]] = {
            "/healthz": self._health,
            "/metrics": self._counters,
            "/traffic": self._traffic,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or anything else that the server has for the app."""
        page = self._pages.get(scope.get("path", ""))
        asked = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        if self._app is not None and not (page and asked):
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            query = scope["query_string"].decode("latin-1")
            status, media_type, body = page(query) if page and asked else _MISSING
            headers = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": body})

    def _health(self, _query: str) -> tuple[int, bytes, bytes]:
        return 200, _JSON, b'{"status": "ok"}'

    def _counters(self, _query: str) -> tuple[int, bytes, bytes]:
        return 200, b"text/plain; version=0.0.4; charset=utf-8", self._metrics.page()

    def _traffic(self, query: str) -> tuple[int, bytes, bytes]:
        (hours,) = parse_qs(query).get("hours", ["24"])[-1:]
        if not hours.isdecimal() or not 0 < int(hours) <= _MOST_HOURS:
            return 400, _JSON, b'{"hours": ["must be a whole number from 1 to %d"]}' % _MOST_HOURS
        report = self._store.report(int(hours)).to_dict()
        return 200, _JSON, json.dumps(report, ensure_ascii=False).encode()


_MISSING = (404, _JSON, b'{"base": ["there are /healthz, /metrics and /traffic here"]}')
