"""A request as the client sent it, and its parser."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httptools

from flaglift.shim.core.inspection import content_length
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.body import Body
from flaglift.shim.proxy.headers import Headers, lowered, values

MOST_HEAD_BYTES = 64 * 1024
"""The most bytes of a request line and headers, and again of a chunked body's trailers."""

_NOT_HTTP = (
    (b"\x16\x03", "TLS was spoken to this port, which speaks plain HTTP; use http://, or put what "
     "terminates TLS in front"),
    (b"PRI * HTTP/2", "HTTP/2 was spoken to this port, which speaks HTTP/1.1"),
    (b"PROXY ", "this port does not support the PROXY protocol"),
    (b"\r\n\r\n\0\r\nQUIT\n", "this port does not support the PROXY protocol"),
)  # fmt: skip
"""How connections begin that carry another protocol."""

_ABSOLUTE = re.compile(rb"https?://[^/?#@]+((?:[/?].*)?)", re.IGNORECASE | re.DOTALL)
_LENGTHS = {b"content-length", b"transfer-encoding"}
_BETWEEN = len(b": \r\n")
"""The bytes of a field besides its name and value: many short fields are long, too."""
_LINE = re.compile(rb"[\r\n]*+[^\r\n][^\n]*+\n?")
"""A request line, or its beginning; servers ignore empty lines before it."""
_LINE_REST = re.compile(rb"[^\n]*+\n?")
_EMPTY_LINE = re.compile(rb"\r\n\r\n|\A(?:\n\r|\r)?\n")
"""The end of heads and chunked bodies; a part of it may have arrived before."""
_OPAQUE = re.compile(rb"[\x80-\xff^]")
_MASK = bytes.maketrans(bytes(range(128, 256)), b"^" * 128)


@dataclass(slots=True, eq=False)
class Request:
    """One request; its body may still be arriving."""

    method: str
    target: bytes
    """The request target, byte for byte."""
    version: str
    """The HTTP version, such as `1.1`."""
    headers: Headers
    """The fields as they were sent."""
    names: Headers
    """The same with their names in lower case."""
    keep_alive: bool
    body: Body
    client: str | None = None
    """The address that it came from; None for a unix socket."""
    ahead: bool = False
    """Whether it was pipelined: sent before the previous one was answered."""

    path_and_query: bytes = field(init=False)
    """The target without scheme and authority; empty if it is not a path of a server."""
    length: int | None = field(init=False)
    """The announced length of the body; None if the head announces none."""

    def __post_init__(self) -> None:
        """Read what is asked for several times."""
        self.path_and_query = _path_and_query(self.method, self.target)
        lengths = values(self.names, b"content-length")
        self.length = content_length(lengths[:1])

    @property
    def expects(self) -> bool:
        """Whether the client expects a 100 response before it sends the body."""
        return self.version == "1.1" and any(
            name == b"expect" and value.lower() == b"100-continue" for name, value in self.names
        )

    @property
    def has_body(self) -> bool:
        """Whether the head announces a body, even an empty one."""
        return any(name in _LENGTHS for name, _ in self.names)


def _path_and_query(method: str, target: bytes) -> bytes:
    """Return a target without scheme and authority; nothing if it is not a path of a server.

    A target in absolute form is what a client sends to its `http_proxy`. `OPTIONS` without a
    path concerns the server as a whole: that is `*` (RFC 9112, section 3.2.4).
    """
    if absolute := _ABSOLUTE.fullmatch(target):
        rest = absolute[1]
        if not rest and method == "OPTIONS":
            return b"*"
        target = rest if rest.startswith(b"/") else b"/" + rest
    if target == b"*" and method == "OPTIONS":
        return target
    return target if target.startswith(b"/") and b"#" not in target else b""


class RequestReader:
    """Reads requests from the bytes of one connection; `begin` is called with each head.

    Ambiguous input is refused, by llhttp in its strict mode. It would also refuse
    non-ASCII targets, which are unambiguous, and which clients send: so it sees
    `^` in place of such bytes. For that, it gets what arrives in pieces that end where a message
    may end, so that a request line begins a piece.
    """

    def __init__(self, begin: Callable[[Request], None], body: Callable[[], Body]) -> None:
        self._begin = begin
        self._new_body = body
        self._body = body()
        self._in_head = False
        self._started = False
        self._closing = False
        self._declining = False
        self._in_line = True  # the request line is not complete
        self._line_begun = False
        self._body_left = 0  # bytes of a body of known length still to come
        self._opaque: Iterator[bytes] = iter(())  # what the parser sees as `^`
        self._head_bytes = 0
        self._unread_bytes = 0
        self._parser: Any = httptools.HttpRequestParser(self)

    @property
    def within_head(self) -> bool:
        """Whether the head of a request has arrived in part only."""
        return self._in_head

    def feed(self, data: memoryview) -> None:
        """Parse received data. Raises `Refusal` for anything but an HTTP/1.1 request."""
        if self._closing:
            return  # the client announced that this was the last
        self._unread_bytes = self._unread_bytes + len(data) if self._started else 0
        while data and not self._closing:
            piece, end = self._cut(data)
            try:
                self._parser.feed_data(piece)
            except httptools.HttpParserUpgrade as upgrade:
                self._decline(memoryview(piece)[upgrade.args[0] :])
            except httptools.HttpParserError as error:
                if not self._closing:
                    raise _refusal(error) from None
            data = data[end:]
        if self._unread_bytes > MOST_HEAD_BYTES:
            raise _too_long()

    def _cut(self, data: memoryview) -> tuple[memoryview | bytes, int]:
        """Return the next piece for the parser, and its length in the data.

        It ends no later than a message does.
        """
        if self._body_left:
            end = min(self._body_left, len(data))
            self._body_left -= end
            return data[:end], end
        if not self._in_line:
            return _until_empty_line(data, 0)
        line = (_LINE_REST if self._line_begun else _LINE).match(data)
        if line is None:  # there are only empty lines
            return data, len(data)
        self._line_begun = True
        self._in_line = not line[0].endswith(b"\n")
        if not line[0].isascii():
            self._opaque = iter(_OPAQUE.findall(line[0]))
            return line[0].translate(_MASK), line.end()
        return _until_empty_line(data, line.end() - 2)

    def close(self) -> None:
        """Read no more."""
        self._closing = True
        self._parser = None  # the two refer to each other

    def _decline(self, rest: memoryview) -> None:
        """Continue after a head that asks for another protocol.

        llhttp takes what follows for the other protocol; a new parser, not asked to upgrade,
        reads it as the body that it is.
        """
        framing = [pair for pair in lowered(self._headers) if pair[0] in _LENGTHS]
        head = b"".join(b"%b: %b\r\n" % pair for pair in framing)
        self._parser = httptools.HttpRequestParser(self)
        self._declining = True
        self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n" % head)
        self.feed(rest)

    def on_message_begin(self) -> None:
        """Begin a head. The parser calls this, and what follows."""
        if not self._declining:
            self._started = self._in_head = True
            self._target = b""
            self._headers: Headers = []
            self._head_bytes = 0

    def on_url(self, part: bytes) -> None:
        """Receive a part of the target."""
        if not self._declining:
            self._count(len(part))
            if b"^" in part:
                part = re.sub(rb"\^", lambda match: next(self._opaque, match[0]), part)
            self._target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Receive a field of the head; trailers are dropped."""
        if not self._declining:
            self._count(len(name) + len(value) + _BETWEEN)
            if self._in_head:
                self._headers.append((name, value.rstrip(b" \t")))

    def on_headers_complete(self) -> None:
        """Pass on the request."""
        self._unread_bytes = 0
        if self._declining:
            self._declining = False
            return
        self._head_bytes = 0
        self._in_head = False
        parser = self._parser
        self._body = self._new_body()
        request = Request(
            method=parser.get_method().decode(),
            target=self._target,
            version=parser.get_http_version(),
            headers=self._headers,
            names=lowered(self._headers),
            keep_alive=parser.should_keep_alive(),
            body=self._body,
        )
        self._body_left = request.length or 0
        self._begin(request)

    def on_body(self, chunk: bytes) -> None:
        """Take a part of the body."""
        self._unread_bytes = 0
        self._body.feed(chunk)

    def on_message_complete(self) -> None:
        """End the body, unless the data after the head is still unread."""
        if not self._parser.should_upgrade():
            self._body.end()
            self._started = self._line_begun = False
            self._in_line = True
            self._closing = not self._parser.should_keep_alive()

    def _count(self, length: int) -> None:
        self._head_bytes += length
        if self._head_bytes > MOST_HEAD_BYTES:
            raise _too_long()


def _until_empty_line(data: memoryview, start: int) -> tuple[memoryview, int]:
    empty = _EMPTY_LINE.search(data, max(0, start))
    end = empty.end() if empty else len(data)
    return data[:end], end


def _too_long() -> Refusal:
    return Refusal(400, "base", [f"a head or a trailer is longer than {MOST_HEAD_BYTES} bytes"])


def _refusal(error: httptools.HttpParserError) -> Refusal:
    """Describe the error, without repeating anything the client sent."""
    if isinstance(error.__context__, Refusal):
        return error.__context__
    if isinstance(error, httptools.HttpParserInvalidMethodError):
        message = "it does not begin with a method of HTTP in capitals"
    elif isinstance(error, httptools.HttpParserInvalidURLError):
        message = "its target has a character that belongs percent-encoded"
    else:
        message = str(error).lower()  # one of llhttp's own sentences
    return Refusal(400, "base", [f"this is not a request in HTTP/1.1: {message}"])


def other_protocol(beginning: bytes) -> Refusal | None:
    """Return the message for a connection in a protocol other than HTTP/1.1."""
    for start, message in _NOT_HTTP:
        if beginning.startswith(start):
            return Refusal(400, "base", [message])
    return None
