"""A middleware for your own WSGI app, such as Flask's or Django's, that translates prompts.

It passes on unchanged whatever it does not rewrite, and always announces the new length: a form
whose text comes after a file is kept until its end, in memory or in a temporary file.
"""

import io
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from types import TracebackType
from typing import Any
from urllib.parse import quote

from flaglift.shim.core.decision import warm_up
from flaglift.shim.core.inspection import Inspection, Target, content_length, inspect
from flaglift.shim.core.policy import LateText, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.replay import Once

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | None

_CHUNK = 65_536
_PATH_SAFE = "/~!$&'()*+,;=:@"


@dataclass(slots=True)
class Handled:
    """One request, after it has ended."""

    environ: Environ
    """The client's address, as reported by the server."""
    inspection: Inspection
    status: int = 0
    """The status of the response; 0 if there was none."""
    seconds: float = 0.0
    started: float = field(default_factory=time.perf_counter)


class Middleware:
    """Translates the prompts in requests, and passes the requests to the app.

    `policy` says what is translated (its `late_text` is always `pass`, as these apps have to know
    the length); `observe` is called once for each request that ended; with `show_codes`, responses
    have a header `X-Flaglift` with the outcome of the request.
    """

    def __init__(
        self,
        app: Application,
        *,
        policy: Policy | None = None,
        observe: Callable[[Handled], None] | None = None,
        show_codes: bool = False,
    ) -> None:
        self._app = app
        self._policy = replace(policy or Policy(), late_text=LateText.PASS)
        self._observe = observe
        self._show_codes = show_codes
        warm_up(self._policy.settings)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request."""
        path = quote(_encoded(environ.get("PATH_INFO", "")), safe=_PATH_SAFE)
        target = Target(environ["REQUEST_METHOD"], path, environ.get("QUERY_STRING", ""))
        headers = _headers(environ)
        handled = Handled(environ, inspect(target, headers, self._policy))
        start = self._watched(start_response, handled)
        if not handled.inspection.looks:
            return self._ended(self._app(environ, start), handled, start, None)
        length = content_length([value for name, value in headers if name == b"content-length"])
        if length is None and not environ.get("wsgi.input_terminated"):
            # It may not be a number; apps handle such a length in their own ways.
            if "HTTP_TRANSFER_ENCODING" in environ or environ.get("CONTENT_LENGTH"):
                handled.inspection.record.found = Reason.NO_LENGTH
            handled.inspection.record.unfinished = False  # there is none, or it cannot be read
            return self._ended(self._app(environ, start), handled, start, None)
        try:
            body = _InputBody(environ["wsgi.input"], length, handled.inspection)
        except Refusal as refusal:
            return self._ended(_refused(refusal, start), handled, start, None)
        given = {**environ, "wsgi.input": io.BufferedReader(body, _CHUNK)}
        if length is not None:
            given["CONTENT_LENGTH"] = str(length + body.delta)
        try:
            response = self._app(given, start)
        except Exception:
            if body.refusal is None:
                raise
            response = ()
        return self._ended(response, handled, start, body)

    def _ended(
        self,
        response: Iterable[bytes],
        handled: Handled,
        start: StartResponse,
        body: "_InputBody | None",
    ) -> Iterable[bytes]:
        """Return the response, wrapped so that its outcome is observed."""
        if body is None and self._observe is None:
            return response
        return _Response(response, handled, start, body, self._observe)

    def _watched(self, start_response: StartResponse, handled: Handled) -> StartResponse:
        def watched(
            status: str, headers: list[tuple[str, str]], exc_info: _ExcInfo = None
        ) -> Callable[[bytes], object]:
            handled.status = int(status[:3])
            if self._show_codes and handled.inspection.outcome is not RequestOutcome.OFF:
                headers = [*headers, ("X-Flaglift", handled.inspection.codes)]
            return start_response(status, headers, *([exc_info] if exc_info else []))

        return watched


class _InputBody(io.RawIOBase):
    """The body of a request, as the app reads it.

    Creating it may raise `Refusal`; later, `read` raises `OSError` and `refusal` says why.
    """

    def __init__(self, source: Any, length: int | None, inspection: Inspection) -> None:
        once = Once(inspection.rewriter, _chunks(source, length))
        self.delta = once.delta() or 0
        self.refusal: Refusal | None = None
        self._chunks = iter(once)
        self._ready = b""

    def readable(self) -> bool:
        """Whether it can be read: always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; none at the end. Raises `OSError` if the request is refused."""
        try:
            while not self._ready and (chunk := next(self._chunks, None)) is not None:
                self._ready = chunk
        except Refusal as refusal:
            self.refusal = refusal
            raise OSError("the request is refused") from refusal
        read, self._ready = self._ready[: len(buffer)], self._ready[len(buffer) :]
        buffer[: len(read)] = read
        return len(read)


class _Response:
    """The app's response, or the refusal of a request that turned out ambiguous halfway."""

    def __init__(
        self,
        response: Iterable[bytes],
        handled: Handled,
        start: StartResponse,
        body: _InputBody | None,
        observe: Callable[[Handled], None] | None,
    ) -> None:
        self._response = response
        self._handled = handled
        self._start = start
        self._body = body
        self._observe = observe

    def __iter__(self) -> Iterator[bytes]:
        """Yield the response. Raises `Refusal` if another one was partially sent."""
        sent = False
        chunks = iter(self._response)
        while True:
            try:
                chunk = next(chunks, None)
            except Exception:
                if self._refusal is None:
                    raise
                chunk = None
            if self._refusal is not None:
                if sent:
                    raise self._refusal
                yield from _refused(self._refusal, self._start)
                return
            if chunk is None:
                return
            yield chunk
            sent = True

    @property
    def _refusal(self) -> Refusal | None:
        return self._body.refusal if self._body is not None else None

    def close(self) -> None:
        """Close the app's response, as the server has to."""
        try:
            if hasattr(self._response, "close"):
                self._response.close()
        finally:
            self._handled.seconds = time.perf_counter() - self._handled.started
            if self._observe is not None:
                self._observe(self._handled)


def _refused(refusal: Refusal, start: StartResponse) -> Iterable[bytes]:
    """Answer with a refusal, replacing any response that the app has begun."""
    headers = [
        ("Content-Type", "application/json; charset=utf-8"),
        ("Content-Length", str(len(refusal.body))),
    ]
    status = f"{refusal.status} {HTTPStatus(refusal.status).phrase}"
    start(status, headers, (Refusal, refusal, refusal.__traceback__))
    return [refusal.body]


def _headers(environ: Environ) -> list[tuple[bytes, bytes]]:
    headers = [
        (name[5:].replace("_", "-").lower().encode("latin-1"), _encoded(value))
        for name, value in environ.items()
        if name.startswith("HTTP_")
    ]
    headers += [
        (name.replace("_", "-").lower().encode(), _encoded(environ[name]))
        for name in ("CONTENT_TYPE", "CONTENT_LENGTH")
        if environ.get(name)
    ]
    return headers


def _encoded(value: Any) -> bytes:
    """Return the bytes of a variable; other middlewares also set numbers, and any text."""
    return str(value).encode("latin-1", "replace")


def _chunks(source: Any, length: int | None) -> Iterator[bytes]:
    """Yield a body of this many bytes, or until its end; less if the client disconnected."""
    left = length
    while left != 0 and (chunk := source.read(_CHUNK if left is None else min(left, _CHUNK))):
        if left is not None:
            left -= len(chunk)
        yield chunk
