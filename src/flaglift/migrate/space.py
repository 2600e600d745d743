"""Checks whether a migration can write its files into a folder."""

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
