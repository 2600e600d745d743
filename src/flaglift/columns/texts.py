"""The accepted input: columns of text, in any of Arrow's types for it."""

from collections.abc import Iterator
from typing import Any

from flaglift.columns.arrow import pa, pc
from flaglift.errors import InputError
from flaglift.spelling import nearest

_MOST_ROWS = 32_768
_MOST_BYTES = 32 * 2**20
"""The most to process at a time: it limits the memory used besides the column and its result."""


def is_text(kind: pa.DataType) -> bool:
    """Return whether a type is a text type."""
    return bool(
        pa.types.is_string(kind)
        or pa.types.is_large_string(kind)
        or pa.types.is_string_view(kind)
        or pa.types.is_null(kind)
        or (pa.types.is_dictionary(kind) and is_text(kind.value_type))
    )


def check_text(kind: pa.DataType) -> None:
    """Raise `TypeError` for a type that is not a text type."""
    if not is_text(kind):
        raise TypeError(f"prompts are text, and this column is of the type {kind}")


def column_of(batch: pa.RecordBatch, name: str | None) -> pa.Array:
    """Return a batch's column of prompts.

    Raises `TypeError` without a name, and `InputError` for one that is not in the batch.
    """
    if name is None:
        raise TypeError("a record batch needs the name of its column of prompts: name='text'")
    if name not in batch.schema.names:
        close = nearest(name, batch.schema.names)
        hint = f"did you mean `{close}`?" if close else f"it has {', '.join(batch.schema.names)}"
        raise InputError(f"the record batch has no column `{name}`; {hint}")
    return batch.column(name)


def batches(column: pa.Array) -> Iterator[pa.StringArray]:
    """Split a column of text, without dictionary, into pieces of the type `string`.

    Raises `InputError` for a text that is not UTF-8.
    """
    if pa.types.is_string_view(column.type):  # older versions of Arrow cannot count its bytes
        column = pc.cast(column, pa.large_string())
    rows = len(column)
    each = max(1, min(_MOST_ROWS, _MOST_BYTES * rows // max(1, column.nbytes)))
    for start in range(0, rows, each):
        yield _checked(column.slice(start, each), start)


def _checked(piece: pa.Array, start: int) -> pa.StringArray:
    options = pc.CastOptions(pa.large_binary(), allow_invalid_utf8=True)
    binary = pc.cast(piece, options=options)
    try:
        return pc.cast(pc.cast(binary, pa.large_string()), pa.string())
    except pa.ArrowInvalid:
        raise _not_utf8(binary.to_pylist(), start) from None


def _not_utf8(texts: list[bytes | None], start: int) -> InputError:
    for row, text in enumerate(texts, start):
        try:
            (text or b"").decode()
        except UnicodeDecodeError as error:
            return InputError(f"row {row} is not UTF-8 at byte {error.start}")
    raise AssertionError("a piece of a column that is too long for its type")


def has_values(columns: list[pa.Array]) -> Any:
    """Return a mask of the rows in which any of several columns has a value."""
    valid = columns[0].is_valid()
    for column in columns[1:]:
        valid = pc.or_(valid, column.is_valid())
    return valid
