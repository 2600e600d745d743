"""The service: its address, and the pool of connections to it."""

import asyncio
import ssl
from dataclasses import dataclass, field
from functools import partial
from typing import Self
from urllib.parse import urlsplit

from flaglift.errors import ConfigError, reason
from flaglift.shim.proxy.alarm import Alarm
from flaglift.shim.proxy.options import Certificates, Options, Timeouts
from flaglift.shim.proxy.outbound import UpstreamConnection, UpstreamError
from flaglift.shim.proxy.tunnel import NetworkProxy, proxy_for, race_delay
from flaglift.shim.proxy.writing import unread

_KEPT_SECONDS = 4.0
"""How long an idle connection is kept: less than the 5 s after which many servers
close theirs, so that a request does not meet a connection that is being closed."""
_MARGIN_SECONDS = 1.0
"""How much less than the upstream announces, if that is less."""
_REACHED_SECONDS = 2.0
"""How long an upstream counts as reachable after a successful connection."""


@dataclass(frozen=True, slots=True)
class Address:
    """The upstream's URL, taken apart."""

    tls: bool
    host: str
    port: int
    path: bytes
    """The prefix of each path; usually empty."""
    name: bytes
    """The value of `Host`."""
    socket: str | None = None
    """The path of a unix socket to connect to instead."""

    @classmethod
    def of(cls, url: str) -> "Address":
        """Return the address in a URL known to be valid.

        >>> Address.of("https://api.example/v1/").port, Address.of("https://api.example/v1/").path
        (443, b'/v1')
        """
        if url.startswith("unix:"):
            return cls(False, "localhost", 80, b"", b"localhost", url.removeprefix("unix:"))
        parts = urlsplit(url)
        tls = parts.scheme.lower() == "https"
        host = parts.hostname or ""
        port = parts.port or (443 if tls else 80)
        name = parts.netloc.lower().encode()
        return cls(tls, host, port, parts.path.rstrip("/").encode(), name)

    @property
    def host_name(self) -> bytes:
        """The host as a URL writes it, with brackets around an address of IPv6."""
        return f"[{self.host}]".encode() if ":" in self.host else self.host.encode()


def tls_for(options: Options) -> ssl.SSLContext | None:
    """Return the TLS context for the upstream, if it uses TLS.

    Raises `ConfigError` if certificates cannot be used.
    """
    files = options.certificates
    if not Address.of(options.upstream).tls:
        if files != Certificates():
            raise ConfigError("--upstream-ca, -cert and -key are for an upstream with https")
        return None
    if files.key and not files.certificate:
        raise ConfigError("--upstream-key is the key of --upstream-cert, which is missing")
    path = files.authorities
    try:
        tls = ssl.create_default_context(cafile=path)
        if path := files.certificate:
            # The empty password keeps OpenSSL from asking for one.
            tls.load_cert_chain(path, files.key, password="")
    except OSError as error:  # includes ssl errors
        raise ConfigError(f"{path}: cannot be used as certificates: {reason(error)}") from None
    return tls


@dataclass(slots=True)
class Upstream:
    """Connections to the upstream; reusable ones are kept for a while."""

    address: Address
    timeouts: Timeouts
    tls: ssl.SSLContext | None = None
    proxy: NetworkProxy | None = None
    """The network proxy to use."""
    _kept: dict[UpstreamConnection, Alarm] = field(default_factory=dict)
    _reached: float = -_REACHED_SECONDS

    @classmethod
    def of(cls, options: Options) -> Self:
        """Return the upstream of a proxy. Raises `ConfigError` if it is not supported."""
        address = Address.of(options.upstream)
        proxy = None if address.socket else proxy_for(address.host, address.port, tls=address.tls)
        return cls(address, options.timeouts, tls_for(options), proxy)

    @property
    def forwarder(self) -> NetworkProxy | None:
        """The proxy that sees each request, if unencrypted."""
        return None if self.address.tls else self.proxy

    async def connection(self, *, fresh: bool = False) -> UpstreamConnection:
        """Return a connection that is ready for a request. Raises `UpstreamError`."""
        while self._kept and not fresh:
            connection, alarm = self._kept.popitem()
            # The upstream may have closed it, or be about to, without the loop knowing yet.
            late = alarm.is_due or unread(connection.transport)
            alarm.turn_off()
            if connection.reusable and not late:
                return connection
            connection.transport.close()
        try:
            async with asyncio.timeout(self.timeouts.connect):
                return await self._connect()
        except TimeoutError:
            raise UpstreamError("did not answer in time", "no connection", status=504) from None
        except ssl.SSLCertVerificationError as error:
            message = "has a certificate that is not trusted"
            raise UpstreamError(message, error.verify_message) from None
        except OSError as error:
            raise UpstreamError("cannot be reached", reason(error)) from None
        except UnicodeError:
            raise UpstreamError("cannot be reached", "its name cannot be one of a host") from None

    async def _connect(self) -> UpstreamConnection:
        loop = asyncio.get_running_loop()
        new = partial(UpstreamConnection, self.timeouts.answer)
        if self.address.socket is not None:
            _, connection = await loop.create_unix_connection(new, self.address.socket)
            return connection
        if self.proxy is not None and self.tls is not None:
            return await self.proxy.tunnel(new, self.address.host, self.address.port, self.tls)
        if self.proxy is not None:
            return (await self.proxy.open(new))[1]
        _, connection = await loop.create_connection(
            new,
            self.address.host,
            self.address.port,
            ssl=self.tls,
            happy_eyeballs_delay=race_delay(self.address.host),
        )
        return connection

    async def reach(self) -> None:
        """Connect, unless that worked a moment ago. Raises `UpstreamError` if it fails."""
        now = asyncio.get_running_loop().time()
        if not self._kept and now > self._reached + _REACHED_SECONDS:
            self.release(await self.connection(fresh=True))
            self._reached = now

    def release(self, connection: UpstreamConnection) -> None:
        """Keep a connection whose response has ended, or close it."""
        seconds = min(_KEPT_SECONDS, connection.kept_seconds - _MARGIN_SECONDS)
        if connection.reusable and seconds > 0:
            alarm = connection.unused = connection.unused or Alarm(partial(self._close, connection))
            alarm.set(seconds)
            self._kept[connection] = alarm
        else:
            connection.transport.close()

    def close(self) -> None:
        """Close the connections that are kept."""
        while self._kept:
            self._close(next(iter(self._kept)))

    def _close(self, connection: UpstreamConnection) -> None:
        self._kept.pop(connection).close()
        connection.transport.close()
