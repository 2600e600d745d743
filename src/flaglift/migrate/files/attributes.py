"""Metadata of a file: owner, permissions, extended attributes, hard links."""

import os
import stat
from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.files.output import writing


def keep_attributes(path: Path, like: Path) -> list[str]:
    """Give a file the attributes of another; return descriptions of those that could not be set.

    The permissions come last: they may open the file to others, or to its owner only.
    Raises `InputError` if the file itself cannot be changed.
    """
    wanted = like.stat()
    lost = _keep_owner(path, wanted) + _keep_extended(path, like)
    with writing(path):
        path.chmod(stat.S_IMODE(wanted.st_mode))
    return lost


def _keep_owner(path: Path, wanted: os.stat_result) -> list[str]:
    now = path.stat()
    if (now.st_uid, now.st_gid) == (wanted.st_uid, wanted.st_gid):
        return []
    try:
        os.chown(path, wanted.st_uid, wanted.st_gid)
    except PermissionError:
        return [f"owner {wanted.st_uid}:{wanted.st_gid}"]
    return []


def _keep_extended(path: Path, like: Path) -> list[str]:
    """Copy extended attributes, which include access control lists, where supported."""
    lost = []
    for name in _extended(like):
        value = os.getxattr(like, name)
        try:
            if name not in _extended(path) or os.getxattr(path, name) != value:
                os.setxattr(path, name, value)
        except OSError:
            lost.append(f"attribute {name}")
    return lost


def _extended(path: Path) -> list[str]:
    try:
        return os.listxattr(path)
    except (AttributeError, OSError):  # another system than Linux, or a file system without any
        return []


def check_replaceable(path: Path, result: Path) -> None:
    """Raise `InputError` if a result cannot replace a file with all of its metadata."""
    if path.stat().st_nlink > 1:
        raise InputError(
            f"{path}: has other names, which are hard links and would keep the old content; write"
            " the result with --to, and copy it over the file"
        )
    lost = keep_attributes(result, path)
    if lost:
        raise InputError(
            f"{path}: this account cannot keep its {', '.join(lost)} with --replace; run as its"
            " owner, or write the result with --to and copy it over the file"
        )
