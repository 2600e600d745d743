"""How a Parquet file is laid out, read from its footer, so that the result is laid out alike."""

import inspect
from typing import Any

import pyarrow.parquet as pq

_CODECS = {"UNCOMPRESSED": "none", "LZ4_RAW": "lz4"}
_CANNOT_WRITE = {"UNKNOWN", "LZ4", "LZO"}
"""Codecs that can be read but no longer written, such as the LZ4 of Hadoop."""
_WRITES_FILTERS = "bloom_filter_options" in inspect.signature(pq.ParquetWriter).parameters
"""Older ones read them only."""
_FALSE_POSITIVES = 0.05
"""The false positive rate that filters are sized for; the footer does not record it."""
_SPECIAL = {
    "BYTE_STREAM_SPLIT",
    "DELTA_BINARY_PACKED",
    "DELTA_LENGTH_BYTE_ARRAY",
    "DELTA_BYTE_ARRAY",
}


def writer_settings(metadata: Any) -> dict[str, Any]:
    """Return the arguments of pyarrow's `ParquetWriter` that make a file like the one described.

    `metadata` is the footer as pyarrow reads it. What the
    footer does not tell (page sizes, compression levels) is the library's default.
    """
    settings: dict[str, Any] = {
        "version": metadata.format_version if metadata.format_version != "2.0" else "2.4",
        "store_schema": b"ARROW:schema" in (metadata.metadata or {}),
        "use_deprecated_int96_timestamps": _uses_int96(metadata),
    }
    if not metadata.num_row_groups:
        return settings
    group = metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    encodings = {c.path_in_schema: set(c.encodings) & _SPECIAL for c in columns}
    dictionary = [c.path_in_schema for c in columns if c.has_dictionary_page]
    settings |= {
        "compression": {c.path_in_schema: _codec(c.compression) for c in columns},
        "use_dictionary": dictionary or False,
        "write_statistics": [c.path_in_schema for c in columns if c.is_stats_set] or False,
        "write_page_index": any(c.has_offset_index for c in columns),
        "column_encoding": {
            path: codecs.pop()
            for path, codecs in encodings.items()
            if len(codecs) == 1 and path not in dictionary
        }
        or None,
        "sorting_columns": group.sorting_columns or None,
    }
    filters = _bloom_filters(metadata)
    if filters and _WRITES_FILTERS:
        settings["bloom_filter_options"] = filters
    return settings


def _bloom_filters(metadata: Any) -> dict[str, dict[str, float]]:
    """Return the Bloom filters of a file by column, sized for the rows of a group."""
    filters: dict[str, dict[str, float]] = {}
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        for column in map(group.column, range(group.num_columns)):
            if getattr(column, "bloom_filter_offset", None) is not None:
                known = filters.setdefault(
                    column.path_in_schema, {"ndv": 1, "fpp": _FALSE_POSITIVES}
                )
                known["ndv"] = max(known["ndv"], group.num_rows)
    return filters


def _codec(name: str) -> str:
    return "lz4" if name in _CANNOT_WRITE else _CODECS.get(name, name.lower())


def layout_notes(metadata: Any) -> list[str]:
    """Return notes about a codec or Bloom filters that cannot be written."""
    filters = [] if _WRITES_FILTERS else sorted(_bloom_filters(metadata))
    lost = [f"the result has no Bloom filters of {', '.join(filters)}: pyarrow writes none"]
    return _codec_notes(metadata) + lost * bool(filters)


def _codec_notes(metadata: Any) -> list[str]:
    groups = [metadata.row_group(0)] if metadata.num_row_groups else []
    codecs = {group.column(i).compression for group in groups for i in range(group.num_columns)}
    if not codecs & _CANNOT_WRITE:
        return []
    return ["it is compressed with a codec that is not written any more; the result has LZ4_RAW"]


def kept_metadata(metadata: Any) -> dict[bytes, bytes]:
    """Return the keys and values of a footer that are not about Arrow's own types."""
    kept: dict[bytes, bytes] = dict(metadata.metadata or {})
    kept.pop(b"ARROW:schema", None)
    return kept


def _uses_int96(metadata: Any) -> bool:
    schema = metadata.schema
    return any(schema.column(i).physical_type == "INT96" for i in range(len(schema)))
