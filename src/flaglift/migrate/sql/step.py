"""Writes a chunk of a table: rows, journal and checkpoint in one transaction."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy import Connection, exc

from flaglift.emit.form import agree
from flaglift.errors import InputError
from flaglift.migrate.clock import now
from flaglift.migrate.files.patches import patch_of
from flaglift.migrate.records import Cursor, JournalEntry, Problem, StoredRecord
from flaglift.migrate.sql.blocks import encoded_block
from flaglift.migrate.sql.capacity import plain_value
from flaglift.migrate.sql.changes import RowChanges, RowWrite, TableChanges
from flaglift.migrate.sql.fetching import Row
from flaglift.migrate.sql.keys import key_text, to_json
from flaglift.migrate.sql.ledger import SqlLedger
from flaglift.migrate.sql.messages import may_pass, safe_message
from flaglift.migrate.sql.rows import Rows
from flaglift.migrate.sql.updates import Values
from flaglift.migrate.store import ChangeRefusal, MigrationRun
from flaglift.migrate.tally import Tally

REFUSED = "refused-by-database"
"""The pseudo-code of a row that the database rejects."""
ALTERED = "altered"
"""The key under which a run counts rows that the database stored differently."""
NOT_ALLOWED = "not-allowed"
"""The pseudo-code of a row that the account can see but not change."""


Update = Callable[[], int]
"""Writes rows, and returns how many the database changed."""
IsWritten = Callable[[Mapping[Row, Row]], bool]
"""Returns whether rows, as they are now, are as they were to be written."""


class SqlStep:
    """A chunk of a table that is being written."""

    def __init__(
        self, connection: Connection, ledger: SqlLedger, rows: Rows, run: MigrationRun
    ) -> None:
        self.run: MigrationRun = run
        self._connection = connection
        self._ledger = ledger
        self._rows = rows

    def moved(self, made: TableChanges) -> Mapping[str, StoredRecord | ChangeRefusal | None]:
        """Lock the rows, and return those changed since they were read."""
        rows = made.rows
        keys = list(map(self._rows.key, rows))
        if self._is_unchanged(made.version) and _are_numbers(keys):
            return {}
        locked = self._rows.lock(self._connection, keys)
        if locked == dict(zip(keys, rows, strict=True)):
            return {}
        lost = [key for key in keys if key not in locked]
        moved: dict[str, StoredRecord | ChangeRefusal | None] = (
            {**self._not_locked(lost)} if lost else {}
        )
        for row, key in zip(rows, keys, strict=True):
            current = locked.get(key)
            if current is not None and current != row:
                read = self._rows.record(current)
                # A row that cannot be read any more is left alone, like a deleted one.
                moved[key_text(key)] = None if isinstance(read, Problem) else read
        return moved

    def _is_unchanged(self, version: Any) -> bool:
        """Return whether nobody has written to the database since a version of it."""
        return version is not None and version == self._rows.version(self._connection)

    def _not_locked(self, keys: Sequence[Any]) -> Mapping[str, ChangeRefusal | None]:
        """Return which rows exist but may not be changed, and which were deleted.

        Raises `InputError` for an existing row that is not found by its key.
        """
        seen = self._rows.read_keys(self._connection, keys)
        for key in keys:
            if key not in seen and self._rows.is_there(self._connection, key):
                raise InputError(
                    f"the row {key_text(key)} is not found again by its key, which the database"
                    " does not compare as it gives it; export the table to a file, or add a key of"
                    " numbers or texts"
                )
        refusal = ChangeRefusal(NOT_ALLOWED, "this account may read the row and not change it")
        return {key_text(key): refusal if key in seen else None for key in keys}

    def write(self, made: TableChanges) -> Mapping[str, ChangeRefusal]:
        """Write the rows and their journal entries; return the rows that the database refuses."""
        if made.columns and not self._write_columns(made.columns):
            made = made.one_by_one()
        before = {self._rows.key(write.row): write.row for write in made.writes}
        writes = {key: write.values for key, write in zip(before, made.writes, strict=True)}
        stored: dict[Row, Row] = {}
        refusals = self._write(writes, before, stored)
        written = [
            (write, stored[key])
            for key, write in zip(before, made.writes, strict=True)
            if key not in refusals
        ]
        if written or made.columns:
            first = self.run.tally.changed + 1
            entries = [self._entry(number, *each) for number, each in enumerate(written, first)]
            data = encoded_block(entries, made.columns)
            self._ledger.add(self._connection, self.run, first, data)
            altered = sum(self._reads_otherwise(row, writes[key]) for key, row in stored.items())
            if altered:
                altered += self.run.info.get(ALTERED, 0)
                self.run = replace(self.run, info={**self.run.info, ALTERED: altered})
        return {key_text(key): refusal for key, refusal in refusals.items()}

    def _write_columns(self, changes: RowChanges) -> bool:
        """Write rows, if the database takes and keeps all of the new values; return whether.

        Once it has kept other values, rows are written one by one.
        """
        keys = changes.keys

        def update() -> int:
            new = zip(changes.values, keys, strict=True)
            rows = [(*values, *key) for values, key in new]
            return self._rows.update_alike(self._connection, changes.names, rows)

        if self.run.info.get(ALTERED):
            return False
        return not isinstance(self._attempt(keys, update, changes.are_written), str)

    def _write(
        self, writes: Mapping[Row, Values], before: Mapping[Row, Row], stored: dict[Row, Row]
    ) -> dict[Row, ChangeRefusal]:
        """Write the rows that the database accepts: a failing batch is bisected down to the row.

        All are by key. `stored` receives the rows as they are read back.
        """
        refusals: dict[Row, ChangeRefusal] = {}
        parts = [list(writes)] if writes else []
        while parts:
            part = parts.pop()
            new = {key: writes[key] for key in part}
            made = self._attempt(
                part,
                partial(self._rows.update, self._connection, new.items()),
                partial(self._is_written, new, before),
            )
            if not isinstance(made, str):
                stored.update(made)
            elif len(part) == 1:
                refusals[part[0]] = ChangeRefusal(REFUSED, made)
            else:
                middle = len(part) // 2
                parts += [part[middle:], part[:middle]]
        return refusals

    def _attempt(
        self, keys: Sequence[Row], update: Update, is_written: IsWritten
    ) -> Mapping[Row, Row] | str:
        """Write rows and return them as they are now, or write none of them and return why."""
        savepoint = self._connection.begin_nested()
        try:
            changed = update()
            # Read whatever the number is: it is higher where several rows have one key.
            stored = self._rows.read_keys(self._connection, keys)
            if changed == len(keys) and is_written(stored):
                savepoint.commit()
                return stored
        except exc.DBAPIError as error:
            if may_pass(error):
                raise
            self._check_transaction(error)
            savepoint.rollback()
            return f"the database refuses it: {safe_message(error)}"
        savepoint.rollback()
        return (
            "the database leaves it, or a value in it, as it is: a trigger, a rule or a policy"
            " holds it back"
        )

    def _check_transaction(self, error: exc.DBAPIError) -> None:
        """Raise `InputError` if the whole transaction is gone, as SQLite's RAISE(ROLLBACK) does."""
        driver: Any = self._connection.connection.driver_connection
        if self._connection.dialect.name == "sqlite" and not driver.in_transaction:
            raise InputError(
                f"a row ended the whole transaction ({safe_message(error)}), so nothing of this"
                " chunk was written: have the trigger say RAISE(ABORT) in place of"
                " RAISE(ROLLBACK), and run the same command again to resume"
            )

    def _is_written(
        self, new: Mapping[Row, Values], before: Mapping[Row, Row], stored: Mapping[Row, Row]
    ) -> bool:
        """Return whether no row kept an old value instead of the one written."""
        return not any(
            self._keeps(stored.get(key), before[key], values) for key, values in new.items()
        )

    def _keeps(self, now: Row | None, before: Row, values: Values) -> bool:
        """Return whether a row kept an old value instead of the one written, or is gone."""
        value_of = self._rows.value
        return now is None or any(
            value_of(now, name) == value_of(before, name) for name in self._others(now, values)
        )

    def _reads_otherwise(self, now: Row, values: Values) -> bool:
        """Return whether a row has another value than was written; documents may be respelled."""
        return not self._rows.source.is_json and bool(self._others(now, values))

    def _others(self, row: Row, values: Values) -> list[str]:
        """Return the fields of a row whose values differ from those written."""
        places = self._rows.places
        return [
            name
            for name, value in values.items()
            if row[places[name]] != value
            if not agree(plain_value(self._rows.source.columns[name], row[places[name]]), value)
        ]

    def _entry(self, number: int, write: RowWrite, stored: Row) -> JournalEntry:
        """Return the journal's entry: the values before, and those that the database stored."""
        before = write.row
        key = key_text(self._rows.key(before))
        if self._rows.source.is_json:
            old, new = (self._rows.text(row).encode() for row in (before, stored))
            kept = {"sha256": hashlib.sha256(old).hexdigest()}
            return JournalEntry(number, key, kept, {}, write.codes, patch_of(old, new))
        places = [(name, self._rows.places[name]) for name in write.values]
        return JournalEntry(
            number,
            key,
            {name: to_json(before[place]) for name, place in places},
            {name: to_json(stored[place]) for name, place in places},
            write.codes,
        )

    def checkpoint(self, cursor: Cursor, tally: Tally) -> None:
        """Save the run's position."""
        self.run = replace(self.run, cursor=cursor, tally=tally, updated=now())
        self._ledger.save(self._connection, self.run)


def _are_numbers(keys: Sequence[Row]) -> bool:
    """Return whether keys are of whole numbers, which every database finds again by `=`."""
    return all(type(part) is int for key in keys for part in key)
