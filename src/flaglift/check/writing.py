"""Replaces a file atomically, so that no one ever sees half of it; its metadata is kept."""

import os
import stat
import tempfile
from pathlib import Path

from flaglift.check.reading import read_named
from flaglift.errors import InputError, reason


class ChangedMeanwhileError(InputError):
    """Somebody else changed a file after it was read."""


def write_file(path: str, data: bytes, *, instead_of: bytes | None = None) -> None:
    """Replace a file's content in one step: written next to it, synced, renamed.

    A link stays a link; permissions, owner, access lists and other extended attributes stay. Raises
    `InputError` where that cannot be, for a file that is read-only, has several names or is no
    regular one, and for one that no longer holds what is to be replaced; it is then as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        status = target.stat()
        hindrance = _hindrance(target, status)
        if hindrance:
            raise InputError(f"{path}: {hindrance}, so it is not rewritten")
        new = _written_beside(target, data)
        try:
            _keep(path, target, status, new)
            _check_unchanged(path, instead_of)
            os.replace(new, target)
        except BaseException:
            os.unlink(new)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def create_file(path: Path, data: bytes) -> None:
    """Write a file in one step, whether it is there or not.

    Raises `InputError` if that fails.
    """
    if path.exists():
        write_file(str(path), data)
        return
    try:
        new = _written_beside(path, data)
        os.chmod(new, 0o666 & ~_umask())
        os.replace(new, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def _hindrance(target: Path, status: os.stat_result) -> str:
    """Return why a file is not to be replaced; empty if nothing speaks against it."""
    if not stat.S_ISREG(status.st_mode):
        return "is not a regular file"
    if status.st_nlink > 1:
        return f"has {status.st_nlink} names (hard links), which would be separated"
    # Who may write all files, as root may, would not be told by the system.
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
    """Return a file's extended attributes; its access list is one of them."""
    try:
        names = os.listxattr(path)
    except OSError:  # the file system has none
        return {}
    return {name: os.getxattr(path, name) for name in names}


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _written_beside(target: Path, data: bytes) -> str:
    """Write the new content next to a file and return where; only its owner may read it yet."""
    # A short name of its own: with the file's name in it, it might be too long.
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


def _check_unchanged(path: str, expected: bytes | None) -> None:
    if expected is not None and read_named(path) != expected:
        raise ChangedMeanwhileError(f"{path}: was changed meanwhile, so it is not rewritten")
