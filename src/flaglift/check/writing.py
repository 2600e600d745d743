"""Replaces files atomically, so that readers never see a partial file; metadata is kept."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flaglift.check.reading import read_named
from flaglift.errors import InputError, reason
from flaglift.processes import unbroken


class ChangedMeanwhileError(InputError):
    """Another process changed a file after it was read."""


def write_file(path: str, data: bytes, *, instead_of: bytes | None = None) -> None:
    """Replace a file's content atomically: written next to it, synced, renamed.

    A link stays a link; permissions, owner, access lists and other extended attributes are kept.
    Raises `InputError` if that is impossible, for a file that is read-only, has several hard links
    or is not regular, and for one whose content is not the expected one; it is then unchanged.
    """
    target = Path(os.path.realpath(path))
    try:
        status = target.stat()
        hindrance = _hindrance(target, status)
        if hindrance:
            raise InputError(f"{path}: {hindrance}, so it is not rewritten")
        with _replacing(target, data) as new:
            _keep(path, target, status, new)
            if instead_of is not None:
                check_unchanged(path, instead_of, "it is not rewritten")
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def create_file(path: Path, data: bytes) -> None:
    """Write a file atomically, whether it exists or not.

    Raises `InputError` if that fails.
    """
    if os.path.exists(path):  # a name that is too long is none
        write_file(str(path), data)
        return
    try:
        with _replacing(path, data) as new:
            os.chmod(new, 0o666 & ~_umask())
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


@contextmanager
def _replacing(target: Path, data: bytes) -> Iterator[str]:
    """Provide a file with the new content, which replaces the target unless the block fails."""
    with unbroken():
        new = _written_beside(target, data)
        try:
            yield new
            os.replace(new, target)
        except BaseException:
            os.unlink(new)
            raise


def _hindrance(target: Path, status: os.stat_result) -> str:
    """Return why a file must not be replaced; empty if it may."""
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if status.st_nlink > 1:
        return f"has {status.st_nlink} names (hard links), which would be separated"
    # For root, which may write all files, the system would not refuse.
    if not status.st_mode & 0o222 or not os.access(target, os.W_OK):
        return "is read-only"
    return ""


def _keep(path: str, target: Path, status: os.stat_result, new: str) -> None:
    """Give a new file the owner, permissions and attributes of an old one."""
    what = "owner"
    try:
        made = os.stat(new)
        if (made.st_uid, made.st_gid) != (status.st_uid, status.st_gid):
            os.chown(new, status.st_uid, status.st_gid)
        what = "permissions"
        os.chmod(new, stat.S_IMODE(status.st_mode))
        if hasattr(os, "listxattr"):
            wanted = _attributes(target)
            present = _attributes(new)
            for name in present.keys() - wanted.keys():  # such as a folder's default access list
                what = f"attributes without `{name}`"
                os.removexattr(new, name)
            for name, value in wanted.items():
                if present.get(name) != value:
                    what = f"attribute `{name}`"
                    os.setxattr(new, name, value)
    except OSError as error:
        said = f"its {what} cannot be kept ({reason(error)})"
        raise InputError(f"{path}: {said}, so it is not rewritten") from None


def _attributes(path: str | Path) -> dict[str, bytes]:
    """Return a file's extended attributes, which include its access list."""
    try:
        names = os.listxattr(path)
    except OSError:  # the file system does not support them
        return {}
    return {name: os.getxattr(path, name) for name in names}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _written_beside(target: Path, data: bytes) -> str:
    """Write the new content next to a file, first readable by its owner only; return its path."""
    # A short name of its own: one that includes the file's name might be too long.
    handle, new = tempfile.mkstemp(prefix=".flaglift-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        os.unlink(new)
        raise
    return new


def check_unchanged(path: str, expected: bytes, otherwise: str) -> None:
    """Raise `ChangedMeanwhileError`, with what follows from it, if a file has another content."""
    if read_named(path) != expected:
        raise ChangedMeanwhileError(f"{path}: was changed meanwhile, so {otherwise}")
