"""What others ask of a database at the moment, so that a migration can stand back."""

from collections.abc import Mapping

from sqlalchemy import Connection, text

from flaglift.errors import InputError

_SEES_ALL = "SELECT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE')"
_ACTIVE = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)
_LAG = "SELECT coalesce(max(extract(epoch FROM replay_lag)), 0) FROM pg_stat_replication"
_THREADS = "SHOW GLOBAL STATUS LIKE 'Threads_running'"


def pressure_on(connection: Connection) -> Mapping[str, float]:
    """Return `load` and `lag`, as far as this kind of database tells them.

    Raises `InputError` where PostgreSQL shows the account its own statements only.
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
