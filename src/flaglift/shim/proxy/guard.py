"""What is refused before anything looks at a request, and how long a client may take."""

import asyncio
import contextlib
import logging
import time
import traceback
from dataclasses import dataclass
from functools import partial
from typing import Any

from flaglift.shim.asgi import (
    App,
    Message,
    Middleware,
    Receive,
    Scope,
    Send,
    Visit,
    answer,
    raw_path,
    run_until_refused,
)
from flaglift.shim.core.refusal import Refusal

LOGGER = logging.getLogger("flaglift.shim")

LEAST_RATE = 500
"""Bytes a second that a client must send, beyond the seconds it may always take."""
LINGER_SECONDS = 5.0
"""How long a client that is answered early may go on sending."""
_VERSIONS = ("1.0", "1.1", "2", "3")
_FRAMING = (b"content-length", b"transfer-encoding", b"upgrade")


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a body is taken, and how slowly."""

    body_bytes: int | None = None
    """The most bytes of a body; None for no limit."""
    client_seconds: float = 60.0
    """How long in all the proxy waits for a client that sends less than `LEAST_RATE`."""


UNLIMITED = Limits()


class Guard(Middleware):
    """The middleware of the proxy: refuses requests that are wrong, too long or too slow as well.

    What is refused is observed like all other requests.
    """

    def __init__(self, app: App, limits: Limits = UNLIMITED, **more: Any) -> None:
        super().__init__(app, **more)
        self._limits = limits

    async def _serve(self, visit: Visit, receive: Receive, send: Send) -> None:
        client = _Client(receive, send, self._limits)
        refusal: Refusal | None
        try:
            self._check(visit.scope)
            served = partial(self._served, visit)
            refusal = await run_until_refused(served, visit.scope, client.receive, client.send)
        except Refusal as found:
            refusal = found
            await answer(refusal, client.send)
        except Exception as error:
            # Neither its message nor its traceback's values: they may hold what the client sent.
            frames = "".join(traceback.format_tb(error.__traceback__))
            LOGGER.error("the proxy failed: %s at\n%s", type(error).__name__, frames)  # noqa: TRY400
            if visit.status:
                raise
            await answer(Refusal(500, "base", ["the proxy failed"]), send)
            return
        if refusal is not None:
            visit.inspection.record.refused = True

    async def _served(self, visit: Visit, _: Scope, receive: Receive, send: Send) -> None:
        await super()._serve(visit, receive, send)

    def _check(self, scope: Scope) -> None:
        """Raise `Refusal` for a head that others could read differently, or too long a body."""
        path = raw_path(scope)
        if not path.startswith(b"/") or b"#" in path + scope["query_string"]:
            raise Refusal(400, "base", ["the request's target must be a path of this server"])
        version = scope["http_version"]
        if version not in _VERSIONS:
            raise Refusal(400, "base", ["the request's version of HTTP is not known"])
        lengths, encodings, upgrades = (_values(scope, name) for name in _FRAMING)
        wrong = not all(length.isdigit() for length in lengths) or (encodings and version == "1.0")
        if len(lengths) + len(encodings) > 1 or wrong:
            raise Refusal(400, "base", ["the request says twice, or wrongly, how long its body is"])
        if any(upgrade.strip().lower() == b"websocket" for upgrade in upgrades):
            raise Refusal(501, "base", ["this proxy has no WebSocket connections"])
        if lengths and self._limits.body_bytes is not None:
            _check_length(int(lengths[0]), self._limits.body_bytes)


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


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
