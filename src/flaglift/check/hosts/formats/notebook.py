"""Jupyter notebooks: the source of each cell, in the language of the kernel or of its magic."""

import json
import re
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.formats.code import Joined, StringLiteral
from flaglift.check.hosts.formats.codec import ScannedLiteral
from flaglift.check.hosts.formats.json import JsonHost
from flaglift.lossless.spans import Span

_MAGIC = re.compile(r"\s*%%!?(\w+)")
Path = tuple[str | int, ...]


class NotebookHost:
    """A notebook of version 4; what cells put out is not read."""

    name = "notebook"

    def __init__(self) -> None:
        self._json = JsonHost("json")

    def literals(self, data: bytes) -> list[Literal]:
        """Return the source of each cell; its lines are one literal."""
        notebook = _notebook(data)
        if notebook is None:
            return []
        strings = self._json.literals(data)
        literals = []
        for path, group in groupby(strings, key=lambda each: _source(each.origin.path)):
            if path:
                lines = list(group)
                look = partial(_look, lines, _language(notebook, path))
                literals.append(_cell(lines, look, data))
        return literals

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the whole file if it is no notebook."""
        return [] if _notebook(data) else [Span(0, len(data))]

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: those of cells are comments of their languages."""
        return []


def _notebook(data: bytes) -> dict[str, Any] | None:
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        return None
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    known = isinstance(cells, list) and all(isinstance(cell, dict) for cell in cells)
    return notebook if known else None


def _source(path: Path) -> Path:
    """Return the path of a cell's source that a string is, or is a line of; empty for others."""
    return path[:3] if path[:1] == ("cells",) and path[2:3] == ("source",) else ()


def _language(notebook: dict[str, Any], path: Path) -> str:
    cell = notebook["cells"][path[1]]
    if cell.get("cell_type") == "markdown":
        return "markdown"
    if cell.get("cell_type") != "code":
        return "text"
    source = cell.get("source")
    text = "".join(map(str, source)) if isinstance(source, list) else str(source)
    magic = _MAGIC.match(text)
    if magic:
        return {"time": "python", "timeit": "python", "capture": "python"}.get(magic[1], magic[1])
    named = [*_named(cell.get("metadata")), *_named(notebook.get("metadata")), "python"]
    return str(named[0])


def _named(metadata: Any) -> Iterator[Any]:
    """Yield the names of a language: of a cell, by VS Code, where it is not the kernel's."""
    keys = (("vscode", "languageId"), ("language_info", "name"), ("kernelspec", "language"))
    for table, key in keys:
        inner = metadata.get(table) if isinstance(metadata, dict) else None
        if isinstance(inner, dict) and inner.get(key):
            yield inner[key]


def _cell(lines: Sequence[Literal], look: partial[Around], data: bytes) -> Literal:
    parts = [
        StringLiteral(
            each.form, Span(each.start, each.end), each.inside, ScannedLiteral(list(each.pieces))
        )
        for each in lines
    ]
    return Literal(
        host="notebook",
        form=parts[0].form if len(parts) == 1 else Joined(tuple(parts)),
        start=lines[0].start,
        end=lines[-1].end,
        inside=lines[0].inside,
        pieces=tuple(piece for each in lines for piece in each.pieces),
        look=look,
        source=data,
        unclear=next((each.unclear for each in lines if each.unclear), ""),
    )


def _look(lines: Sequence[Literal], language: str) -> Around:
    locked = next((each.locked for each in lines if each.locked), "")
    return Around(Origin("code", language), locked)


def make(name: str) -> NotebookHost:  # noqa: ARG001
    """Return the host."""
    return NotebookHost()
