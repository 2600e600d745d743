"""Reads files that somebody else may have put there: it waits for no pipe and ends at a size."""

import errno
import os
import stat
from pathlib import Path

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_CHUNK = 1 << 20


def read_regular(path: str | Path, largest: int = 10_000_000, *, follow: bool = True) -> bytes:
    """Return a regular file's content; a link's target's, unless it must not be followed.

    Raises `OSError`, also for pipes, devices and folders, and for more than `largest` bytes.
    """
    handle = os.open(path, _FLAGS | (0 if follow else getattr(os, "O_NOFOLLOW", 0)))
    try:
        mode = os.fstat(handle).st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "Not a regular file")
        return read_all(handle, largest)
    finally:
        os.close(handle)


def signature(path: str | Path) -> tuple[int, ...]:
    """Return what tells whether a file changed: time, size and inode; empty where there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):  # a path with a null character
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def read_all(handle: int, largest: int) -> bytes:
    """Return what is left to read of an open file; raises `OSError` for more than that."""
    parts = []
    room = largest
    # Not by its size: what the kernel makes up has none.
    while part := os.read(handle, min(_CHUNK, room + 1)):
        parts.append(part)
        room -= len(part)
        if room < 0:
            raise OSError(errno.EFBIG, f"More than {largest} bytes")
    return b"".join(parts)
