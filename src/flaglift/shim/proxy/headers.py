"""Header fields: pairs of bytes as on the wire, and which of them are hop-by-hop."""

import re
from collections.abc import Iterable

Headers = list[tuple[bytes, bytes]]

_HOP_BY_HOP = frozenset(
    b"connection expect http2-settings keep-alive proxy-authenticate proxy-authorization"
    b" proxy-connection te trailer transfer-encoding upgrade".split()
)
_NEVER_NAMED = frozenset((b"host", b"content-length", b"content-type", b"authorization"))
"""Fields that are kept even if `Connection` names them."""
_PRODUCT = re.compile(rb"[\w.+-]{1,40}(?:/[\w.+-]{1,20})?")


def lowered(headers: Iterable[tuple[bytes, bytes]]) -> Headers:
    """Return fields with their names in lower case.

    >>> lowered([(b"Content-Type", b"text/HTML")])
    [(b'content-type', b'text/HTML')]
    """
    return [(name.lower(), value) for name, value in headers]


def values(headers: Headers, name: bytes) -> list[bytes]:
    """Return the values of a field; its name and those of `headers` are in lower case."""
    return [value for key, value in headers if key == name]


def end_to_end(headers: Headers) -> Headers:
    """Return the end-to-end fields, spelled as they were.

    >>> end_to_end([(b"X-Hop", b"1"), (b"Connection", b"x-hop, close"), (b"X-Other", b"2")])
    [(b'X-Other', b'2')]
    """
    named = {
        option.strip().lower()
        for name, value in headers
        if name.lower() == b"connection"
        for option in value.split(b",")
    }
    dropped = _HOP_BY_HOP | (named - _NEVER_NAMED)
    return [pair for pair in headers if pair[0].lower() not in dropped]


def via(version: str) -> tuple[bytes, bytes]:
    """Return the field that says that a message with this HTTP version passed this proxy.

    It is a field of its own after those that others have added, which stay as they are (RFC 9110,
    sections 5.3 and 7.6.3).

    >>> via("1.0")
    (b'Via', b'1.0 flaglift')
    """
    return b"Via", b"%b flaglift" % version.encode()


def hops_left(method: str, headers: Headers) -> int | None:
    """Return how many more servers may forward a request; None if unlimited.

    `Max-Forwards` applies only to `TRACE` and `OPTIONS` (RFC 9110, section 7.6.2). Names are
    in lower case.

    >>> hops_left("TRACE", [(b"max-forwards", b"3")])
    3
    >>> hops_left("GET", [(b"max-forwards", b"3")])
    """
    said = values(headers, b"max-forwards") if method in ("OPTIONS", "TRACE") else []
    return int(said[0]) if len(said) == 1 and re.fullmatch(rb"[0-9]{1,9}", said[0]) else None


def product(headers: Headers) -> str:
    """Return the first product of the User-Agent, such as `python-requests/2.31`; `-` for none."""
    for value in values(headers, b"user-agent")[:1]:
        if match := _PRODUCT.match(value):
            return match[0].decode()
    return "-"
