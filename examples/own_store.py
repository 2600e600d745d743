"""A store of one's own: a folder of JSON files, one for each prompt.

    flaglift migrate plan python:own_store:open_folder
    flaglift migrate apply python:own_store:open_folder
    flaglift migrate undo python:own_store:open_folder

A store has three functions: `read` what comes after a key, `get` one record, and `replace` values
if nobody has changed them meanwhile. If others write to it, `last` tells where a run is to end.
flaglift keeps the journal, and does all else.
"""

import fcntl
import json
import os
from bisect import bisect_right
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Folder:
    """Files such as `7.json` with `{"text": "...", "video_model": null}`; `7` is the key."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        """Return up to `count` records after a key, in the order of their keys."""
        keys = sorted(file.stem for file in self.path.glob("*.json"))
        start = 0 if after is None else bisect_right(keys, after)
        read = [(key, self.get(key)) for key in keys[start : start + count]]
        return [(key, values) for key, values in read if values is not None]

    def last(self) -> str | None:
        """Return the last key; None if there is no record."""
        return max((file.stem for file in self.path.glob("*.json")), default=None)

    def get(self, key: str) -> Mapping[str, Any] | None:
        """Return a record; None where there is none."""
        try:
            values: Mapping[str, Any] = json.loads((self.path / f"{key}.json").read_bytes())
        except FileNotFoundError:
            return None
        return values

    def replace(self, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        """Write a record if it still has the values of `before`."""
        with (self.path / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the application takes the same lock to write
            current = self.get(key)
            if current is None or any(current.get(name) != before[name] for name in before):
                return False
            new = self.path / f"{key}.new"
            new.write_text(json.dumps({**current, **after}), encoding="utf-8")
            os.replace(new, self.path / f"{key}.json")
        return True


def open_folder() -> Folder:
    """Return the store that `python:own_store:open_folder` names."""
    return Folder(Path(os.environ.get("PROMPTS", "prompts")))
