"""Checks of a server before the first change: its mode, poolers, replicas, space."""

import os
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from flaglift.migrate.space import check_folder
from flaglift.migrate.store import Check

_STRICT = "STRICT_ALL_TABLES"


def check_server(connection: Connection) -> list[Check]:
    """Check the server or file that contains a table."""
    look = {"postgresql": _check_postgresql, "sqlite": _check_sqlite}
    return look.get(connection.dialect.name, _check_mysql)(connection)


_SENDERS = (
    "SELECT DISTINCT coalesce(nullif(application_name, ''), host(client_addr), 'without a name')"
    " FROM pg_stat_replication ORDER BY 1"
)
_SLOTS = "SELECT slot_name FROM pg_replication_slots WHERE slot_type = 'logical' ORDER BY 1"


def _check_postgresql(connection: Connection) -> list[Check]:
    if connection.execute(text("SELECT pg_is_in_recovery()")).scalar():
        return [_REPLICA]
    checks = []
    driver: Any = connection.connection.driver_connection
    checks += _behind_pooler(connection, "SELECT pg_backend_pid()", driver.info.backend_pid)
    checks += [_read_by(name) for name in connection.execute(text(_SENDERS)).scalars()]
    checks += [
        Check("note", "replica", f"the replication slot `{name}` passes every change on")
        for name in connection.execute(text(_SLOTS)).scalars()
    ]
    return checks


def _behind_pooler(connection: Connection, query: str, session: int) -> list[Check]:
    """Return a check if the server's session is not the one that the client connected to."""
    if connection.execute(text(query)).scalar() == session:
        return []
    return [
        Check(
            "pass",
            "pooler",
            "a pooler or a proxy stands before the server: nothing of a session outlives a"
            " transaction, and no statement is prepared on it",
        )
    ]


_REPLICA = Check(
    "note",
    "replica",
    "the server is read-only or a replica: apply needs the one that is written to",
)
_DUMPS = (
    "SELECT DISTINCT host FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'"
    " ORDER BY 1"
)


def _read_by(name: str) -> Check:
    return Check(
        "note",
        "replica",
        f"the replica `{name}` follows this server; --max-replica-lag lets it keep up",
    )


def _check_mysql(connection: Connection) -> list[Check]:
    modes = str(connection.execute(text("SELECT @@SESSION.sql_mode")).scalar())
    checks = [
        Check("pass", "sql_mode", f"{_STRICT}: what a column cannot hold is refused, and not cut")
        if _STRICT in modes.split(",")
        else Check(
            "refuse",
            "sql_mode",
            f"{_STRICT} does not hold, so the server may cut or change what is written;"
            " connect without a proxy that drops a session's settings",
        )
    ]
    if connection.execute(text("SELECT @@GLOBAL.read_only")).scalar():
        checks.append(_REPLICA)
    driver: Any = connection.connection.driver_connection
    checks += _behind_pooler(connection, "SELECT CONNECTION_ID()", driver.thread_id())
    hosts = connection.execute(text(_DUMPS)).scalars()
    return [*checks, *map(_read_by, dict.fromkeys(host.partition(":")[0] for host in hosts))]


def _check_sqlite(connection: Connection) -> list[Check]:
    # Rows are rewritten, their pages go to the rollback journal, and a run keeps a journal.
    path = Path(str(connection.engine.url.database)).resolve()
    checks = check_folder(path.parent, path.stat().st_size)
    if not os.access(path, os.W_OK):
        checks.append(Check("note", "rights", f"{path} cannot be written, and apply changes it"))
    return checks
