"""Sockets to listen on: addresses, unix sockets, and those that systemd hands over."""

import contextlib
import errno
import os
import re
import socket
import stat
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from urllib.parse import urlsplit

from flaglift.errors import ConfigError, reason
from flaglift.shim.proxy.options import TCP

BACKLOG = 2048
"""The listen backlog."""
_FIRST_PASSED = 3
"""The first descriptor that systemd passes."""


def passed_by_systemd() -> list[socket.socket]:
    """Return the sockets that systemd passed to this process, if any.

    Raises `ConfigError` if a passed descriptor cannot accept connections.
    """
    count = os.environ.get("LISTEN_FDS", "0")
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    if re.fullmatch("[0-9]{1,4}", count, re.ASCII) is None:
        raise ConfigError(f"LISTEN_FDS={count!r} is not a number of sockets")
    return [_passed(_FIRST_PASSED + number) for number in range(int(count))]


def _passed(file: int) -> socket.socket:
    with contextlib.suppress(OSError):  # a file, or not open
        listener = socket.socket(fileno=file)
        if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return listener
        listener.close()
    raise ConfigError(f"descriptor {file} of LISTEN_FDS is not a socket that listens")


def bound(address: TCP | Path) -> socket.socket:
    """Return a socket for workers to listen on; until then, connections to it are refused.

    Raises `ConfigError` if the address cannot be used.
    """
    try:
        return _on_path(address) if isinstance(address, Path) else _on_port(*address)
    except OSError as error:
        raise unusable(address, error) from None


def unusable(address: TCP | Path | socket.socket, error: OSError) -> ConfigError:
    """Return the message for an address that cannot be listened on."""
    said = reason(error).partition(" (while")[0]
    return ConfigError(f"cannot listen on {shown(address)}: {said}")


def _on_port(host: str, port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listener.family == socket.AF_INET6:  # another process may own the same IPv4 port
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Connections inherit it. asyncio sets it only where it knows that the protocol is TCP;
        # without it, the end of each response waits 40 ms for the client to acknowledge the start.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    except (TypeError, UnicodeError):  # what `bind` raises depends on the version of Python
        listener.close()
        raise OSError("this cannot be the name of a host") from None
    return listener


def _on_path(path: Path) -> socket.socket:
    if _is_left_over(path):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    # It listens at once: another starting proxy would take a silent socket for a stale one.
    listener.listen(BACKLOG)
    return listener


def _is_left_over(path: Path) -> bool:
    """Return whether a path is a stale socket of a killed program. Raises `OSError`."""
    with socket.socket(socket.AF_UNIX) as client:
        client.setblocking(False)  # a socket with a full backlog is not stale
        refused = client.connect_ex(str(path)) == errno.ECONNREFUSED
        return refused and stat.S_ISSOCK(path.stat().st_mode)


def check_address(address: TCP | Path) -> None:
    """Raise `ConfigError` if an address cannot be listened on; it may already be in use."""
    try:
        if isinstance(address, Path):
            _check_path(address)
        else:
            _on_port(*address).close()
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise unusable(address, error) from None


def _check_path(path: Path) -> None:
    _is_left_over(path)  # it may be too long
    if path.exists() and not stat.S_ISSOCK(path.stat().st_mode):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    if not os.access(path.parent, os.W_OK | os.X_OK):
        code = errno.EACCES if path.parent.is_dir() else errno.ENOENT
        raise OSError(code, os.strerror(code))


def shown(address: TCP | Path | socket.socket) -> str:
    """Return an address as written in options, such as `[::1]:80` or `unix:/run/app.sock`."""
    place = _address(address)
    if isinstance(place, Path):
        return f"unix:{place}"
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(address: TCP | Path | socket.socket) -> TCP | Path:
    if not isinstance(address, socket.socket):
        return address
    name = address.getsockname()
    if address.family == socket.AF_UNIX:
        return Path(os.fsdecode(name).replace("\0", "@", 1))  # an abstract one, as in systemd
    return name[0], name[1]


def check_loop(upstream: str, listen: TCP | Path | socket.socket) -> None:
    """Raise `ConfigError` if the proxy would forward to itself."""
    place = _address(listen)
    url = urlsplit(upstream)
    if isinstance(place, Path):
        own = url.scheme == "unix" and os.path.realpath(url.path) == os.path.realpath(place)
    else:
        port = url.port or (443 if url.scheme == "https" else 80)
        own = port == place[1] and any(
            _leads_to(one, other)
            for one in _numbers(url.hostname or "")
            for other in _numbers(place[0])
        )
    if own:
        raise ConfigError(f"--upstream {upstream} is where the proxy itself listens")


def _numbers(host: str) -> set[IPv4Address | IPv6Address]:
    """Return the addresses of a host; none if they cannot be resolved now."""
    try:
        addresses = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return set()
    return {ip_address(address[0]) for _, _, _, _, address in addresses}


def _leads_to(address: IPv4Address | IPv6Address, listens: IPv4Address | IPv6Address) -> bool:
    """Return whether connecting to one address reaches another, on which this machine listens."""
    if address.version != listens.version:
        return False
    if not listens.is_unspecified:
        return address == listens or (address.is_unspecified and listens.is_loopback)
    if address.is_unspecified or address.is_loopback:
        return True
    # Connections to one of the machine's own addresses also come from it.
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
        probe.connect((str(address), 9))  # sends nothing
        return bool(ip_address(probe.getsockname()[0]) == address)
    return False
