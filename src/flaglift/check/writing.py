"""Replaces a file in one step, so that nobody ever sees half of it."""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from flaglift.check.reading import read_named
from flaglift.errors import InputError, reason


class ChangedMeanwhileError(InputError):
    """Somebody else changed a file after it was read."""


def write_file(path: str, data: bytes, *, instead_of: bytes | None = None) -> None:
    """Replace a file's content in one step: written beside, synced, renamed.

    A link stays a link; the permissions stay, and the owner where that is allowed. Raises
    `InputError` where it fails, for what is no regular file, and for a file that no longer holds
    what is to be replaced; it is then as it was.
    """
    target = Path(os.path.realpath(path))
    try:
        status = target.stat()
        if not stat.S_ISREG(status.st_mode):
            raise InputError(f"{path}: is no regular file, so it is not rewritten")
        beside = _written_beside(target, data, stat.S_IMODE(status.st_mode), status)
        try:
            _check_unchanged(path, instead_of)
            os.replace(beside, target)
        except BaseException:
            os.unlink(beside)
            raise
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def create_file(path: Path, data: bytes) -> None:
    """Write a file in one step, whether it is there or not.

    Raises `InputError` where that fails.
    """
    if path.exists():
        write_file(str(path), data)
        return
    try:
        os.replace(_written_beside(path, data, 0o666 & ~_umask()), path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {reason(error)}") from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _written_beside(
    target: Path, data: bytes, mode: int, owner: os.stat_result | None = None
) -> str:
    """Write the new content next to the file, with permissions and an owner; return where."""
    # A short name of its own: with the file's name in it, it might be too long.
    handle, beside = tempfile.mkstemp(prefix=".flaglift-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if owner is not None:
            with suppress(PermissionError):
                os.chown(beside, owner.st_uid, owner.st_gid)
        os.chmod(beside, mode)
    except BaseException:
        os.unlink(beside)
        raise
    return beside


def _check_unchanged(path: str, expected: bytes | None) -> None:
    if expected is not None and read_named(path) != expected:
        raise ChangedMeanwhileError(f"{path}: was changed meanwhile, so it is not rewritten")
