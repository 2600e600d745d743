"""`flaglift check --watch`."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from flaglift.cli import tell
from flaglift.cli.check_files import Project
from flaglift.errors import ConfigError, FlagliftError
from flaglift.files import signature

_PAUSE = 200
"""In milliseconds: the watcher is ready at its first report, which comes within this time."""

_State = dict[str, tuple[int, ...]] | str
"""Changes if a file does: the time, size and inode of each file; or an error message."""


def watch_and(
    paths: Sequence[str], project: Callable[[], Project], check: Callable[[Project], int]
) -> NoReturn:
    """Check now, and again after each change to a file that is checked, until Ctrl-C.

    Raises `ConfigError` if the package for it is not installed, or there is nothing to watch.
    """
    try:
        from watchfiles import watch
    except ModuleNotFoundError:
        raise ConfigError(
            "--watch needs `watchfiles`, which is not installed; "
            "install flaglift with its extra: pip install 'flaglift[watch]'"
        ) from None
    if "-" in paths:
        raise ConfigError("--watch cannot watch standard input")
    folders = [path for path in paths or [os.curdir] if os.path.isdir(path)]
    # A file saved by renaming another over it has a new inode, and only its folder is notified.
    files = [
        name for path in paths if path not in folders for name in (path, os.path.realpath(path))
    ]
    parents = [os.path.dirname(path) or os.curdir for path in files]
    watcher = watch(
        *dict.fromkeys([*folders, *parents]),
        recursive=bool(folders),
        rust_timeout=_PAUSE,
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    next(watcher)
    state: _State | None = None
    while True:
        # Taken before the check, so that changes during the check are not missed.
        current = _state(project)
        if current != state:
            state = current
            _once(lambda: check(project()))
        while not next(watcher):
            pass


def _state(project: Callable[[], Project]) -> _State:
    try:
        return {path: signature(path) for path in project().watched()}
    except FlagliftError as error:
        return str(error)


def _once(check: Callable[[], int]) -> None:
    """Check; an error is printed, and may be gone after the next change."""
    tell(f"flaglift: checking at {time.strftime('%H:%M:%S')}")
    try:
        check()
    except FlagliftError as error:
        tell(f"flaglift: {error}")
    sys.stdout.flush()
