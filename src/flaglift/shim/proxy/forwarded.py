"""Where a request comes from, as proxies tell each other."""

import re
from ipaddress import ip_address

from flaglift.shim.proxy.headers import Headers, values
from flaglift.shim.proxy.request import Request

_FOR, _PROTO, _STANDARD = b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"
_CONTINUED = (_FOR, _STANDARD)
_STANDARD_FOR = re.compile(
    r'(?:[^";]*(?:"[^"]*")?;)*\s*for="?\[?([0-9a-f:.]+?)\]?(?::[0-9]+)?"?\s*(?:;|$)', re.IGNORECASE
)
"""The node of a member of `Forwarded`; what stands in quotes is no other node."""


def says_where_from(name: bytes) -> bool:
    """Tell whether a field, its name in lower case, says where a request comes from."""
    return name.startswith(b"x-forwarded-") or name in (_STANDARD, b"x-real-ip")


def continued(request: Request) -> Headers:
    """Return the fields that say where a request comes from, with what its peer is added.

    To be called for a peer that is trusted.
    """
    peer = request.client
    fields = [
        (name, value)
        for name, value in request.headers
        if says_where_from(name.lower()) and name.lower() not in _CONTINUED
    ]
    if not values(request.names, _PROTO):
        fields.append((b"X-Forwarded-Proto", b"http"))
    if chain := [*_listed(request, _FOR), *([peer] if peer else [])]:
        fields.append((b"X-Forwarded-For", ", ".join(chain).encode("latin-1")))
    if chain := _listed(request, _STANDARD):
        node = f'"[{peer}]"' if peer and ":" in peer else peer or "unknown"
        chain.append(f"for={node};proto=http")
        fields.append((b"Forwarded", ", ".join(chain).encode("latin-1")))
    return fields


def origin(request: Request) -> str | None:
    """Return the address that a request's peer, which is trusted, had it from.

    That is the last one: what stands in front of it, the client itself may have written. Where the
    peer says none, it is the peer's own.
    """
    address = ""
    if chain := _listed(request, _FOR):
        address = chain[-1]
    elif chain := _listed(request, _STANDARD):
        whole = chain[-1].count('"') % 2 == 0  # it was not a comma in quotes that began it
        match = _STANDARD_FOR.match(chain[-1])
        address = match[1] if match and whole else ""
    try:
        return str(ip_address(address))
    except ValueError:
        return request.client


def _listed(request: Request, name: bytes) -> list[str]:
    """Return the members of a field that is a list."""
    text = b",".join(values(request.names, name)).decode("latin-1")
    return [member.strip() for member in text.split(",") if member.strip()]
