"""`translate_column`: `flaglift.translate` for a column of prompts."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flaglift.api import UNKNOWN
from flaglift.columns.arrow import pa
from flaglift.columns.batch import BatchTranslator
from flaglift.columns.result import RESULT
from flaglift.columns.texts import batches, check_text, column_of
from flaglift.context import Context
from flaglift.settings import DEFAULT, Settings


class ColumnTranslator:
    """Translates columns with fixed settings, and caches what it learns about shapes.

    For many small columns from one source: the pieces of a file, the calls of a UDF. Thread-safe.
    """

    def __init__(
        self,
        settings: Settings = DEFAULT,
        context: Context = UNKNOWN,
        *,
        threads: int | None = None,
    ) -> None:
        """`context` has the request's other fields; `threads` defaults to the number of processors.

        Raises for settings as `flaglift.lint` does.
        """
        self._batch = BatchTranslator(settings, context)
        self._threads = threads or os.cpu_count() or 1

    def __call__(
        self, column: Any, *, name: str | None = None, beside: Sequence[str] = ()
    ) -> pa.StructArray | pa.ChunkedArray:
        """Return the translation of a column; see `translate_column`."""
        if isinstance(column, pa.RecordBatch):
            held = {field: column_of(column, field) for field in beside}
            return self._array(column_of(column, name), held)
        if name is not None or beside:
            raise TypeError("only a record batch has columns with names")
        if isinstance(column, pa.ChunkedArray):
            check_text(column.type)
            chunks = [piece for chunk in column.chunks for piece in self._pieces(chunk, {})]
            return pa.chunked_array(chunks, RESULT)
        if isinstance(column, pa.Array):
            return self._array(column, {})
        raise TypeError(
            "a column of prompts is a pyarrow Array, ChunkedArray or RecordBatch, not"
            f" {type(column).__name__}"
        )

    def _array(self, column: pa.Array, held: dict[str, pa.Array]) -> pa.StructArray:
        check_text(column.type)
        pieces = self._pieces(column, held)
        return pieces[0] if len(pieces) == 1 else pa.concat_arrays(pieces or [_NONE])

    def _pieces(self, column: pa.Array, held: dict[str, pa.Array]) -> list[pa.StructArray]:
        if pa.types.is_dictionary(column.type):
            if held or len(column.dictionary) > len(column):
                column = column.dictionary_decode()
            else:  # each stored value is translated once
                return [self._array(column.dictionary, {}).take(column.indices)]
        start = 0
        work = []
        for piece in batches(column):
            beside = {field: values.slice(start, len(piece)) for field, values in held.items()}
            work.append((piece, beside))
            start += len(piece)
        if len(work) < 2 or self._threads < 2:
            return [self._batch(*one) for one in work]
        with ThreadPoolExecutor(self._threads) as pool:
            return list(pool.map(lambda one: self._batch(*one), work))


_NONE = pa.array([], RESULT)


def translate_column(
    column: Any,
    settings: Settings = DEFAULT,
    context: Context = UNKNOWN,
    *,
    name: str | None = None,
    beside: Sequence[str] = (),
) -> pa.StructArray | pa.ChunkedArray:
    """Return the translation of a column of prompts: for each row that of `flaglift.translate`.

    `column` is a pyarrow `Array` or `ChunkedArray` of text (`string`, `large_string`,
    `string_view`, or a dictionary of these), or a `RecordBatch` with the column's `name`. The
    result has the type `RESULT`, and is chunked if the column is; a null gives a null. `context`
    has the other fields that all requests share; `beside` names columns of the batch with further
    fields, row by row.

    Raises `TypeError` for anything but a column of text, `InputError` for a text that is not UTF-8
    and for a name that the batch does not have, and for settings as `flaglift.lint` does.

    >>> import pyarrow as pa
    >>> from flaglift.columns import translate_column
    >>> column = pa.array(["a cat --video --video_model kling25 --duration 5", "a dog", None])
    >>> done = translate_column(column)
    >>> done.field("status").to_pylist(), done.field("text").to_pylist()
    (['translated', 'unchanged', None], ['a cat', 'a dog', None])
    """
    return ColumnTranslator(settings, context)(column, name=name, beside=beside)
