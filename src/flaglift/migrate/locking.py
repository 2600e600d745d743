"""One run at a time on a source, even after a SIGKILL: the operating system frees the lock."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from flaglift.errors import InputError
from flaglift.migrate.errors import LockedError

_ELSEWHERE = "--journal PATH puts the journal and its lock elsewhere"


def lock_path(path: Path) -> Path:
    """Return the path of the lock file of a journal."""
    return path.with_name(f"{path.name}-lock")


@contextmanager
def file_lock(path: Path, what: str) -> Iterator[None]:
    """Hold a lock file while the block runs.

    It is a SQLite transaction, which works on every system and ends with the process. The
    file stays: removing it would let a third run lock another one. Raises `LockedError` if another
    process holds it.
    """
    with closing(_begun(path, what)):
        yield


def _begun(path: Path, what: str) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(path, timeout=0, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if "locked" in str(error):
            raise LockedError(
                f"{what}: another run is working on it; `flaglift migrate status` shows it"
            ) from None
        full = getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
        do = "free some space and run the same command again" if full else _ELSEWHERE
        raise InputError(f"{path}: the lock file cannot be written: {error}; {do}") from None
    return connection
