"""Reading and replacing single values in Arrow columns, of whatever string type they are."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


def is_text(kind: pa.DataType) -> bool:
    """Tell whether a column type holds text."""
    if pa.types.is_dictionary(kind):
        return is_text(kind.value_type)
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def raw_texts(column: pa.ChunkedArray) -> list[bytes | None]:
    """Return a text column's values as bytes: one bad text must not spoil the others."""
    values: list[bytes | None] = _binary(column).to_pylist()
    return values


def _binary(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = _cast(column, column.type.value_type)
    if pa.types.is_string_view(column.type):
        column = _cast(column, pa.large_string())
    return _cast(column, pa.large_binary())


def _cast(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    return pc.cast(column, options=pc.CastOptions(kind, allow_invalid_utf8=True))


def replaced(column: pa.ChunkedArray, values: Mapping[int, Any]) -> pa.ChunkedArray:
    """Return a column with some values replaced, by row; its type stays as it is."""
    kind = column.type
    mask = pa.array([row in values for row in range(len(column))], pa.bool_())
    new = [values[row] for row in sorted(values)]
    if not is_text(kind):
        flat = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        return pa.chunked_array([pc.replace_with_mask(flat, mask, pa.array(new, kind))])
    binary = _binary(column)
    flat = binary.combine_chunks() if binary.num_chunks != 1 else binary.chunk(0)
    encoded = [None if v is None else v.encode() for v in new]
    done = pc.replace_with_mask(flat, mask, pa.array(encoded, pa.large_binary()))
    return _as_kind(pa.chunked_array([done]), kind)


def _as_kind(column: pa.ChunkedArray, kind: pa.DataType) -> pa.ChunkedArray:
    if pa.types.is_dictionary(kind):
        values = _as_kind(column, kind.value_type)
        return pc.cast(values.dictionary_encode(), kind)
    if pa.types.is_string_view(kind):
        return _cast(_cast(column, pa.large_string()), kind)
    return _cast(column, kind)


def same(one: pa.ChunkedArray, other: pa.ChunkedArray) -> bool:
    """Tell whether two columns hold the same; a NaN is like another."""
    return bool(one.equals(other)) or repr(one.to_pylist()) == repr(other.to_pylist())
