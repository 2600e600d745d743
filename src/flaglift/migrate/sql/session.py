"""One connection to a table: found again when it is lost, and locked against a second run."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import Connection, text
from sqlalchemy.engine import URL

from flaglift.migrate.errors import LockedError
from flaglift.migrate.locking import file_lock
from flaglift.migrate.sql.connection import connect_engine, speaking

_LOCK_SECONDS = 5
"""A server may take a moment to notice that a killed run is gone."""


class Session:
    """A connection that is opened when it is needed."""

    def __init__(self, url: URL, name: str, *, write: bool) -> None:
        """Prepare it. Raises `InputError` for a missing driver or a missing SQLite file."""
        self.url = url
        self.name = name
        self._engine = connect_engine(url, write=write)
        self._connection: Connection | None = None
        self._locked = False

    @property
    def dialect(self) -> str:
        """`postgresql`, `mysql`, `mariadb` or `sqlite`."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self, *, write: bool = False) -> Iterator[Connection]:
        """Run the block in a transaction: all of it, or nothing if it raises.

        Raises `UnavailableError` where it can be tried again, `InputError` where it cannot.
        """
        with speaking(self.name):
            if self._connection is None:
                self._connection = self._engine.connect()
            connection = self._connection.execution_options(flaglift_write=write)
            with connection.begin():
                yield connection

    def reconnect(self) -> None:
        """Open a new connection, and take the lock again if it was held."""
        self.close()
        if self._locked:
            self._take_lock()

    @contextmanager
    def locked(self, table: str) -> Iterator[None]:
        """Keep other runs away from a table while the block runs. Raises `LockedError`."""
        # MySQL's locks are those of the whole server, so the database is part of the name.
        name = f"flaglift {self.url.database} {table}"
        self._lock_name = hashlib.sha256(name.encode()).hexdigest()[:40]
        with ExitStack() as stack:
            if self.dialect == "sqlite":
                path = Path(self.url.database or "")
                beside = path.with_name(f"{path.name}.flaglift-lock")
                stack.enter_context(file_lock(beside, self.name))
            else:
                self._locked = True
                stack.callback(self._unlock)
                self._take_lock()
            yield

    def _take_lock(self) -> None:
        until = time.monotonic() + _LOCK_SECONDS
        while not self._try_lock():
            if time.monotonic() > until:
                raise LockedError(
                    f"{self.name}: another run is working on it; `flaglift migrate status` shows it"
                )
            time.sleep(0.2)

    def _try_lock(self) -> bool:
        # Locks of the session: they outlive transactions, and end with the connection.
        query = "SELECT pg_try_advisory_lock(('x' || left(:name, 15))::bit(60)::bigint)"
        if self.dialect != "postgresql":
            query = "SELECT GET_LOCK(:name, 0)"
        with self.begin() as connection:
            return bool(connection.execute(text(query), {"name": self._lock_name}).scalar())

    def _unlock(self) -> None:
        self._locked = False
        self.close()

    def close(self) -> None:
        """Close the connection; a lost one closes quietly."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.invalidate()
            connection.close()
