"""The documents that an editor has open: their content, and the host of each."""

import codecs
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote

from lsprotocol.types import Location, Position, Range, TextEdit
from pygls.uris import to_fs_path

from flaglift.check.configuration import Configuration
from flaglift.check.hosts.base import ByteEdit
from flaglift.check.hosts.registry import language, name_for
from flaglift.check.selecting import interpreter
from flaglift.lossless.spans import Span
from flaglift.lsp.text import EditorText

_LANGUAGES = {
    "dockercompose": "yaml",
    "github-actions-workflow": "yaml",
    "jsonl": "jsonl",
    "jupyter": "notebook",
    "dotenv": "env",
}
"""Hosts of the languages whose identifiers in editors differ from those in code fences."""


class DocumentVersion(Protocol):
    """One version of a document, both as hosts read it and as the editor shows it."""

    @property
    def data(self) -> bytes:
        """The document in UTF-8 without a byte order mark."""

    def location(self, span: Span) -> Location:
        """Return where the editor shows a range of bytes."""

    def offset(self, uri: str, position: Position) -> int:
        """Return the byte at a position."""

    def line_at(self, offset: int) -> int | None:
        """Return the number of the line that begins at a byte; None if none certainly does."""

    def lines(self, span: Span) -> list[Span]:
        """Split a range at line boundaries, without the line ends."""

    def line_before(self, uri: str, position: Position) -> str:
        """Return the text of the displayed line before a position."""

    def edits(self, edits: Sequence[ByteEdit]) -> dict[str, list[TextEdit]]:
        """Translate edits of the data to edits of the displayed texts, by their addresses."""

    def versions(self) -> dict[str, int | None]:
        """Return the editor's version of each part, by its address."""

    def host(self, path: str, configuration: Configuration) -> str | None:
        """Return the name of the host that reads it, at an absolute path; None if none does."""


@dataclass(frozen=True)
class TextVersion:
    """One version of a text."""

    uri: str
    language: str
    version: int | None
    text: EditorText

    @property
    def _mark(self) -> int:
        """How many bytes at the beginning are a byte order mark, which some editors show."""
        return len(codecs.BOM_UTF8) if self.text.data.startswith(codecs.BOM_UTF8) else 0

    @property
    def data(self) -> bytes:
        """The document in UTF-8 without a byte order mark."""
        return self.text.data[self._mark :]

    def range(self, span: Span) -> Range:
        """Return where a range of bytes is."""
        return self.text.range(span.shifted(self._mark))

    def location(self, span: Span) -> Location:
        """Return where the editor shows a range of bytes."""
        return Location(self.uri, self.range(span))

    def line_at(self, offset: int) -> int | None:
        """Return the number of the line that begins at a byte; None if none does."""
        place = self.text.position(offset + self._mark)
        return None if place.character else place.line

    def offset(self, uri: str, position: Position) -> int:  # noqa: ARG002
        """Return the byte at a position."""
        return max(0, self.text.offset(position) - self._mark)

    def lines(self, span: Span) -> list[Span]:
        """Split a range at line boundaries, without the line ends."""
        return [part.shifted(-self._mark) for part in self.text.lines(span.shifted(self._mark))]

    def line_before(self, uri: str, position: Position) -> str:  # noqa: ARG002
        """Return the text of the displayed line before a position."""
        return self.text.line_before(position)

    def edits(self, edits: Sequence[ByteEdit]) -> dict[str, list[TextEdit]]:
        """Translate edits of the data to edits of the displayed text, by its address."""
        return {
            self.uri: [
                TextEdit(self.range(Span(start, end)), content.decode())
                for start, end, content in edits
            ]
        }

    def versions(self) -> dict[str, int | None]:
        """Return the editor's version of each part, by its address."""
        return {self.uri: self.version}

    def edited(self, version: int | None, text: EditorText) -> "TextVersion":
        """Return the next version."""
        return TextVersion(self.uri, self.language, version, text)

    def host(self, path: str, configuration: Configuration) -> str | None:
        """Return the host that reads it, as `flaglift check` chooses it; None if none does.

        For a document that is not a file yet, the editor's language identifier decides.
        """
        if self.uri.startswith("file:"):
            return (
                configuration.files.host(path)
                or name_for(path)
                or interpreter(path, self.text.data[:200])
            )
        named = _LANGUAGES.get(self.language) or language(self.language) or name_for(path)
        return "lines" if named == "text" else named


def path_of(uri: str, folder: str) -> str:
    """Return the absolute path of a document; one that is not a file yet is in `folder`."""
    scheme, _, rest = uri.partition(":")
    path = (to_fs_path(uri) if scheme == "file" else unquote(rest)) or "untitled"
    return os.path.normpath(os.path.join(folder, path))
