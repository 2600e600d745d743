"""The current load of a database, so that a migration can yield to other clients."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from flaglift.errors import InputError
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.sql.connection import server_url
from flaglift.migrate.sql.session import Session

_SEES_ALL = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
_ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_LAG = "SELECT coalesce(max(extract(epoch FROM replay_lag)), 0) FROM pg_stat_replication"
_BEHIND = ("Seconds_Behind_Master", "Seconds_Behind_Source")
_THREADS = "SHOW GLOBAL STATUS LIKE 'Threads_running'"


def pressure_on(connection: Connection) -> Mapping[str, float]:
    """Return `load` and `lag`, as far as this kind of database reports them.

    Raises `InputError` if PostgreSQL shows the account only its own statements.
    """
    match connection.dialect.name:
        case "postgresql":
            if not connection.execute(text(_SEES_ALL)).scalar():
                raise InputError(
                    "the account does not see what others run: GRANT pg_read_all_stats TO it"
                )
            active, lag = (connection.execute(text(q)).scalar_one() for q in (_ACTIVE, _LAG))
            return {"load": float(active), "lag": float(lag)}
        case "sqlite":
            return {}
        case _:
            # A primary does not know how far behind its replicas are.
            return {"load": float(connection.execute(text(_THREADS)).one()[1]) - 1}


class Replicas:
    """Replicas of MySQL or MariaDB: only they know how far they lag behind their primary."""

    def __init__(self, addresses: Sequence[str]) -> None:
        """Raise `InputError` for an invalid address."""
        self._sessions = []
        for address in addresses:
            url = server_url(address)
            name = url.set(drivername="mysql", query={}).render_as_string()
            if url.get_backend_name() not in ("mysql", "mariadb"):
                raise InputError(f"{name}: --replica is for MySQL and MariaDB")
            self._sessions.append(Session(url, name))

    def check(self) -> None:
        """Raise `InputError` if a server is not a replica, `UnavailableError` if it is down."""
        for session in self._sessions:
            _seconds_behind(session)

    def lag(self) -> float:
        """Return the lag of the slowest in seconds; infinity if one is down or not replicating."""
        return max(map(_lag, self._sessions))

    def close(self) -> None:
        """Close the connections."""
        for session in self._sessions:
            session.close()


def _lag(session: Session) -> float:
    try:
        return _seconds_behind(session)
    except UnavailableError:
        session.close()
        return math.inf


def _seconds_behind(session: Session) -> float:
    with session.begin() as connection:
        rows = connection.execute(text(status_statement(connection.dialect))).mappings().all()
    if not rows:
        raise InputError(f"{session.name}: is not a replica")
    lags = [row[name] for row in rows for name in _BEHIND if name in row]
    return max(math.inf if lag is None else float(lag) for lag in lags)


def status_statement(dialect: Any) -> str:
    """Return the statement that shows the state of all replication channels of a server."""
    if dialect.is_mariadb:
        return "SHOW ALL SLAVES STATUS"
    renamed = dialect.server_version_info >= (8, 0, 22)
    return f"SHOW {'REPLICA' if renamed else 'SLAVE'} STATUS"
