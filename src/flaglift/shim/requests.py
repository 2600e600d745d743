"""An adapter for requests sessions that translates the prompts they send.

>>> import requests
>>> session = requests.Session()
>>> session.mount("https://", Adapter())
"""

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from flaglift.errors import ConfigError
from flaglift.shim.client import Observer, Outgoing, rewrite_bytes
from flaglift.shim.core.inspection import Target
from flaglift.shim.core.policy import Policy
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.replay import BodyConsumedError, Once, Replayed

try:
    from requests import PreparedRequest, Response
    from requests.adapters import HTTPAdapter
    from requests.structures import CaseInsensitiveDict
except ImportError:
    raise ConfigError("requests is not installed: pip install 'flaglift[http]'") from None

_CHUNK = 65_536


class Adapter(HTTPAdapter):
    """Sends requests with their prompts translated; otherwise requests' own adapter.

    `policy` says what is translated; `observe` is called once for each request; other arguments go
    to `HTTPAdapter`. A request that is refused (mode `strict`) is not sent: its response has status
    422 and names the reasons. A session with it can be pickled and copied if `observe` can.
    """

    # Declared as in the base class: the attributes to pickle.
    __attrs__: list[str] = [*HTTPAdapter.__attrs__, "_policy", "_observe"]  # noqa: RUF012

    def __init__(
        self, *args: Any, policy: Policy | None = None, observe: Observer | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._policy = policy or Policy()
        self._observe = observe

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        """Send a request, translated. Raises what `HTTPAdapter.send` raises."""
        message = _RequestsMessage(request, self._policy)
        try:
            response = super().send(message.rewritten(), *args, **more)
        except Refusal as refusal:
            return self._refused(request, refusal)
        finally:
            if self._observe is not None and message.outgoing.inspection.route is not None:
                self._observe(message.outgoing.inspection)
        response.request = request  # a retry after a 401 is translated again
        return response

    def _refused(self, request: PreparedRequest, refusal: Refusal) -> Response:
        response = Response()
        response.status_code = refusal.status
        response.reason = "Unprocessable Entity" if refusal.status == 422 else "Bad Request"
        response.headers = CaseInsensitiveDict({"content-type": "application/json; charset=utf-8"})
        response.encoding = "utf-8"
        response.raw = io.BytesIO(refusal.body)
        response.url = request.url or ""
        response.request = request
        response.connection = self  # as HTTPAdapter does
        return response


class _RequestsMessage:
    """One prepared request, and the one to send instead."""

    def __init__(self, request: PreparedRequest, policy: Policy) -> None:
        self._request = request
        headers = [(_as_bytes(name), _as_bytes(value)) for name, value in request.headers.items()]
        address = urlsplit(request.url or "")
        target = Target(request.method or "", address.path or "/", address.query)
        self.outgoing = Outgoing(target, headers, policy)

    def rewritten(self) -> PreparedRequest:
        """Return the request that is sent: the client's own if nothing changes.

        Otherwise the client's request is kept unchanged, for redirects. Raises `Refusal`.
        """
        body: Any = self._request.body
        if not self.outgoing.inspection.reads:
            return self._request
        if body is None:
            self.outgoing.inspection.record.unfinished = False
            return self._request
        if isinstance(body, bytearray | memoryview):
            body = bytes(body)
        if isinstance(body, str | bytes):
            return self._with_text(body)
        try:
            start: int = body.tell()
            body.seek(start)  # responses of urllib3 can tell, but not seek
        except (AttributeError, OSError):
            once = Once(self.outgoing.inspection.rewriter, _chunks(body))
            return self._with(once, once.delta())
        replayed = Replayed(self.outgoing.reread().rewriter, lambda: _chunks_from(body, start))
        if not replayed.is_changed:
            body.seek(start)
            return self._request
        return self._with(replayed, replayed.delta())

    def _with_text(self, body: str | bytes) -> PreparedRequest:
        old = _as_bytes(body)
        new = rewrite_bytes(self.outgoing.inspection, old)
        if new == old:
            return self._request
        request = self._request.copy()
        request.body = new.decode() if isinstance(body, str) else new
        request.headers["Content-Length"] = str(len(new))
        return request

    def _with(self, body: Replayed | Once, delta: int | None) -> PreparedRequest:
        request = self._request.copy()
        length = self.outgoing.length
        if length is not None and delta is not None:
            request.headers["Content-Length"] = str(length + delta)
        elif length is not None:
            del request.headers["Content-Length"]
            request.headers["Transfer-Encoding"] = "chunked"
        request.body = RewrittenFile(body)  # type: ignore[assignment] # urllib3 accepts a file
        return request


class RewrittenFile:
    """The body to send: it can be read, and reread if the client's file can seek.

    urllib3 calls `tell` before sending and `seek` before resending; if that is not
    possible, both raise `OSError`, so that urllib3 does not send an empty body instead.
    """

    def __init__(self, body: Replayed | Once) -> None:
        self._body = body
        self._chunks: Iterator[bytes] | None = None
        self._ready = b""

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; none at the end. Raises `Refusal`."""
        if self._chunks is None:
            self._chunks = iter(self._body)
        if size < 0:
            self._ready += b"".join(self._chunks)
            size = len(self._ready)
        while not self._ready and (chunk := next(self._chunks, None)) is not None:
            self._ready = chunk
        read, self._ready = self._ready[:size], self._ready[size:]
        return read

    def tell(self) -> int:
        """Return 0, which `seek` accepts."""
        self._must_replay()
        return 0

    def seek(self, offset: int) -> int:
        """Begin again."""
        self._must_replay()
        if offset:
            raise OSError("only the beginning can be sought")
        self._chunks, self._ready = None, b""
        return 0

    def _must_replay(self) -> None:
        if isinstance(self._body, Once):
            raise OSError(str(BodyConsumedError()))


def _chunks(source: Any) -> Iterator[bytes]:
    if hasattr(source, "read"):
        while chunk := source.read(_CHUNK):
            yield _as_bytes(chunk)
    else:
        yield from map(_as_bytes, source)


def _chunks_from(source: Any, start: int) -> Iterator[bytes]:
    source.seek(start)
    return _chunks(source)


def _as_bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value
