"""Tells rows that others edited from those that later runs have changed again.

Undo takes runs back newest first, so a row is as an earlier run wrote it if the later ones are
taken back in thought. Only digests of texts are kept meanwhile.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection

from flaglift.migrate.files.patches import DIGITS, digest_in, digest_of
from flaglift.migrate.records import JournalEntry
from flaglift.migrate.sql.keys import key_of, to_json
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.store import MigrationRun
from flaglift.migrate.undoing import open_among

_Values = dict[str, Any]
"""Values by column, texts as digests."""


def rewritten(
    connection: Connection, ledger: SqlLedger, rows: Rows, run: MigrationRun, keys: Collection[str]
) -> Iterator[str]:
    """Return those of the keys whose rows are as a run wrote them, apart from later runs."""
    later = open_among(ledger.runs(connection, run.source))
    names = [each.id for each in later]
    if not keys or run.id not in names or names[0] == run.id:
        return
    columns = _columns(run)
    found = rows.read_keys(connection, list(map(key_of, keys)))
    held = {
        key: {c: _brief(to_json(rows.value(row, n))) for n, c in columns.items()}
        for key in keys
        if (row := found.get(key_of(key))) is not None
    }
    for other in later[: names.index(run.id)]:
        _take_back(connection, ledger, other, held)
    for block in ledger.blocks(connection, run):
        for entry in block.left:
            if entry.key in held and _written(entry, columns).items() <= held[entry.key].items():
                yield entry.key


def _take_back(
    connection: Connection, ledger: SqlLedger, run: MigrationRun, held: Mapping[str, _Values]
) -> None:
    """Take a run back in the values of the rows that it has changed."""
    columns = _columns(run)
    first = 0
    while (block := ledger.block_before(connection, run, first)) is not None:
        for entry in reversed(block.left):
            values = held.get(entry.key)
            if values is None:
                continue
            written = {c: v for c, v in _written(entry, columns).items() if c in values}
            if written.items() <= values.items():
                values |= {c: v for c, v in _found(entry, columns).items() if c in values}
        first = block.first


def _columns(run: MigrationRun) -> dict[str, str]:
    """Return the columns of a run by the names in its journal."""
    options = run.info["options"]
    document = options["json_column"]
    return {"text": document} if document else {"text": options["text"], **options["targets"]}


def _written(entry: JournalEntry, columns: Mapping[str, str]) -> _Values:
    if entry.patch is not None:
        return {columns["text"]: digest_in(entry.patch)}
    return {columns[name]: _brief(value) for name, value in entry.after.items()}


def _found(entry: JournalEntry, columns: Mapping[str, str]) -> _Values:
    if entry.patch is not None:
        return {columns["text"]: entry.before["sha256"][:DIGITS]}
    return {columns[name]: _brief(value) for name, value in entry.before.items()}


def _brief(value: Any) -> Any:
    return digest_of(value.encode()) if isinstance(value, str) else value
