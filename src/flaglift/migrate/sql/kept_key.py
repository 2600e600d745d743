"""The key by which a run names rows: kept when it begins, compared before it goes on."""

from collections.abc import Iterable

from sqlalchemy import Connection, exc

from flaglift.errors import InputError
from flaglift.migrate.sql.key_columns import Key
from flaglift.migrate.sql.keys import key_of
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.messages import may_pass
from flaglift.migrate.sql.rights import aside
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.store import MigrationRun


def kept_key(key: Key) -> dict[str, str]:
    """Return what a run keeps of the key of its table: the types of its columns, in order."""
    return {each.column.name: each.kind or str(each.column.type).lower() for each in key.columns}


def check_kept_key(
    connection: Connection, ledger: SqlLedger, rows: Rows, run: MigrationRun
) -> None:
    """Raise `InputError` if the rows of a run are not found by the key that its table has now."""
    now, old = kept_key(rows.source.key), run.info.get("key")
    if old is None:  # a run of an earlier version
        count = len(now) if run.cursor is None else len(key_of(run.cursor["key"]))
        if count == len(now):
            return
        was = f"had {count} column{'s' * (count > 1)}"
    elif list(map(str.lower, old)) != list(map(str.lower, now)):
        was = f"was {_named(old)}"
    elif old != now and not _finds_any(connection, ledger, rows, run):
        was = f"was of the type {', '.join(map(str, old.values()))}"
    else:
        return
    raise InputError(
        f"the primary key {was} when the run {run.id} began, and is {_named(now)} of the type"
        f" {', '.join(now.values())} now, by which its rows are not found; change it back"
    )


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _finds_any(connection: Connection, ledger: SqlLedger, rows: Rows, run: MigrationRun) -> bool:
    """Return whether rows of a run are found: many another type spells keys the same."""
    blocks = (ledger.block(connection, run, 0), ledger.block_before(connection, run, 0))
    tried = {key_of(entry.key) for block in blocks if block for entry in block.entries}
    try:
        with aside(connection):
            return not tried or not tried.isdisjoint(rows.read_keys(connection, [*tried]))
    except exc.DBAPIError as error:  # the type does not take such a value
        if may_pass(error):
            raise
        return False
