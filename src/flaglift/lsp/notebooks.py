"""Notebooks that the editor has open: as the file that `flaglift check` reads, and as cells.

The host gets the file that the editor would save, with one JSON string for each line of a cell,
so that the same reader finds the same findings; positions are mapped between file and cells.
"""

import json
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from lsprotocol.types import Location, NotebookCellKind, Position, TextEdit

from flaglift.check.configuration import Configuration
from flaglift.check.hosts.base import ByteEdit
from flaglift.check.hosts.edits import apply
from flaglift.lossless.spans import Span
from flaglift.lsp.text import EditorText, line_edits

_ESCAPE = re.compile(rb"\\(?:u00[0-9a-f]{2}|[^u])")
"""The JSON escape of a single byte, as Python writes it."""

_LINE_END = re.compile(rb"\r?\n?\Z")


@dataclass(frozen=True, eq=False)
class CellText:
    """The text of a cell."""

    language: str
    version: int | None
    text: EditorText

    @cached_property
    def lines(self) -> list[tuple[bytes, bytes]]:
        """Its lines with their ends, each raw and as a JSON string without quotes."""
        return [(raw, _written(raw)) for raw in self.text.data.splitlines(keepends=True)]


class NotebookCell(NamedTuple):
    """A cell: its kind, and the address of its text."""

    uri: str
    kind: NotebookCellKind


class _Line(NamedTuple):
    """A line of a cell, and the JSON string for it in the file."""

    start: int
    """The first byte of the string, after the quote."""
    end: int
    cell: int
    at: int
    """The line's first byte in the cell."""
    raw: bytes
    """The line, its end included."""


def _written(raw: bytes) -> bytes:
    return json.dumps(raw.decode(), ensure_ascii=False)[1:-1].encode()


@dataclass(frozen=True)
class NotebookVersion:
    """One version of a notebook."""

    uri: str
    version: int | None
    metadata: Mapping[str, Any]
    cells: tuple[NotebookCell, ...]
    texts: Mapping[str, CellText]
    """By address; the editor may have opened the texts of cells that it is about to add."""

    @cached_property
    def _file(self) -> tuple[bytes, list[_Line]]:
        """The file as editors write it, and the positions of its lines."""
        data = bytearray(b'{\n "cells": [')
        lines = []
        for number, cell in enumerate(self.cells):
            text = self.texts[cell.uri]
            kind, said = _described(cell, text)
            head = f'"cell_type": "{kind}",\n   "metadata": {json.dumps(said)},\n   "source": ['
            data += (",\n  {\n   " if number else "\n  {\n   ").encode() + head.encode()
            at = 0
            for raw, written in text.lines:
                data += b',\n    "' if at else b'\n    "'
                lines.append(_Line(len(data), len(data) + len(written), number, at, raw))
                data += written + b'"'
                at += len(raw)
            data += b"\n   ]\n  }" if at else b"]\n  }"
        data += f'\n ],\n "metadata": {json.dumps(self._kernel)},\n "nbformat": 4\n}}\n'.encode()
        return bytes(data), lines

    @property
    def _kernel(self) -> Any:
        """The file's metadata for all cells, which VS Code passes on in a table of that name."""
        return self.metadata.get("metadata", self.metadata)

    @property
    def data(self) -> bytes:
        """The notebook as a file in UTF-8."""
        return self._file[0]

    @cached_property
    def _starts(self) -> list[int]:
        return [line.start for line in self._file[1]]

    @cached_property
    def _numbers(self) -> Mapping[str, int]:
        return {cell.uri: number for number, cell in enumerate(self.cells)}

    def _place(self, offset: int) -> tuple[int, int]:
        """Return the cell, and the byte in it, for a byte of the file, or for the one before it."""
        number = bisect_right(self._starts, offset) - 1
        if number < 0:
            return 0, 0
        line = self._file[1][number]
        string = self.data[line.start : min(offset, line.end)]
        return line.cell, line.at + len(_ESCAPE.sub(b" ", string))

    def location(self, span: Span) -> Location:
        """Return where the editor shows a range of bytes."""
        cell, start = self._place(span.start)
        last, end = self._place(span.end)
        uri = self.cells[cell].uri
        place = Span(start, end if last == cell else start)
        return Location(uri, self.texts[uri].text.range(place))

    def line_at(self, offset: int) -> int | None:  # noqa: ARG002
        """Return None: the lines of the file are not those of a cell."""
        return None

    def offset(self, uri: str, position: Position) -> int:
        """Return the byte at a position."""
        number = self._numbers.get(uri)
        if number is None:
            return 0
        byte = self.texts[uri].text.offset(position)
        own = [line for line in self._file[1] if line.cell == number and line.at <= byte]
        if not own:
            return 0
        line = own[-1]
        return line.start + len(_written(line.raw[: byte - line.at]))

    def lines(self, span: Span) -> list[Span]:
        """Split a range at line boundaries, without the line ends."""
        first = max(0, bisect_right(self._starts, span.start) - 1)
        last = bisect_right(self._starts, span.end)
        pieces = []
        for line in self._file[1][first:last]:
            end = line.start + len(_written(_LINE_END.sub(b"", line.raw)))
            pieces.append(Span(max(span.start, line.start), min(span.end, end)))
        return pieces

    def line_before(self, uri: str, position: Position) -> str:
        """Return the text of the displayed line before a position."""
        if uri not in self._numbers:
            return ""
        return self.texts[uri].text.line_before(position)

    def edits(self, edits: Sequence[ByteEdit]) -> dict[str, list[TextEdit]]:
        """Translate edits of the data to edits of the displayed texts, by their addresses."""
        sources = json.loads(apply(self.data, edits))["cells"]
        made = {}
        for cell, source in zip(self.cells, sources, strict=True):
            text = self.texts[cell.uri].text
            new = "".join(source["source"]).encode()
            if new != text.data:
                made[cell.uri] = [
                    TextEdit(text.range(Span(start, end)), content.decode())
                    for start, end, content in line_edits(text.data, new)
                ]
        return made

    def versions(self) -> dict[str, int | None]:
        """Return the editor's version of each part, by its address."""
        return {cell.uri: self.texts[cell.uri].version for cell in self.cells}

    def host(self, path: str, configuration: Configuration) -> str | None:  # noqa: ARG002
        """Return the name of the host that reads it; None if there is nothing to read."""
        return "notebook" if self.cells else None


def _described(cell: NotebookCell, text: CellText) -> tuple[str, Mapping[str, Any]]:
    """Return a cell's type and metadata, with a non-kernel language stored as VS Code does."""
    if cell.kind is NotebookCellKind.Markup:
        return "markdown", {}
    if text.language == "raw":
        return "raw", {}
    return "code", {"vscode": {"languageId": text.language}}
