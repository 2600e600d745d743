"""Keeping clients at the proxy: addresses of the upstream in its responses."""

import re

from flaglift.shim.proxy.headers import Headers
from flaglift.shim.proxy.upstream import Address

_ALL = re.compile(rb"(?s)(?P<uri>.*)")
_URIS = {
    b"location": _ALL,
    b"content-location": _ALL,
    b"link": re.compile(rb'"(?:[^"\\]|\\.)*+"|<(?P<uri>[^<>]*+)>', re.DOTALL),
    b"refresh": re.compile(
        rb"""^[ \t]*+[0-9.]++[ \t]*+[;,][ \t]*+(?:url[ \t]*+=[ \t]*+)?["']?(?P<uri>[^"' \t]++)""",
        re.IGNORECASE,
    ),
}
"""What finds URIs in the fields that clients follow; what it finds besides has none."""
_REFERENCE = re.compile(rb"(?:(https?):)?//([^/?#]*)", re.IGNORECASE)


def through_proxy(headers: Headers, address: Address) -> Headers:
    """Return a response's fields, without the upstream's own address in those that clients follow.

    This leaves a path, which clients request from the proxy. Other addresses stay.

    >>> upstream = Address.of("https://api.example/v1")
    >>> through_proxy([(b"Location", b"https://api.example/v1/tunes/7")], upstream)
    [(b'Location', b'/tunes/7')]
    >>> through_proxy([(b"Location", b"https://cdn.example/v1/a.mp4")], upstream)
    [(b'Location', b'https://cdn.example/v1/a.mp4')]
    >>> through_proxy([(b"Link", b'<https://api.example/v1/tunes?offset=9>; rel=next')], upstream)
    [(b'Link', b'</tunes?offset=9>; rel=next')]
    """

    def seen(found: re.Match[bytes]) -> bytes:
        uri = found["uri"]
        if not uri:
            return found[0]
        whole, start = found[0], found.start("uri") - found.start()
        return whole[:start] + _seen_from_outside(uri, address) + whole[start + len(uri) :]

    kept = []
    for name, value in headers:
        uris = _URIS.get(name.lower())
        kept.append((name, uris.sub(seen, value) if uris else value))
    return kept


def _seen_from_outside(location: bytes, address: Address) -> bytes:
    path = location
    if reference := _REFERENCE.match(location):
        if not _is_own(reference, address):
            return location
        path = location[reference.end() :]
        path = path if path.startswith(b"/") else b"/" + path
    elif not location.startswith(b"/"):
        return location  # relative to the request
    inside = path.removeprefix(address.path)
    if inside == path and address.path:
        return location  # outside the upstream's paths
    if inside.startswith(b"/") and not inside.startswith(b"//"):
        return inside
    return b"/" + inside if inside[:1] in (b"", b"?", b"#") else location


def _is_own(reference: re.Match[bytes], address: Address) -> bool:
    scheme, authority = reference[1], reference[2].lower()
    tls = address.tls if scheme is None else scheme.lower() == b"https"
    if tls and not address.tls:
        return False  # without it, a redirect to TLS would lead to itself
    host, _, port = authority.rpartition(b":") if _has_port(authority) else (authority, b"", b"")
    wanted = address.port if tls == address.tls else 80
    return host == address.host_name and int(port or (443 if tls else 80)) == wanted


def _has_port(authority: bytes) -> bool:
    return re.search(rb":[0-9]{1,5}$", authority) is not None
