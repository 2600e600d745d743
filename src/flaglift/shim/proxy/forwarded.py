"""The origin of a request, as passed between proxies."""

import re
from collections.abc import Iterable
from ipaddress import ip_address

from flaglift.shim.proxy.headers import Headers, values
from flaglift.shim.proxy.request import Request

_FOR, _PROTO, _STANDARD = b"x-forwarded-for", b"x-forwarded-proto", b"forwarded"
_CONTINUED = (_FOR, _STANDARD)
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_WELL_QUOTED = re.compile(rf'(?:[^"]|{_QUOTED})*', re.DOTALL)
_MEMBER = re.compile(rf'(?:[^",]|{_QUOTED})+', re.DOTALL)
_PAIR = re.compile(rf'(?:[^";]|{_QUOTED})+', re.DOTALL)
_NODE = re.compile(
    r'"?(?:\[([0-9a-f:.]+)\](?::[\w.-]+)?|([0-9.]+)(?::[\w.-]+)?|([0-9a-f:.]+))"?', re.IGNORECASE
)
"""An address as written by proxies, with or without brackets, port and quotes."""


def says_where_from(name: bytes) -> bool:
    """Return whether a field, by its lower-case name, states the origin of a request.

    CGI and WSGI do not distinguish `-` and `_`.
    """
    name = name.replace(b"_", b"-")
    return name.startswith(b"x-forwarded-") or name in (_STANDARD, b"x-real-ip")


def continued(request: Request) -> Headers:
    """Return the fields that state the origin of a request, with its peer added.

    Call it only for a trusted peer.
    """
    peer = request.client
    fields = [
        (name, value)
        for name, value in request.headers
        if says_where_from(name.lower()) and name.lower() not in _CONTINUED and b"_" not in name
    ]
    if not values(request.names, _PROTO):
        fields.append((b"X-Forwarded-Proto", b"http"))
    if chain := [*_listed(request, _FOR), *([peer] if peer else [])]:
        fields.append((b"X-Forwarded-For", ", ".join(chain).encode("latin-1")))
    if chain := _standard(request):
        node = f'"[{peer}]"' if peer and ":" in peer else peer or "unknown"
        chain.append(f"for={node};proto=http")
        fields.append((b"Forwarded", ", ".join(chain).encode("latin-1")))
    return fields


def origin(request: Request) -> str | None:
    """Return the address from which a trusted peer received a request.

    That is the last one: the client itself may have written those before it. If the
    peer states none, it is the peer's own.
    """
    said = ""
    if chain := _listed(request, _FOR):
        said = chain[-1]
    elif chain := _standard(request):
        pairs = [pair.partition("=") for pair in _PAIR.findall(chain[-1])]
        said = next((value for name, _, value in pairs if name.strip().lower() == "for"), "")
    node = _NODE.fullmatch(said.strip())
    try:
        return _shown(node[node.lastindex or 0]) if node else request.client
    except ValueError:
        return request.client


def _shown(text: str) -> str:
    address = ip_address(text)
    return str((address.version == 6 and address.ipv4_mapped) or address)


def _listed(request: Request, name: bytes) -> list[str]:
    """Return the members of a field that is a list."""
    return _stripped(_text(request, name).split(","))


def _standard(request: Request) -> list[str]:
    """Return the members of `Forwarded`; none if a quote is not closed."""
    text = _text(request, _STANDARD)
    return _stripped(_MEMBER.findall(text)) if _WELL_QUOTED.fullmatch(text) else []


def _text(request: Request, name: bytes) -> str:
    return b",".join(values(request.names, name)).decode("latin-1")


def _stripped(members: Iterable[str]) -> list[str]:
    return [stripped for member in members if (stripped := member.strip())]
