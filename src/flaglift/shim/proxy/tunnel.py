"""Reaching the upstream through a proxy of the network, as `HTTPS_PROXY` and `NO_PROXY` ask for."""

import asyncio
import base64
import re
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from flaglift.errors import ConfigError

_MOST_HEAD_BYTES = 64 * 1024
_ESTABLISHED = re.compile(rb"HTTP/1\.[01] 2[0-9][0-9][ \r]")

P = TypeVar("P", bound=asyncio.BaseProtocol)


@dataclass(frozen=True, slots=True)
class TunnelProxy:
    """A proxy that makes tunnels."""

    tls: bool
    host: str
    port: int
    credentials: bytes
    """The value of `Proxy-Authorization`; empty where it asks for none."""

    async def connect(self, new: Callable[[], P], host: str, port: int, tls: ssl.SSLContext) -> P:
        """Return a protocol that speaks TLS with a host, through the proxy.

        Raises `OSError` where the proxy cannot be reached, or refuses.
        """
        loop = asyncio.get_running_loop()
        outer = ssl.create_default_context() if self.tls else None
        transport, opening = await loop.create_connection(
            _Opening, self.host, self.port, ssl=outer, happy_eyeballs_delay=0.25
        )
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
            status = answer[9:12].decode("latin-1")
            raise ConnectionError(f"the proxy {self.host}:{self.port} answers with {status!r}")

    def _head(self, host: str, port: int) -> bytes:
        target = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        head = f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode()
        if self.credentials:
            head += b"Proxy-Authorization: %b\r\n" % self.credentials
        return head + b"\r\n"


class _Opening(asyncio.Protocol):
    """Waits for what the proxy says to a request for a tunnel."""

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


def proxy_for(host: str) -> TunnelProxy | None:
    """Return the proxy through which the environment has HTTPS go to a host, if any.

    Raises `ConfigError` for one that makes no tunnels over HTTP.
    """
    url = getproxies().get("https", "")
    if not url or proxy_bypass(host):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ConfigError("HTTPS_PROXY is not the address of a proxy, such as http://HOST:PORT")
    credentials = b""
    if parts.username is not None:
        user = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        credentials = b"Basic " + base64.b64encode(user.encode())
    tls = parts.scheme == "https"
    return TunnelProxy(tls, parts.hostname, port or (443 if tls else 80), credentials)
