"""A middleware for your own ASGI server that translates the prompts in requests to it.

It passes on unchanged whatever it does not rewrite, streams files if the text came before
them, and always announces the length of the new body.
"""

import time
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import quote

from flaglift.shim.core.body import Rewriter
from flaglift.shim.core.decision import warm_up
from flaglift.shim.core.inspection import Inspection, Target, content_length, inspect
from flaglift.shim.core.policy import Policy
from flaglift.shim.core.record import RequestOutcome
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.core.routes import escaped

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATH_SAFE = "/~!$&'()*+,;=:@"
DISCONNECT = {"type": "http.disconnect"}


@dataclass(slots=True)
class Visit:
    """One request, after it has ended."""

    scope: Scope
    """The client's address, as reported by the server."""
    inspection: Inspection
    status: int = 0
    """The status of the response; 0 if there was none."""
    seconds: float = 0.0
    started: float = field(default_factory=time.perf_counter)


class Middleware:
    """Translates the prompts in requests, and passes the requests to the app.

    `policy` controls what is translated; `observe` is called once after each request; with
    `show_codes`, responses have a header `X-Flaglift` with the outcome of the request.
    """

    def __init__(
        self,
        app: App,
        *,
        policy: Policy | None = None,
        observe: Callable[[Visit], None] | None = None,
        show_codes: bool = False,
    ) -> None:
        self._app = app
        self._policy = policy or Policy()
        self._observe = observe
        self._show_codes = show_codes
        warm_up(self._policy.settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or pass on any other event for the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = scope["headers"]
        if not isinstance(headers, list | tuple):  # it may be an iterator, which is read once
            headers = list(headers)
            scope = {**scope, "headers": headers}
        query = scope["query_string"].decode("latin-1")
        target = Target(scope["method"], _own_path(scope), query)
        visit = Visit(scope, inspect(target, headers, self._policy))
        try:
            await self._serve(visit, receive, self._watched(send, visit))
        finally:
            visit.seconds = time.perf_counter() - visit.started
            if self._observe is not None:
                self._observe(visit)

    async def _serve(self, visit: Visit, receive: Receive, send: Send) -> None:
        if not visit.inspection.looks:
            await self._app(visit.scope, receive, send)
            return
        rewriter = visit.inspection.rewriter
        body = _ReceivedBody(receive, rewriter)
        try:
            await body.settle()
        except Refusal as refusal:
            await answer(refusal, send)
            return
        scope = visit.scope
        if visit.inspection.reads:
            scope = {**scope, "headers": _headers(scope["headers"], rewriter.delta)}
        if body.complete:  # too late to refuse anything
            await self._app(scope, body.receive, send)
        else:
            await run_until_refused(self._app, scope, body.receive, send)

    def _watched(self, send: Send, visit: Visit) -> Send:
        if self._observe is None and not self._show_codes:
            return send  # there is no observer

        async def watched(message: Message) -> None:
            if message["type"] == "http.response.start":
                visit.status = message["status"]
                if self._show_codes and visit.inspection.outcome is not RequestOutcome.OFF:
                    shown = (b"x-flaglift", visit.inspection.codes.encode())
                    message = {**message, "headers": [*message.get("headers", ()), shown]}
            await send(message)

        return watched


def raw_path(scope: Scope) -> bytes:
    """Return the path as the client sent it, or the closest that the server provides."""
    raw: bytes = scope.get("raw_path") or quote(scope["path"], safe=_PATH_SAFE).encode()
    return raw.partition(b"?")[0]  # some leave the query there


def _own_path(scope: Scope) -> str:
    """Return the path as the app sees it: without its mount point."""
    path = escaped(raw_path(scope))
    root = quote(scope.get("root_path", "").rstrip("/"), safe=_PATH_SAFE)
    return path[len(root) :] if root and path.startswith(root + "/") else path


async def run_until_refused(app: App, scope: Scope, receive: Receive, send: Send) -> Refusal | None:
    """Run an app with a `receive` that may raise `Refusal`; return what it raised.

    The app then sees a client that has disconnected, and the client gets the refusal, unless the
    app's response has begun: that is then left unfinished.
    """
    refused: list[Refusal] = []
    started = False

    async def guarded_receive() -> Message:
        try:
            return DISCONNECT if refused else await receive()
        except Refusal as refusal:
            refused.append(refusal)
            return DISCONNECT

    async def guarded_send(message: Message) -> None:
        nonlocal started
        if not refused:
            started = True
            await send(message)

    try:
        await app(scope, guarded_receive, guarded_send)
    except Exception:
        if not refused:
            raise
    if refused and not started:
        await answer(refused[0], send)
    return refused[0] if refused else None


async def answer(refusal: Refusal, send: Send) -> None:
    """Send a refusal, and close the connection: the rest of the request is not read."""
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(refusal.body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": refusal.body})


class _ReceivedBody:
    """The body of a request, as the app receives it."""

    def __init__(self, receive: Receive, rewriter: Rewriter) -> None:
        self._receive = receive
        self._rewriter = rewriter
        self._chunks: Iterator[bytes] = iter(())  # the output for the last message
        self._ready: bytes | None = None  # the next chunk
        self._more = True
        self._other: Message | None = None  # the client disconnected before it was settled
        self._ended = False

    @property
    def complete(self) -> bool:
        """Whether all of it has arrived."""
        return not self._more

    async def settle(self) -> None:
        """Read until the length of the new body is known. Raises `Refusal`."""
        while self._more and not self._rewriter.settled and self._other is None:
            await self._take()

    async def receive(self) -> Message:
        """Return the app's next message. Raises `Refusal`."""
        while self._ready is None and self._more and self._other is None:
            await self._take()
        if self._ready is None and (self._other is not None or self._ended):
            other, self._other = self._other, None
            return other or await self._receive()
        body, self._ready = self._ready or b"", next(self._chunks, None)
        self._ended = self._ready is None and not self._more
        return {"type": "http.request", "body": body, "more_body": not self._ended}

    async def _take(self) -> None:
        """Take the next message of the client. Raises `Refusal`."""
        message = await self._receive()
        if message["type"] != "http.request":
            self._other = message
            return
        self._more = message.get("more_body", False)
        chunks = self._rewriter.feed(message.get("body", b""))
        if not self._more:
            chunks = chain(chunks, self._rewriter.finish())
        self._chunks = iter(chunks)
        self._ready = next(self._chunks, None)


def _headers(headers: list[tuple[bytes, bytes]], delta: int | None) -> list[tuple[bytes, bytes]]:
    if delta is None:
        kept = [pair for pair in headers if pair[0] != b"content-length"]
        return [*kept, (b"transfer-encoding", b"chunked")]
    length = content_length([value for name, value in headers if name == b"content-length"])
    if length is None:
        return headers
    return [
        (name, b"%d" % (length + delta) if name == b"content-length" else value)
        for name, value in headers
    ]
