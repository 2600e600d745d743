"""What is refused before anything looks at a request, and how long a client may take."""

import asyncio
import contextlib
import time
from dataclasses import dataclass

from flaglift.shim.asgi import App, Message, Receive, Scope, Send, answer, run_until_refused
from flaglift.shim.core.refusal import Refusal

LEAST_RATE = 500
"""Bytes a second that a client must send, beyond the seconds it may always take."""
LINGER_SECONDS = 5.0
"""How long a client that is answered early may go on sending."""
_VERSIONS = ("1.0", "1.1", "2", "3")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a body is taken, and how slowly."""

    body_bytes: int | None = None
    """The most bytes of a body; None for no limit."""
    client_seconds: float = 60.0
    """How long in all the proxy waits for a client that sends less than `LEAST_RATE`."""


class Guard:
    """Refuses requests that are wrong, too long or too slow; the others go to the app."""

    def __init__(self, app: App, limits: Limits) -> None:
        self._app = app
        self._limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or anything else that the server has for the app."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        client = _Client(receive, send, self._limits)
        try:
            self._check(scope)
        except Refusal as refusal:
            await answer(refusal, client.send)
        else:
            await run_until_refused(self._app, scope, client.receive, client.send)

    def _check(self, scope: Scope) -> None:
        """Raise `Refusal` for a head that others could read differently, or too long a body."""
        path = scope.get("raw_path") or b""
        if not path.startswith(b"/") or b"#" in path + scope["query_string"]:
            raise Refusal(400, "base", ["the request's target must be a path of this server"])
        if scope["http_version"] not in _VERSIONS:
            raise Refusal(400, "base", ["the request's version of HTTP is not known"])
        headers = scope["headers"]
        lengths = [value for name, value in headers if name == b"content-length"]
        encodings = [value for name, value in headers if name == b"transfer-encoding"]
        if len(lengths) + len(encodings) > 1 or not all(v.isdigit() for v in lengths):
            raise Refusal(400, "base", ["the request says twice, or wrongly, how long its body is"])
        if lengths and self._limits.body_bytes is not None:
            _check_length(int(lengths[0]), self._limits.body_bytes)


class _Client:
    """Receives a body with limited patience, and sees that the answer arrives.

    A client may take `client_seconds`, and a second more for every `LEAST_RATE` bytes that it
    sends: one that stops is noticed, and one that sends a byte now and then as well.
    """

    def __init__(self, receive: Receive, send: Send, limits: Limits) -> None:
        self._receive = receive
        self._send = send
        self._limits = limits
        self._patience = limits.client_seconds
        self._length = 0
        self._more = True

    async def receive(self) -> Message:
        """Return the next message. Raises `Refusal`."""
        if not self._more:
            return await self._receive()
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._patience):
                message = await self._receive()
        except TimeoutError:
            raise Refusal(408, "base", ["the request's body did not arrive in time"]) from None
        length = len(message.get("body", b""))
        self._more = message.get("more_body", False)
        self._length += length
        if self._limits.body_bytes is not None:
            _check_length(self._length, self._limits.body_bytes)
        left = self._patience - (time.monotonic() - started) + length / LEAST_RATE
        self._patience = min(left, self._limits.client_seconds)
        return message

    async def send(self, message: Message) -> None:
        """Send a message; before the last one, take what the client is still sending.

        Otherwise the connection would be closed on it, and the client might not see the answer.
        """
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not last or not self._more:
            await self._send(message)
            return
        await self._send({**message, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(LINGER_SECONDS, self._patience)):
                while self._more:
                    self._more = (await self._receive()).get("more_body", False)
        await self._send({"type": "http.response.body", "body": b""})


def _check_length(length: int, limit: int) -> None:
    if length > limit:
        raise Refusal(413, "base", [f"the request's body is longer than {limit} bytes"])
