"""Reaching the upstream through a network proxy: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`."""

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TypeVar, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from flaglift.errors import ConfigError
from flaglift.shim.proxy.headers import Headers

_MOST_HEAD_BYTES = 64 * 1024
_ESTABLISHED = re.compile(rb"HTTP/1\.[01] 2[0-9][0-9][ \r]")

P = TypeVar("P", bound=asyncio.BaseProtocol)


def race_delay(host: str) -> float | None:
    """Return how many seconds to wait for one address of a host before trying the next one, too.

    None for an IP address: there is no other, and CPython leaks the socket of a race cancelled
    as it is won.
    """
    try:
        ip_address(host)
    except ValueError:
        return 0.25
    return None


@dataclass(frozen=True, slots=True)
class NetworkProxy:
    """A proxy that tunnels TLS, and forwards unencrypted requests."""

    tls: bool
    host: str
    port: int
    credentials: bytes
    """The value of `Proxy-Authorization`; empty if it needs none."""

    @property
    def fields(self) -> Headers:
        """The request fields for the proxy itself."""
        return [(b"Proxy-Authorization", self.credentials)] if self.credentials else []

    async def open(self, new: Callable[[], P]) -> tuple[asyncio.Transport, P]:
        """Return a connection to the proxy itself. Raises `OSError` if it cannot be reached."""
        loop = asyncio.get_running_loop()
        outer = ssl.create_default_context() if self.tls else None
        return await loop.create_connection(
            new, self.host, self.port, ssl=outer, happy_eyeballs_delay=race_delay(self.host)
        )

    async def tunnel(self, new: Callable[[], P], host: str, port: int, tls: ssl.SSLContext) -> P:
        """Return a protocol that speaks TLS with a host, through the proxy.

        Raises `OSError` if the proxy cannot be reached, or refuses.
        """
        loop = asyncio.get_running_loop()
        transport, opening = await self.open(_Opening)
        protocol = new()
        try:
            transport.write(self._head(host, port))
            self._check(await opening.answer)
            inner = await loop.start_tls(transport, protocol, tls, server_hostname=host)
        except BaseException:
            transport.abort()
            raise
        protocol.connection_made(cast("asyncio.Transport", inner))
        return protocol

    def _check(self, answer: bytes) -> None:
        if not _ESTABLISHED.match(answer):
            raise ConnectionError(self.refusal(answer[9:12].decode("latin-1")))

    def refusal(self, status: str) -> str:
        """Return the message for a proxy that answers with an error of its own."""
        return f"the proxy {self.host}:{self.port} answers with {status!r}"

    def _head(self, host: str, port: int) -> bytes:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode()
        return head + b"".join(b"%b: %b\r\n" % pair for pair in self.fields) + b"\r\n"


class _Opening(asyncio.Protocol):
    """Waits for the proxy's response to a request for a tunnel."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """Take a part of the answer's head."""
        self._head += data
        if not self.answer.done() and (
            b"\r\n\r\n" in self._head or len(self._head) > _MOST_HEAD_BYTES
        ):
            self.answer.set_result(self._head)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give up."""
        if not self.answer.done():
            self.answer.set_exception(
                exc or ConnectionResetError("the proxy closed the connection")
            )


def proxy_for(host: str, port: int, *, tls: bool) -> NetworkProxy | None:
    """Return the proxy that the environment sets for HTTP or HTTPS to a host, if any.

    The machine itself is never reached through a proxy. Raises `ConfigError` for a proxy that
    does not speak HTTP.
    """
    scheme = "https" if tls else "http"
    url = getproxies().get(scheme, "").strip()
    if not url or _is_this_machine(host) or _is_excepted(host, port):
        return None
    try:
        parts = urlsplit(url if "://" in url else f"http://{url}")
        number = parts.port
    except ValueError:  # a port over 65535, or brackets around something other than an address
        number = 0
    if number == 0 or parts.scheme not in ("http", "https") or not parts.hostname:
        name = f"{scheme.upper()}_PROXY"
        raise ConfigError(f"{name} is not the address of a proxy, such as http://HOST:PORT")
    credentials = b""
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = b"Basic " + base64.b64encode(user.encode())
    encrypted = parts.scheme == "https"
    default = 443 if encrypted else 80
    return NetworkProxy(encrypted, parts.hostname, number or default, credentials)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _is_excepted(host: str, port: int) -> bool:
    """Return whether `NO_PROXY` names a host, in any of the forms that programs read there."""
    name = host.rstrip(".").lower()
    if proxy_bypass(name):  # `*`, and names with all that end with them
        return True
    words = getproxies().get("no", "").lower().replace(",", " ").split()
    own = (f"[{name}]", f"{name}:{port}", f"[{name}]:{port}")
    return any(word in own or _covers(word, name) for word in words)


def _covers(word: str, name: str) -> bool:
    """Return whether a word is `*.` and the end of a name, or a network with an address."""
    if word.startswith("*."):
        return name.endswith(word[1:])
    try:
        return ip_address(name) in ip_network(word, strict=False)
    except ValueError:
        return False
