"""Sockets to listen on: addresses, unix sockets, and those that systemd hands over."""

import os
import socket
import stat
from pathlib import Path
from urllib.parse import urlsplit

from flaglift.errors import ConfigError, reason
from flaglift.shim.proxy.options import TCP

_BACKLOG = 2048
"""How many connections may wait to be accepted."""
_FIRST_PASSED = 3
"""The first descriptor that systemd passes."""


def passed_by_systemd() -> list[socket.socket]:
    """Return the sockets that this process was started with; none where it was started without."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return []
    count = int(os.environ.get("LISTEN_FDS", "0"))
    return [socket.socket(fileno=_FIRST_PASSED + number) for number in range(count)]


def listening(address: TCP | Path, *, shared: bool = False) -> socket.socket:
    """Return a socket that listens; with `shared`, others may listen on the same port.

    Raises `ConfigError` where it cannot listen.
    """
    try:
        if isinstance(address, Path):
            return _on_path(address)
        host, port = address
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server(
            (host, port), family=family, backlog=_BACKLOG, reuse_port=shared
        )
    except OSError as error:
        said = reason(error).partition(" (while")[0]
        raise ConfigError(f"cannot listen on {shown(address)}: {said}") from None
    # Connections inherit it. asyncio sets it only where it knows that the protocol is TCP; without,
    # the end of each response waits 40 ms for the client to acknowledge the beginning.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
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
    listener.listen(_BACKLOG)
    return listener


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def several(address: TCP | Path, count: int) -> list[socket.socket]:
    """Return a listener for each of so many processes: the kernel deals connections out to them.

    Raises `ConfigError` where it cannot listen.
    """
    if count == 1:
        return [listening(address)]
    if isinstance(address, Path):
        first = listening(address)
        return [first, *(first.dup() for _ in range(count - 1))]
    listening(address).close()  # a port that somebody else shares would be taken without a word
    first = listening(address, shared=True)
    bound = first.getsockname()[:2]
    return [first, *(listening(bound, shared=True) for _ in range(count - 1))]


def shown(address: TCP | Path | socket.socket) -> str:
    """Return an address as an option names it, such as `[::1]:80` or `unix:/run/app.sock`."""
    if isinstance(address, socket.socket):
        name = address.getsockname()
        address = Path(name) if isinstance(name, str) else name[:2]
    if isinstance(address, Path):
        return f"unix:{address}"
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def check_loop(upstream: str, listener: socket.socket) -> None:
    """Raise `ConfigError` where the proxy would forward to itself."""
    if listener.family == socket.AF_UNIX:
        own = upstream == shown(listener)
    else:
        host, port = listener.getsockname()[:2]
        names = {host, "localhost"}
        if not host.startswith(("127.", "::1")):
            names.add("127.0.0.1")
        address = urlsplit(upstream)
        default = 443 if address.scheme == "https" else 80
        own = address.hostname in names and (address.port or default) == port
    if own:
        raise ConfigError(f"--upstream {upstream} is where the proxy itself listens")
