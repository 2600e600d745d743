"""Sockets to listen on: addresses, unix sockets, and those that systemd hands over."""

import contextlib
import os
import re
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

from flaglift.errors import ConfigError, reason
from flaglift.shim.proxy.options import TCP

BACKLOG = 2048
"""How many connections may wait to be accepted."""
_FIRST_PASSED = 3
"""The first descriptor that systemd passes."""


def passed_by_systemd() -> list[socket.socket]:
    """Return the sockets that this process was started with; none where it was started without.

    Raises `ConfigError` where what was passed is nothing to accept connections from.
    """
    count = os.environ.get("LISTEN_FDS", "0")
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    if re.fullmatch("[0-9]{1,4}", count, re.ASCII) is None:
        raise ConfigError(f"LISTEN_FDS={count!r} is not a number of sockets")
    return [_passed(_FIRST_PASSED + number) for number in range(int(count))]


def _passed(file: int) -> socket.socket:
    with contextlib.suppress(OSError):  # where it is a file, or nothing
        listener = socket.socket(fileno=file)
        if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return listener
        listener.close()
    raise ConfigError(f"descriptor {file} of LISTEN_FDS is not a socket that listens")


def bound(address: TCP | Path, *, shared: bool = False) -> socket.socket:
    """Return a socket for a worker to listen on; until one does, connections to it are refused.

    With `shared`, others may listen on the same port. Raises `ConfigError` where the address cannot
    be used.
    """
    try:
        return _on_path(address) if isinstance(address, Path) else _on_port(*address, shared)
    except OSError as error:
        raise unusable(address, error) from None


def unusable(address: TCP | Path | socket.socket, error: OSError) -> ConfigError:
    """Return what to tell where nobody can listen on an address."""
    said = reason(error).partition(" (while")[0]
    return ConfigError(f"cannot listen on {shown(address)}: {said}")


def _on_port(host: str, port: int, shared: bool) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, shared)
        if listener.family == socket.AF_INET6:  # as the same port of IPv4 may be another's
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        # Connections inherit it. asyncio sets it only where it knows that the protocol is TCP;
        # without, the end of each response waits 40 ms for the client to acknowledge the beginning.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
    except OSError:
        listener.close()
        raise
    return listener


def _on_path(path: Path) -> socket.socket:
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode) and not _answers(path):
        path.unlink()  # left by a proxy that was killed
    listener = socket.socket(socket.AF_UNIX)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    # It answers at once: another proxy that starts would take one that does not for left over.
    listener.listen(BACKLOG)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def several(address: TCP | Path, count: int) -> list[socket.socket]:
    """Return a socket for each of so many workers: the kernel deals connections out to them.

    Raises `ConfigError` where the address cannot be used.
    """
    first = bound(address)
    if count == 1:
        return [first]
    if isinstance(address, Path):
        return [first, *(first.dup() for _ in range(count - 1))]
    # It was bound alone: a port that somebody else shares would be taken without a word. Those that
    # share it are bound by number: a socket whose port the system chose would lose it in `deaf`.
    port = first.getsockname()[:2]
    first.close()
    return [bound(port, shared=True) for _ in range(count)]


def deaf(listener: socket.socket) -> None:
    """Have the kernel give connections to the others on the same port, until it listens again."""
    if listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        listener.shutdown(socket.SHUT_RDWR)


def shown(address: TCP | Path | socket.socket) -> str:
    """Return an address as an option names it, such as `[::1]:80` or `unix:/run/app.sock`."""
    place = _address(address)
    if isinstance(place, Path):
        return f"unix:{place}"
    host, port = place
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _address(address: TCP | Path | socket.socket) -> TCP | Path:
    if not isinstance(address, socket.socket):
        return address
    name = address.getsockname()
    return Path(name) if isinstance(name, str) else (name[0], name[1])


def check_loop(upstream: str, listen: TCP | Path | socket.socket) -> None:
    """Raise `ConfigError` where the proxy would forward to itself."""
    place = _address(listen)
    if isinstance(place, Path):
        own = upstream == shown(place)
    else:
        host, port = place
        names = {host, "localhost"}
        if not host.startswith(("127.", "::1")):
            names.add("127.0.0.1")
        address = urlsplit(upstream)
        default = 443 if address.scheme == "https" else 80
        own = address.hostname in names and (address.port or default) == port
    if own:
        raise ConfigError(f"--upstream {upstream} is where the proxy itself listens")
