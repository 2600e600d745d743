"""An adapter for requests sessions that translates the prompts they send.

>>> import requests
>>> session = requests.Session()
>>> session.mount("https://", Adapter())
"""

import io
from collections.abc import Callable, Iterator
from typing import Any

from flaglift.errors import ConfigError
from flaglift.shim.client import Observer, inspector, lowered, rewrite_bytes
from flaglift.shim.core.inspection import Inspection
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
    422 and names the reasons.
    """

    def __init__(
        self, *args: Any, policy: Policy | None = None, observe: Observer | None = None, **more: Any
    ) -> None:
        super().__init__(*args, **more)
        self._policy = policy or Policy()
        self._observe = observe

    def send(self, request: PreparedRequest, *args: Any, **more: Any) -> Response:
        """Send a request, translated. Raises what `HTTPAdapter.send` raises."""
        message = _Message(request, self._policy)
        try:
            return super().send(message.rewritten(), *args, **more)
        except Refusal as refusal:
            return self._refused(request, refusal)
        finally:
            if self._observe is not None and message.inspection.route is not None:
                self._observe(message.inspection)

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


class _Message:
    """One prepared request, and the one that is sent for it."""

    def __init__(self, request: PreparedRequest, policy: Policy) -> None:
        self._request = request
        self._limit = policy.hold_limit
        length = request.headers.get("Content-Length", "")
        self._length = int(length) if length.isdecimal() else None
        headers = [(_as_bytes(name), _as_bytes(value)) for name, value in request.headers.items()]
        self._begin: Callable[[], Inspection] = inspector(
            request.method or "",
            request.url or "",
            lowered(headers),
            policy,
            announced=self._length is not None,
        )
        self._inspection = self._begin()
        self._body: RewrittenFile | None = None

    @property
    def inspection(self) -> Inspection:
        """The inspection of the body as it was last sent."""
        return self._body.inspection if self._body else self._inspection

    def rewritten(self) -> PreparedRequest:
        """Return the request that is sent; the original stays as it is, for redirects."""
        body: Any = self._request.body
        if not self._inspection.reads or body is None:
            return self._request
        request = self._request.copy()
        if isinstance(body, str | bytes):
            request.body = rewrite_bytes(self._inspection, _as_bytes(body))
            request.headers["Content-Length"] = str(len(request.body))
            return request
        self._body = RewrittenFile(body, self._inspection, self._begin)
        delta = self._body.delta()
        if self._length is not None and delta is not None:
            request.headers["Content-Length"] = str(self._length + delta)
        elif self._length is not None:
            del request.headers["Content-Length"]
            request.headers["Transfer-Encoding"] = "chunked"
        request.body = self._body  # type: ignore[assignment] # a file, as urllib3 takes it
        return request


class RewrittenFile:
    """A file or an iterator as it is sent: can be read, and again if the client's can seek.

    urllib3 calls `tell` before it sends and `seek` before it sends again; where that is not
    possible, both raise `OSError`, so that urllib3 does not send an empty body instead.
    """

    def __init__(
        self, source: Any, inspection: Inspection, begin: Callable[[], Inspection]
    ) -> None:
        try:
            start: int = source.tell()
        except (AttributeError, OSError):
            self._body: Replayed | Once = Once(inspection, _chunks(source))
        else:
            self._body = Replayed(begin, lambda: _chunks_from(source, start))
        self._chunks: Iterator[bytes] | None = None
        self._ready = b""

    @property
    def inspection(self) -> Inspection:
        """The latest one."""
        return self._body.inspection

    def delta(self) -> int | None:
        """Return by how many bytes the body gets longer, if that is known. Raises `Refusal`."""
        return self._body.delta()

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
        """Return 0, which `seek` takes."""
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
