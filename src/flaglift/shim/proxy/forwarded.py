"""Where a request comes from, as proxies tell each other."""

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
"""An address as proxies write it, with or without brackets, port and quotes."""


def says_where_from(name: bytes) -> bool:
    """Tell whether a field, its name in lower case, says where a request comes from.

    CGI and WSGI make no difference between `-` and `_`.
    """
    name = name.replace(b"_", b"-")
    return name.startswith(b"x-forwarded-") or name in (_STANDARD, b"x-real-ip")


def continued(request: Request) -> Headers:
    """Return the fields that say where a request comes from, with what its peer is added.

    To be called for a peer that is trusted.
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
    """Return the address that a request's peer, which is trusted, had it from.

    That is the last one: what stands in front of it, the client itself may have written. Where the
    peer says none, it is the peer's own.
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
    """Return the members of `Forwarded`; none where a quote is not closed."""
    text = _text(request, _STANDARD)
    return _stripped(_MEMBER.findall(text)) if _WELL_QUOTED.fullmatch(text) else []


def _text(request: Request, name: bytes) -> str:
    return b",".join(values(request.names, name)).decode("latin-1")


def _stripped(members: Iterable[str]) -> list[str]:
    return [stripped for member in members if (stripped := member.strip())]
