"""The result while it is written: beside its place, and cut back to the last checkpoint."""

import errno
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaglift.errors import InputError, reason
from flaglift.migrate.files.compression import compressed, compression_of, join_frames


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the operating system says into a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        said = reason(error)
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            said = "the disk is full; free some space and run the same command again to resume"
        raise InputError(f"{path}: cannot be written: {said}") from None


def partial(path: Path, purpose: str = "partial") -> Path:
    """Return where a file stands while it is not complete."""
    return path.with_name(f".{path.name}.flaglift-{purpose}")


def named(path: Path, word: str) -> Path:
    """Return a path with a word before the suffixes that say what the file is.

    >>> named(Path("a/my.prompts.jsonl.gz"), "migrated").name
    'my.prompts.migrated.jsonl.gz'
    """
    compression = path.suffix if compression_of(path) else ""
    inner = Path(path.name.removesuffix(compression)) if compression else Path(path.name)
    return path.with_name(f"{inner.stem}.{word}{inner.suffix}{compression}")


class Output:
    """Appends to a file; nothing behind a checkpoint survives being opened again."""

    def __init__(self, path: Path, like: Path, written: int) -> None:
        """Open the file and cut it to `written` bytes; compress as the name of `like` says."""
        self._kind = compression_of(like)
        self._like = like
        self._whole = path
        self._path = path = _frames(path) if self._kind == "zst" else path
        with writing(path):
            if path != self._whole:
                self._whole.touch(0o600)
            # Opened to append only if it is there: a file of zeros must never stand for one lost.
            flags = os.O_RDWR if written else os.O_RDWR | os.O_CREAT | os.O_TRUNC
            # Readable for nobody else until it has the permissions of its source.
            self._file = os.fdopen(os.open(path, flags, 0o600), "r+b")
            if self._file.seek(0, os.SEEK_END) < written:
                self._file.close()
                raise InputError(f"{path}: shorter than this run left it; start with --restart")
            self._file.truncate(written)
            self._file.seek(written)

    def append(self, data: bytes) -> None:
        """Write what belongs to one chunk, compressed as the file is."""
        with writing(self._path):
            self._file.write(data)

    def compressed(self, data: bytes) -> bytes:
        """Return what belongs to one chunk as it is to be written."""
        return compressed(data, self._kind)

    def sync(self) -> int:
        """Bring all of it to the disk; return the file's bytes."""
        with writing(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            return self._file.tell()

    def complete(self) -> None:
        """Bring the whole of it to the disk."""
        self.sync()
        if self._kind == "zst":
            with writing(self._whole):
                join_frames(self._path, self._whole, self._like)

    def close(self) -> None:
        """Close the file; what was not synced may be lost."""
        with writing(self._path):
            self._file.close()


class HashSink:
    """Takes the place of an output to learn what it would be."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def compressed(self, data: bytes) -> bytes:
        """Return data as it is."""
        return data

    def append(self, data: bytes) -> None:
        """Take what belongs to one chunk."""
        self._digest.update(data)

    def hexdigest(self) -> str:
        """Return the SHA-256 of all that was appended."""
        return self._digest.hexdigest()

    def sync(self) -> int:
        """Return that nothing was kept."""
        return 0

    def complete(self) -> None:
        """Have nothing to complete."""

    def close(self) -> None:
        """Have nothing to close."""


def _frames(path: Path) -> Path:
    """Return where a .zst file stands while it is one frame a chunk, cut back like any other."""
    return path.with_name(f"{path.name}-frames")


def discard(path: Path) -> None:
    """Remove what is left of a file that was not, or is no longer, to be written."""
    for left in (path, _frames(path)):
        left.unlink(missing_ok=True)


def sha256(path: Path) -> str:
    """Return the hash of a file. Raises `InputError` where it cannot be read."""
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
    """Bring renames in a folder to the disk, where the system can."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders, and needs no such thing
        return
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
