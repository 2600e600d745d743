"""One run at a time on a table: a row says who is working on it, and until when.

A session lock would stay with a pooler's connection, or be released with it. The row is
renewed in the transaction of every chunk: a run that has lost it cannot write any more.
"""

import os
import secrets
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    delete,
    exc,
    insert,
    literal_column,
    select,
    update,
)

from flaglift.errors import FlagliftError
from flaglift.migrate.clock import now, who
from flaglift.migrate.errors import LockedError, UnavailableError
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.session import Session

_LEASE_SECONDS = 60
_WAIT_SECONDS = 5
"""How long a second run waits for the first, which may be about to end."""
_CLOCKS = {
    "postgresql": "CAST(floor(extract(epoch FROM clock_timestamp())) AS BIGINT)",
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER)",
}


def _machine() -> str:
    """Return an identifier of the machine, in which process numbers are comparable."""
    space = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {os.readlink(space) if space.exists() else ''}"


_HELD: set[str] = set()
"""The leases in use by this process."""


class Lease:
    """The right to work on one source, while it is renewed."""

    def __init__(self, session: Session, ledger: SqlLedger, source: str) -> None:
        self._session = session
        self._table = ledger.leases_table
        self._source = source
        self._owner = secrets.token_hex(16)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold it while the block runs. Raises as `take` does."""
        self.take()
        try:
            yield
        finally:
            self.release()

    def take(self) -> None:
        """Take it, waiting if necessary.

        Raises `LockedError` if another run holds it, `UnavailableError` if the database stays away.
        """
        _HELD.add(self._owner)
        try:
            self._wait()
        except BaseException:
            _HELD.discard(self._owner)
            raise

    def _wait(self) -> None:
        until = time.monotonic() + _WAIT_SECONDS
        while (refusal := self._refusal()) is not None:
            if time.monotonic() > until:
                raise refusal
            time.sleep(0.2)

    def _refusal(self) -> FlagliftError | None:
        """Try to take it; return why that failed.

        InnoDB lets two runs look for a missing row at once, and ends one of the transactions when
        both insert it. Tried again at once, they may meet again.
        """
        try:
            holder = self._try()
        except UnavailableError as error:
            self._session.close()
            return error
        if holder is None:
            return None
        return LockedError(
            f"{self._session.name}: another run is working on it ({holder});"
            " `flaglift migrate status` shows it. If it was killed on another machine, try"
            f" again in {_LEASE_SECONDS} seconds"
        )

    def _try(self) -> str | None:
        """Return who holds it; None if it is ours now."""
        table = self._table
        with self._session.begin(write=True) as connection:
            query = select(table).where(table.c.source == self._source).with_for_update()
            row = connection.execute(query).first()
            if row is not None and row.expires > self._now(connection) and not _is_dead(row):
                return f"{row.holder}, process {row.pid}, since {row.taken}"
            mine = {
                "owner": self._owner,
                "holder": who(),
                "machine": _machine(),
                "pid": os.getpid(),
                "taken": now(),
                "expires": self._now(connection) + _LEASE_SECONDS,
            }
            if row is not None:
                connection.execute(update(table).where(table.c.source == self._source).values(mine))
                return None
            try:
                # No savepoint: an InnoDB deadlock would remove it.
                connection.execute(insert(table).values(source=self._source, **mine))
            except exc.IntegrityError:
                connection.rollback()
                return "begun at the same moment"
        return None

    def _now(self, connection: Connection) -> int:
        return int(connection.execute(select(_clock(connection))).scalar_one())

    def renew(self, connection: Connection) -> None:
        """Renew it, in the transaction of a chunk.

        Raises `LockedError`, which rolls the chunk back, if another run has taken it over.
        """
        table = self._table
        mine = (table.c.source == self._source, table.c.owner == self._owner)
        expires = _clock(connection) + _LEASE_SECONDS
        if connection.execute(update(table).where(*mine).values(expires=expires)).rowcount != 1:
            raise LockedError(
                f"{self._session.name}: another run has taken over, since this one was silent for"
                f" {_LEASE_SECONDS} seconds; everything written so far is kept"
            )

    def release(self) -> None:
        """Release it; if that fails, it expires."""
        _HELD.discard(self._owner)
        table = self._table
        with suppress(FlagliftError), self._session.begin(write=True) as connection:
            connection.execute(
                delete(table).where(table.c.source == self._source, table.c.owner == self._owner)
            )

    def is_held(self) -> bool:
        """Return whether a run is working on the source now."""
        table = self._table
        with self._session.begin() as connection:
            row = connection.execute(select(table).where(table.c.source == self._source)).first()
            return row is not None and row.expires > self._now(connection) and not _is_dead(row)


def _clock(connection: Connection) -> ColumnElement[int]:
    """Return the server's own time in seconds."""
    return literal_column(_CLOCKS.get(connection.dialect.name, "UNIX_TIMESTAMP()"), BigInteger)


def _is_dead(row: Row[Any]) -> bool:
    """Return whether the holder was a process of this machine that has ended."""
    if os.name != "posix" or row.machine != _machine():
        return False
    if row.pid == os.getpid():
        return row.owner not in _HELD
    try:
        os.kill(row.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # alive, and owned by another user
        return False
    return False
