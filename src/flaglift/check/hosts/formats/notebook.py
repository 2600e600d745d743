"""Jupyter notebooks: the source of each cell, in the language of the kernel or of its magic."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from typing import Any, NamedTuple

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Piece, PieceKind
from flaglift.check.hosts.formats.codec import ScannedLiteral
from flaglift.check.hosts.formats.joined import Joined, StringLiteral
from flaglift.check.hosts.formats.json import JsonHost
from flaglift.check.hosts.formats.trees import parse
from flaglift.check.hosts.registry import interpreted
from flaglift.lossless.spans import Span

_MAGIC = re.compile(
    r"\s*(?:%%(?P<name>!|\w+)(?P<rest>[^\n]*)|%(?P<alone>sql|r|scala|sh|md|python)[ \t]*$)\n?",
    re.MULTILINE,
)
"""The line that says what a cell is; Databricks has it with one percent sign."""
_OF_CELLS = frozenset({"time", "timeit", "capture", "prun", "debug", "memit", "mprun", "lprun"})
"""Magics around another cell, in which the next line may be one of these again."""
_MOST_MAGICS = 20
"""Each one around a cell is a copy of it."""
_OF_SHELLS = frozenset({"!", "sx", "system"})
_WRITES = ("writefile", "file")
_LINE = re.compile(
    r"^[ \t]*(?:[\w.,\[\] ]{1,200}=[ \t]*)?"
    r"(?P<magic>(?:(?P<shell>!!?(?=[^=\s]))|%(?P<name>%?[A-Za-z_]\w*))(?P<code>(?:[^\\\n]|\\[\s\S])*))"
    r"|^[ \t]*(?P<help>\?{1,2}[\w.]+|%?[\w.]+\?{1,2})[ \t]*$",
    re.MULTILINE,
)
"""A line of IPython in a cell of Python: a command of a shell, a magic, a question.

A magic of cells is one of a line where it is not in the first."""
_NAMES = (
    ("vscode", "languageId"),
    ("polyglot_notebook", "kernelName"),
    ("dotnet_interactive", "language"),
    ("language_info", "name"),
    ("kernelspec", "language"),
)
"""Where the metadata of a cell, and then of a notebook, names a language."""
_WORD = re.compile(r"[a-z]+")
Path = tuple[str | int, ...]
_SOURCES = (("source",), ("input",))
"""The keys of a cell's source; that of code was the second in version 3."""


class NotebookHost:
    """A notebook of version 3 or 4; the output of cells is not read."""

    name = "notebook"
    is_exhaustive = True

    def __init__(self) -> None:
        self._json = JsonHost("json")

    def literals(self, data: bytes) -> list[Literal]:
        """Return the source of each cell; its lines are one literal."""
        notebook = _notebook(data)
        if notebook is None:
            return []
        strings = self._json.literals(data)
        literals: list[Literal] = []
        for path, group in groupby(strings, key=lambda each: _source(each.origin.path)):
            if path:
                lines = list(group)
                cell = _cell(lines, data)
                literals += _parts(cell, _language(notebook, path), partial(_look, lines))
        return literals

    def gaps(self, data: bytes) -> Sequence[Span]:
        """Return the whole file if it is not a notebook."""
        return [] if _notebook(data) else [Span(0, len(data))]

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: those of cells are comments of their languages."""
        return []


class _Notebook(NamedTuple):
    cells: Mapping[Path, dict[str, Any]]
    """The cells by their paths in the file."""
    metadata: Any


def _notebook(data: bytes) -> _Notebook | None:
    """Return what is in a file; None if it is not a notebook."""
    try:
        notebook = json.loads(data, object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None
    if not isinstance(notebook, dict):
        return None
    holders: dict[Path, Any] = {(): notebook}
    if "cells" not in notebook and isinstance(notebook.get("worksheets"), list):  # version 3
        holders = {("worksheets", i): sheet for i, sheet in enumerate(notebook["worksheets"])}
    cells: dict[Path, dict[str, Any]] = {}
    for path, holder in holders.items():
        held = holder.get("cells") if isinstance(holder, dict) else None
        if not isinstance(held, list) or not all(isinstance(cell, dict) for cell in held):
            return None
        cells |= {(*path, "cells", number): cell for number, cell in enumerate(held)}
    return _Notebook(cells, notebook.get("metadata"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key is there twice")
    return dict(pairs)


def _source(path: Path) -> Path:
    """Return the path of a cell's source that a string is, or is a line of; empty for others."""
    at = 2 if path[:1] == ("worksheets",) else 0
    is_source = path[at : at + 1] == ("cells",) and path[at + 2 : at + 3] in _SOURCES
    return path[: at + 3] if is_source else ()


def _language(notebook: _Notebook, path: Path) -> str:
    cell = notebook.cells[path[:-1]]
    if cell.get("cell_type") == "markdown":
        return "markdown"
    if cell.get("cell_type") != "code":
        return "text"
    of_cell = [cell["language"]] if cell.get("language") else []  # version 3
    named = [*of_cell, *_named(cell.get("metadata")), *_named(notebook.metadata)]
    return str(named[0]) if named else _of_kernel(notebook.metadata)


def _named(metadata: Any) -> Iterator[Any]:
    """Yield the names of a language: of a cell, by its editor, where it is not the kernel's."""
    for table, key in _NAMES:
        inner = metadata.get(table) if isinstance(metadata, dict) else None
        if isinstance(inner, dict) and inner.get(key):
            yield inner[key]


def _of_kernel(metadata: Any) -> str:
    """Return the language that the name of a kernel says: `ir`, `julia-1.9`, `Python (torch)`."""
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    named = kernel if isinstance(kernel, dict) else {}
    words = _WORD.findall(f"{named.get('name', '')} {named.get('display_name', '')}".lower())
    return "python" if not words or any("py" in word for word in words) else words[0]


def _parts(cell: Literal, language: str, look: Callable[[Origin], Around]) -> Iterator[Literal]:
    """Yield the code of a cell, and the parts that IPython itself interprets."""
    code, origin = cell, Origin("code", language)
    for _ in range(0 if language in ("markdown", "text") else _MOST_MAGICS):
        magic = _MAGIC.match(code.text)
        if magic is None:
            break
        if magic["name"]:
            yield _part(code, Span(*magic.span("rest")), look, _of_line(magic["name"]))
        code = code.part([Span(magic.end(), len(code.text))]).literal
        origin = _said_by(magic)
        if magic["name"] not in _OF_CELLS:
            break
    lines = list(_LINE.finditer(code.text)) if origin.key == "python" else []
    masked = _masked(code, lines) if lines and _is_broken(code) else code
    yield replace(masked, look=partial(look, origin))
    for line in lines if masked is not code else ():
        if line["code"]:
            said = _of_line(line["name"] or "!")
            yield _part(code, Span(*line.span("code")), look, said)


def _said_by(magic: re.Match[str]) -> Origin:
    """Return the language that the first line of a cell declares for the rest."""
    name = magic["name"]
    if name is None:
        return Origin("code", magic["alone"])
    words = [word for word in magic["rest"].split() if not word.startswith("-")]
    if name in _WRITES and words:
        return Origin("document", words[-1])
    if name == "script" and words:
        return Origin("code", interpreted(" ".join(words)))
    return _of_line(name)


def _of_line(name: str) -> Origin:
    """Return the language of what stands in a magic's own line."""
    if name in _OF_SHELLS:
        return Origin("code", "bash")
    return Origin("code", "python" if name in _OF_CELLS else name)


def _masked(cell: Literal, lines: Sequence[re.Match[str]]) -> Literal:
    """Return a cell with IPython syntax replaced by expressions, if that makes it Python."""
    pieces: list[Piece] = []
    position = 0
    for line in lines:
        span = Span(*line.span("magic" if line["magic"] else "help"))
        inside = cell.part([span]).literal.pieces
        pieces += cell.part([Span(position, span.start)]).literal.pieces
        pieces.append(Piece(PieceKind.ATOM, inside[0].start, inside[-1].end, "None"))
        position = span.end
    pieces += cell.part([Span(position, len(cell.text))]).literal.pieces
    masked = replace(cell, pieces=tuple(pieces))
    return cell if _is_broken(masked) else masked


def _is_broken(cell: Literal) -> bool:
    return parse(cell.text.encode(), "tree_sitter_python").root_node.has_error


def _part(cell: Literal, span: Span, look: Callable[[Origin], Around], origin: Origin) -> Literal:
    place = cell.bytes_of(span)
    part = cell.part([span]).literal
    start, end = place
    return replace(part, start=start, end=end, inside=start, look=partial(look, origin))


def _cell(lines: Sequence[Literal], data: bytes) -> Literal:
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
        look=lines[0].look,
        source=data,
        unclear=next((each.unclear for each in lines if each.unclear), ""),
    )


def _look(lines: Sequence[Literal], origin: Origin) -> Around:
    return Around(origin, next((each.locked for each in lines if each.locked), ""))


def make(name: str) -> NotebookHost:  # noqa: ARG001
    """Return the host."""
    return NotebookHost()
