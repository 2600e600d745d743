"""Reading and replacing single values in Arrow columns, of whatever string type they are."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

_VIEWS = (
    (pa.types.is_string_view, pa.large_string()),
    (pa.types.is_binary_view, pa.large_binary()),
)


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column type holds text."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def wide(kind: pa.DataType) -> pa.DataType:
    """Return the type that a column is written as: dictionaries may need wider indices.

    >>> wide(pa.dictionary(pa.int8(), pa.string())), wide(pa.int8())
    (DictionaryType(dictionary<values=string, indices=int32, ordered=0>), DataType(int8))
    """
    if pa.types.is_dictionary(kind) and kind.index_type.bit_width < 32:
        return pa.dictionary(pa.int32(), kind.value_type, kind.ordered)
    return kind


def plain(value: Any) -> Any:
    """Return a column's value in the form of a field: whole numbers and seconds as `int`.

    >>> plain(Decimal("5.00")), plain(timedelta(seconds=5)), plain(Decimal("2.50")), plain("a")
    (5, 5, Decimal('2.5'), 'a')
    """
    if isinstance(value, timedelta):
        value = value.total_seconds()
    if isinstance(value, Decimal | float) and value == value // 1:
        return int(value)
    return value.normalize() if isinstance(value, Decimal) else value


def values_of(column: pa.ChunkedArray) -> list[Any]:
    """Return a column's values; as Arrow prints them where Python has none for them.

    >>> values_of(pa.chunked_array([pa.array([1000, 1, None], pa.duration("ns"))]))
    [datetime.timedelta(microseconds=1), '1', None]
    """
    try:
        values: list[Any] = column.to_pylist()
    except (ValueError, OverflowError):  # nanoseconds, or a year above 9999
        return [_value(scalar) for scalar in column]
    return values


def _value(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError):
        return pa.array([scalar]).to_string(skip_new_lines=True)[1:-1]


def raw_texts(column: pa.ChunkedArray) -> list[bytes | None]:
    """Return a text column's values as bytes: one bad text must not spoil the others."""
    values: list[bytes | None] = _binary(column).to_pylist()
    return values


def text_bytes(column: pa.ChunkedArray) -> int:
    """Return the number of bytes in a text column."""
    return pc.sum(pc.binary_length(_binary(column))).as_py() or 0


def chosen(column: pa.ChunkedArray, mask: pa.Array) -> pa.ChunkedArray:
    """Return the values where a mask is true."""
    for is_view, kind in _VIEWS:  # which have no kernel for it
        if is_view(column.type):
            column = _cast(column, kind)
    return column.filter(mask)


def _binary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = _cast(column, column.type.value_type)
    if pa.types.is_string_view(column.type):
        column = _cast(column, pa.large_string())
    return _cast(column, pa.large_binary())


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return pc.cast(column, options=pc.CastOptions(kind, allow_invalid_utf8=True))


def as_strings(column: pa.ChunkedArray) -> pa.StringArray | None:
    """Return a text column as one array of the type `string`; None if that is impossible."""
    try:
        text = pc.cast(_binary(column).combine_chunks(), pa.large_string())
        return pc.cast(text, pa.string())
    except pa.ArrowInvalid:
        return None


def placed(rows: pa.Array, length: int) -> pa.Array:
    """Return the indices that take new values for some rows from behind a column's own."""
    indices = pa.array(range(length), pa.int64())
    new = pc.index_in(indices, value_set=rows).cast(pa.int64())
    return pc.coalesce(pc.add(new, length), indices)


def replaced(
    column: pa.ChunkedArray, new: pa.Array | Sequence[Any], indices: pa.Array
) -> pa.ChunkedArray:
    """Return a column with new values where `placed` says; its type stays as it is."""
    kind = column.type
    if not is_text(kind):
        return _put(column, pa.array(new, kind), indices)
    if not isinstance(new, pa.Array):
        new = pa.array([None if v is None else v.encode() for v in new], pa.large_binary())
    return _as_kind(_put(_binary(column), new.cast(pa.large_binary()), indices), kind)


def _put(column: pa.ChunkedArray, new: pa.Array, indices: pa.Array) -> pa.ChunkedArray:
    # `replace_with_mask` does not know all types.
    return pa.chunked_array([*column.chunks, new], column.type).take(indices)


def _as_kind(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(kind):
        values = _as_kind(column, kind.value_type)
        return pc.cast(values.dictionary_encode(), kind)
    if pa.types.is_string_view(kind):
        return _cast(_cast(column, pa.large_string()), kind)
    return _cast(column, kind)


def same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Return whether two columns have equal values; NaN equals NaN."""
    return bool(one.equals(other)) or repr(values_of(one)) == repr(values_of(other))
