"""One connection to a database, opened on demand and reopened when lost."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.engine import URL

from flaglift.migrate.sql.connection import Spelling, connect_engine
from flaglift.migrate.sql.messages import translated_errors


class Session:
    """Transactions, one after the other."""

    def __init__(self, url: URL, name: str) -> None:
        """Create it. Raises `InputError` for a missing driver or a missing SQLite file."""
        self.name = name
        self.spelling: Spelling = Spelling(0)
        """What has to be set for keys to be spelled the same in every session."""
        self._engine = connect_engine(url)
        self._connection: Connection | None = None

    @property
    def dialect(self) -> str:
        """`postgresql`, `mysql`, `mariadb` or `sqlite`."""
        return self._engine.dialect.name

    @contextmanager
    def begin(self, *, write: bool = False) -> Iterator[Connection]:
        """Run the block in a transaction: all of it, or nothing if it raises.

        Raises `UnavailableError` if it can be retried, `InputError` if it cannot.
        """
        with translated_errors(self.name):
            if self._connection is None:
                self._connection = self._engine.connect()
            connection = self._connection.execution_options(
                flaglift_write=write, flaglift_spelling=self.spelling
            )
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close the connection; closing a lost one is no error."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.invalidate()
            connection.close()
