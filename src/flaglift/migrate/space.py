"""Whether a folder takes what a migration writes into it."""

import os
import shutil
from pathlib import Path

from flaglift.migrate.store import Check


def check_folder(folder: Path, needed: int) -> list[Check]:
    """Tell what a folder lacks for files of this many bytes; of one that is not there, nothing."""
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
