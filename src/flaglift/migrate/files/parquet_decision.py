"""Decides on rows of a Parquet file by columns, where nothing beside a prompt affects the result.

The rows left are those with a value in a target or in a field that rules read, and those whose
outcome is more than a translation: a refusal, a finding of an unchanged prompt, a settings block.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from flaglift.columns.batch import BatchTranslator
from flaglift.columns.result import UNTOUCHED, ColumnParts, Shared
from flaglift.columns.texts import has_values
from flaglift.context import Context
from flaglift.linting.engine import fields_beside
from flaglift.migrate.decision import decider_of
from flaglift.migrate.files.ledger_blocks import thousand
from flaglift.migrate.files.parquet_columns import as_strings, chosen, values_of
from flaglift.migrate.files.parquet_entries import entries_table
from flaglift.migrate.records import DecidedColumns, Verdict, joined_codes
from flaglift.syntax.flags import FlagName

if TYPE_CHECKING:
    from flaglift.migrate.files.parquet_reader import ParquetReader

_VIDEO_PROMPT = FlagName.VIDEO_PROMPT.field
_LEFT, _PLAIN, _CHANGED = range(3)


class ColumnChanges(NamedTuple):
    """New values of rows, in order."""

    rows: pa.Array
    """Their numbers in the whole file, from 1."""
    values: Mapping[str, pa.Array]
    """By field, as their columns store them; null for a field that stays as it is."""
    entries: pa.RecordBatch | None = None
    """What the journal keeps; None once it has been packed."""
    keys: Collection[str] = ()
    """Where the journal is to find these entries: the keys, or the thousands that they are in."""

    def split(self, row: int) -> "tuple[ColumnChanges, ColumnChanges]":
        """Return the values for the rows before a row, and the others."""
        count = pc.sum(pc.less(self.rows, row)).as_py() or 0
        return self._sliced(0, count), self._sliced(count, len(self.rows) - count)

    def _sliced(self, start: int, count: int) -> "ColumnChanges":
        values = {field: column.slice(start, count) for field, column in self.values.items()}
        return ColumnChanges(self.rows.slice(start, count), values)


def joined_changes(parts: Sequence[ColumnChanges]) -> ColumnChanges | None:
    """Return values for consecutive rows as one; None for none."""
    if not parts:
        return None
    kinds = {field: column.type for part in parts for field, column in part.values.items()}
    values = {
        field: pa.concat_arrays(
            [
                part.values[field] if field in part.values else pa.nulls(len(part.rows), kind)
                for part in parts
            ]
        )
        for field, kind in kinds.items()
    }
    return ColumnChanges(pa.concat_arrays([part.rows for part in parts]), values)


class RowDecisions(NamedTuple):
    """What was decided on the rows of a part of a file."""

    left: pa.Array
    """A mask of the rows to be decided on one by one."""
    plain: int
    """The number of rows without anything like a flag."""
    columns: DecidedColumns
    """The rows to write; its content is of the type `ColumnChanges`."""


class ColumnDecider:
    """Decides on the rows of one file."""

    def __init__(self, form: "ParquetReader", context: Mapping[str, str]) -> None:
        """`context` has the columns of other request fields, by field."""
        job = form.job
        self._form = form
        self._decider = decider_of(job, job.targets)
        beside = fields_beside("", dict.fromkeys(context))
        self._watched = [column for field, column in context.items() if field in beside]
        self._watched += [column for field, column in form.columns.items() if field != "text"]
        self._has_context = bool(context)
        given = {**beside, **dict.fromkeys(job.targets)}
        self._translate = BatchTranslator(job.settings, Context(given))
        self._verdicts: dict[Shared, Verdict | None] = {}
        self._takes_texts = _VIDEO_PROMPT in job.targets and form.column_kind(_VIDEO_PROMPT)[1]

    def __call__(self, part: pa.Table, first: int) -> RowDecisions | None:
        """Decide on a part of a table that begins with a row; None if a text is not UTF-8."""
        texts = as_strings(part.column(self._form.columns["text"]))
        if texts is None or not self._takes_texts:
            return None
        free = texts.is_valid()
        if self._watched:
            beside = [part.column(name).combine_chunks() for name in self._watched]
            free = pc.and_not(free, has_values(beside))
        if self._has_context:  # all of it counts next to a settings block
            free = pc.and_not(free, pc.fill_null(pc.match_substring(texts, "\n"), False))
        parts = self._translate.parts(texts, {})
        verdicts = [self._verdict(shared) for shared in parts.distinct]
        kinds = [
            _PLAIN if shared == UNTOUCHED else _CHANGED if verdict else _LEFT
            for shared, verdict in zip(parts.distinct, verdicts, strict=True)
        ]
        kind = pc.if_else(free, pa.array(kinds, pa.int8()).take(parts.index), _LEFT)
        changed = pc.equal(kind, _CHANGED)
        rows = pc.add(pc.indices_nonzero(changed).cast(pa.int64()), first)
        given = {"row": rows, "text": texts.filter(changed)}
        if self._form.job.key:
            given["key"] = _keys(chosen(part.column(self._form.job.key), changed), rows)
        own = ColumnParts(parts.distinct, *(column.filter(changed) for column in parts[1:]))
        return RowDecisions(
            pc.equal(kind, _LEFT),
            pc.sum(pc.equal(kind, _PLAIN)).as_py() or 0,
            self._columns(given, own, verdicts),
        )

    def _verdict(self, shared: Shared) -> Verdict | None:
        """Return the verdict on all prompts with a shared part; None if each needs its own."""
        if shared not in self._verdicts:
            self._verdicts[shared] = self._new_verdict(shared)
        return self._verdicts[shared]

    def _new_verdict(self, shared: Shared) -> Verdict | None:
        if shared.status != "translated" or shared.others:
            return None
        values = {field: value for field, value in shared.values.items() if value is not None}
        if any(self._form.fits(field, value) for field, value in values.items()):
            return None
        return self._decider.shared(values, shared.codes)

    def _columns(
        self, given: Mapping[str, pa.Array], parts: ColumnParts, verdicts: list[Verdict | None]
    ) -> DecidedColumns:
        """Return the rows to write, given what identifies them and what they are translated to."""
        own = {"text": pc.fill_null(parts.text, ""), _VIDEO_PROMPT: parts.video_prompt}
        shared = [(v.writes, joined_codes(v.codes)) if v else ({}, "") for v in verdicts]
        values = {
            field: pa.array(
                [self._form.coerced(field, writes.get(field)) for writes, _ in shared],
                self._form.plain_kind(field),
            ).take(parts.index)
            for field in dict.fromkeys(field for writes, _ in shared for field in writes)
        }
        groups = [
            (verdict, each["counts"])
            for each in parts.index.value_counts().to_pylist()
            for verdict in (verdicts[each["values"]],)
            if verdict
        ]
        changes = ColumnChanges(
            given["row"],
            {**values, **own},
            entries_table({**given, "which": parts.index}, own, shared),
            _places(given),
        )
        return DecidedColumns(groups, changes)


def _keys(keys: pa.ChunkedArray, rows: pa.Array) -> pa.Array:
    """Return the keys of rows as texts; their numbers where they have none."""
    named = zip(values_of(keys), rows.to_pylist(), strict=True)
    return pa.array([str(row if key is None else key) for key, row in named], pa.string())


def _places(given: Mapping[str, pa.Array]) -> set[str]:
    if "key" in given:
        return set(given["key"].to_pylist())
    each = pc.multiply(pc.divide(given["row"], 1000), 1000).unique()
    return {thousand(str(row)) for row in each.to_pylist()}
