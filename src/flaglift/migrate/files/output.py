"""The result while it is being written: next to its final place, truncated to a checkpoint."""

import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from flaglift.errors import InputError, reason
from flaglift.migrate.files.compression import compressed, compression_of, join_frames


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn an operating system error into a message that says what to do."""
    try:
        yield
    except OSError as error:
        said = reason(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            said = "the disk is full; free some space and run the same command again to resume"
        raise InputError(f"{path}: cannot be written: {said}") from None


_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def open_own(path: Path, *, kept: bool = False, mode: int = 0o600) -> BinaryIO:
    """Open a file that nobody else writes: empty, or with its content if that is `kept`.

    Raises `InputError` as `check_own` does.
    """
    if kept or os.path.lexists(path):
        check_own(path)
    # Created only if nothing was written: zeros must never take the place of a lost file.
    flags = _FLAGS if kept else _FLAGS | os.O_CREAT
    with writing(path):
        # Usually readable by its owner only, until it has the permissions of its source.
        file = os.fdopen(os.open(path, flags, mode), "r+b")
        _check(path, os.fstat(file.fileno()))  # before it is emptied: it may have been exchanged
        if not kept:
            file.truncate()
    return file


def check_own(path: Path) -> None:
    """Raise `InputError` if a file that nobody else writes is gone, or another is in its place.

    What is written through a link, also a hard one, would overwrite somebody's file.
    """
    try:
        found = os.lstat(path)
    except OSError:
        raise InputError(f"{path}: is gone; start with --restart") from None
    _check(path, found)


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        what = "has another name" if stat.S_ISREG(found.st_mode) else "is a link or no file"
        raise InputError(
            f"{path}: {what}, and is in the place of a file that flaglift writes; move it away, and"
            " run the same command again"
        )


def partial(path: Path, purpose: str = "partial") -> Path:
    """Return the path of a file while it is incomplete."""
    return path.with_name(f".{path.name}.flaglift-{purpose}")


def exists(path: Path) -> bool:
    """Return whether there is a file; there is none of a name that is too long."""
    return os.path.exists(path)  # `Path.exists` raises for such a name


def named(path: Path, word: str) -> Path:
    """Return a path with a word before the suffixes that say what the file is.

    >>> named(Path("a/my.prompts.jsonl.gz"), "migrated").name
    'my.prompts.migrated.jsonl.gz'
    """
    compression = path.suffix if compression_of(path) else ""
    inner = Path(path.name.removesuffix(compression)) if compression else Path(path.name)
    return path.with_name(f"{inner.stem}.{word}{inner.suffix}{compression}")


class Output:
    """Appends to a file; reopening drops everything after the checkpoint."""

    def __init__(self, path: Path, like: Path, written: int) -> None:
        """Open the file, truncated to `written` bytes; compress as the suffix of `like` says."""
        self._kind = compression_of(like)
        self._like = like
        self._whole = path
        self._path = path = _frames(path) if self._kind == "zst" else path
        if path != self._whole:
            open_own(self._whole, kept=self._whole.exists()).close()
        self._file = open_own(path, kept=written > 0)
        with writing(path):
            if self._file.seek(0, os.SEEK_END) < written:
                self._file.close()
                raise InputError(f"{path}: shorter than this run left it; start with --restart")
            self._file.truncate(written)
            self._file.seek(written)

    def append(self, data: bytes) -> None:
        """Write the bytes of one chunk, compressed like the file."""
        with writing(self._path):
            self._file.write(data)

    def compressed(self, data: bytes) -> bytes:
        """Return the bytes of one chunk as they will be written."""
        return compressed(data, self._kind)

    def sync(self) -> int:
        """Sync all of it to disk; return the file's size."""
        with writing(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            return self._file.tell()

    def complete(self) -> None:
        """Finish the file, and sync it to disk."""
        self.sync()
        if self._kind == "zst":
            with writing(self._whole), open_own(self._whole) as whole:
                join_frames(self._path, whole, self._like)

    def close(self) -> None:
        """Close the file; unsynced bytes may be lost."""
        with writing(self._path):
            self._file.close()


class HashSink:
    """Stands in for an output, to compute the hash of the result."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def compressed(self, data: bytes) -> bytes:
        """Return data as it is."""
        return data

    def append(self, data: bytes) -> None:
        """Hash the bytes of one chunk."""
        self._digest.update(data)

    def hexdigest(self) -> str:
        """Return the SHA-256 of all that was appended."""
        return self._digest.hexdigest()

    def sync(self) -> int:
        """Return 0: nothing was written."""
        return 0

    def complete(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


def _frames(path: Path) -> Path:
    """Return the path of a .zst file while it has one frame per chunk, so it can be truncated."""
    return path.with_name(f"{path.name}-frames")


def discard(path: Path) -> None:
    """Remove the remains of a file that is not, or no longer, wanted."""
    for left in (path, _frames(path)):
        if os.path.lexists(left):  # a read-only system refuses to remove even what is not there
            with writing(left):
                left.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the hash of a file. Raises `InputError` if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise InputError(f"{path}: {reason(error)}") from None


def move(old: Path, new: Path) -> None:
    """Put a file in the place of another, for good."""
    with writing(new):
        os.replace(old, new)
        sync_folder(new.parent)


def sync_folder(folder: Path) -> None:
    """Sync renames in a folder to disk, if the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows cannot open folders, and does not need this
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
