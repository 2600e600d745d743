"""Checks whether a migration can create its files in a folder."""

import os
import shutil
from pathlib import Path

from flaglift.migrate.store import Check


def check_folder(folder: Path, needed: int) -> list[Check]:
    """Return what keeps a folder from taking this many bytes; nothing if it does not exist."""
    if not folder.is_dir():
        return []
    if not os.access(folder, os.W_OK):
        return [Check("note", "space", f"{folder} cannot be written, and apply writes into it")]
    free = shutil.disk_usage(folder).free
    if free >= needed:
        return []
    return [
        Check(
            "note",
            "space",
            f"apply may take {needed:,} bytes in {folder}, which has {free:,} free; where the disk"
            " is full it stops, and resumes when there is room",
        )
    ]


def check_name(path: Path, what: str, option: str) -> list[Check]:
    """Return a note if a folder takes no file of this name; `option` gives another one."""
    if not path.parent.is_dir():
        return []
    most = getattr(os, "pathconf", lambda *_: 255)(path.parent, "PC_NAME_MAX")
    excess = len(os.fsencode(path.name)) - most
    if excess <= 0:
        return []
    sentence = (
        f"the name of {what} is {excess} bytes too long; apply needs another one, by {option}"
    )
    return [Check("note", "name", sentence)]
