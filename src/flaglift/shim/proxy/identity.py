"""The identity of a request: its id, and the trace that it belongs to."""

import re
import secrets

from flaglift.shim.proxy.headers import Headers, values

REQUEST_ID = b"x-request-id"
_ID = re.compile(rb"[\w.~+/=:@-]{1,128}")
_TRACE = re.compile(rb"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def request_id(headers: Headers) -> str:
    """Return the id in a request's `X-Request-Id`, or a new one if that is not safe to log.

    >>> request_id([(b"x-request-id", b"7f-3")])
    '7f-3'
    >>> len(request_id([(b"x-request-id", b"7f 3")]))
    32
    """
    given = values(headers, REQUEST_ID)
    if len(given) == 1 and _ID.fullmatch(given[0]):
        return given[0].decode()
    return secrets.token_hex(16)


def trace_id(headers: Headers) -> str | None:
    """Return the trace id in a request's `traceparent` (W3C Trace Context).

    >>> trace_id([(b"traceparent", b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")])
    '0af7651916cd43dd8448eb211c80319c'
    """
    given = values(headers, b"traceparent")
    match = _TRACE.match(given[0]) if len(given) == 1 else None
    return match[1].decode() if match else None
