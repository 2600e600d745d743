"""Reads files, except those that should not be read."""

import os
import select
import stat
import sys
from collections.abc import Iterable

from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.errors import InputError, reason
from flaglift.files import read_all

_PLAIN = os.O_RDONLY | getattr(os, "O_BINARY", 0)
_CAREFUL = _PLAIN | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
"""Follows no links, because their targets are found by themselves, and never blocks."""

_PATIENCE = 10.0
"""Seconds to wait for a writer to open a pipe that the user names."""

CHUNK = 1 << 20
"""The number of bytes in which large files are searched."""
_OVERLAP = 256


class TooLargeError(InputError):
    """A file that may hold flags is larger than the configuration allows."""

    def __init__(self, path: str, size: int, largest: int, head: bytes) -> None:
        """Sizes are bytes; `head` is what the file begins with."""
        super().__init__(
            f"{path}: {size} bytes are more than `max-file-size` allows ({largest}), "
            "so it is not checked"
        )
        self.head = head


def search(blocks: Iterable[bytes], path: str, size: int, largest: int) -> None:
    """Search a file that is too large block by block; raise `TooLargeError` if it may hold flags.

    Blocks overlap, so that no flag is cut in two. Without zeros, the ASCII text of UTF-16 and
    UTF-32 reads as in UTF-8.
    """
    head = tail = b""
    for block in blocks:
        head = head or block
        if may_hold_flags((tail + block).replace(b"\0", b"")):
            raise TooLargeError(path, size, largest, head)
        tail = block[-_OVERLAP:]


def read_named(path: str, largest: int = sys.maxsize) -> bytes | None:
    """Return the content of a file that the user named; pipes and links are allowed.

    None if it is too large and contains no flag. Raises `InputError`, with the path, if it cannot
    be read, and `TooLargeError` if it is too large and may contain flags.
    """
    try:
        handle = os.open(path, _PLAIN | getattr(os, "O_NONBLOCK", 0))
        try:
            status = os.fstat(handle)
            if stat.S_ISREG(status.st_mode):
                return _content(handle, path, status.st_size, largest)
            return _streamed(handle, status.st_mode, largest)
        finally:
            os.close(handle)
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from None


def read_found(path: str, largest: int = sys.maxsize) -> bytes | None:
    """Return the content of a file found in a folder; None also if missing, a link, or not regular.

    Raises as `read_named` does.
    """
    try:
        handle = os.open(path, _CAREFUL)
    except OSError as error:
        if os.path.islink(path) or not os.path.isfile(path):
            return None
        raise InputError(f"{path}: {reason(error)}") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        return _content(handle, path, status.st_size, largest)
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from None
    finally:
        os.close(handle)


def _streamed(handle: int, mode: int, largest: int) -> bytes:
    """Return the content of a pipe or device, read to its end."""
    if stat.S_ISFIFO(mode):
        # Until a writer has opened it, a pipe reads as if it had ended.
        waiting = select.poll()
        waiting.register(handle, select.POLLIN)
        if not waiting.poll(_PATIENCE * 1000):
            raise OSError(0, f"nothing was written to this pipe for {_PATIENCE:g} seconds")
    os.set_blocking(handle, True)
    return read_all(handle, largest)


def _content(handle: int, path: str, size: int, largest: int) -> bytes | None:
    if size > largest:
        search(iter(lambda: os.read(handle, CHUNK), b""), path, size, largest)
        return None
    data = os.read(handle, size)
    if len(data) == size and size:
        return data
    return data + read_all(handle, largest - len(data))
