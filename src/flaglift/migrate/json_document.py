"""Prompts in a JSON document: read by path, written back by splicing; no other byte moves."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from flaglift.migrate.json_spans import (
    Member,
    Site,
    check,
    parse_path,
    sites,
    skip,
    value_of,
)
from flaglift.migrate.records import Stored, Verdict

_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)
_NEXT = re.compile(rb"[ \t\n\r]*+,([ \t\n\r]*+)")


class JsonDocuments:
    """Reads and writes prompts in documents of one shape."""

    def __init__(self, path: str, targets: Mapping[str, str]) -> None:
        """`targets` maps fields to keys beside the text. Raises `ValueError` for a bad path."""
        self._steps = parse_path(path)
        self._targets = targets

    def read(self, data: bytes) -> tuple[Stored, ...]:
        """Return the prompts of a document.

        Raises `ValueError`, with a reason for people, where it is not valid JSON, where a text or a
        target stands in it twice, or where a text is no text.
        """
        check(data)
        found = [self._stored(data, site) for site in sites(data, self._steps)]
        return tuple(stored for stored in found if stored is not None)

    def _stored(self, data: bytes, site: Site) -> Stored | None:
        text = value_of(data, self._member(site, self._steps[-1]))
        if text is None:
            return None
        if not isinstance(text, str):
            raise ValueError(f"`{site.place}` is not a text")  # noqa: TRY004
        held: dict[str, Any] = {}
        for field, key in self._targets.items():
            member = self._optional(site, key)
            held[field] = None if member is None else value_of(data, member)
        return Stored(site.place, text, held)

    def _optional(self, site: Site, key: str) -> Member | None:
        matching = [member for member in site.members if member.key == key]
        if len(matching) > 1:
            raise ValueError(f"the key `{key}` stands in it {len(matching)} times")
        return matching[0] if matching else None

    def _member(self, site: Site, key: str) -> Member:
        return next(member for member in site.members if member.key == key)

    def write(self, data: bytes, verdicts: Sequence[Verdict]) -> bytes:
        """Return the document with what the verdicts write."""
        by_place = {verdict.stored.place: verdict for verdict in verdicts}
        # Escapes in a document that is otherwise ASCII mean that its writer wants ASCII.
        ascii_only = data.isascii()
        pieces: list[bytes] = []
        position = 0
        for site in sites(data, self._steps):
            verdict = by_place.get(site.place)
            if verdict is None:
                continue
            for start, end, content in sorted(self._edits(data, site, verdict, ascii_only)):
                pieces += (data[position:start], content)
                position = end
        return b"".join((*pieces, data[position:]))

    def _edits(
        self, data: bytes, site: Site, verdict: Verdict, ascii_only: bool
    ) -> list[tuple[int, int, bytes]]:
        text = self._member(site, self._steps[-1])
        raw = spliced(data[text.value : text.end].decode(), verdict, ascii_only)
        edits = [(text.value, text.end, raw)]
        added: list[bytes] = []
        colon = data[text.start : text.value].partition(b'"')[2].rpartition(b'"')[2]
        for field, value in verdict.writes.items():
            if field == "text":
                continue
            key = self._targets.get(field, field)
            member = self._optional(site, key)
            if member is not None:
                edits.append((member.value, member.end, encoded(value, ascii_only)))
            else:
                comma = b"," + _gap(data, site, text)
                added += (comma, encoded(key, ascii_only), colon, encoded(value, ascii_only))
        if added:
            edits.append((text.end, text.end, b"".join(added)))
        return edits


def _gap(data: bytes, site: Site, text: Member) -> bytes:
    """Return the white space that stands between a comma and a key in this object."""
    if site.members[0] != text:
        before = site.members[site.members.index(text) - 1]
        return data[before.end : text.start].partition(b",")[2]
    following = _NEXT.match(data, text.end)
    if following:
        return following[1]
    opening = data[site.opening + 1 : text.start]
    return opening or (b" " if skip(data, text.value - 1) == text.value else b"")


def encoded(value: Any, ascii_only: bool) -> bytes:
    """Return a value as JSON; a lone surrogate, which UTF-8 cannot hold, is escaped."""
    text = json.dumps(value, ensure_ascii=ascii_only)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


def spliced(raw: str, verdict: Verdict, ascii_only: bool) -> bytes:
    """Return a JSON string with a verdict's edits in it; all other characters stay as spelled."""
    characters: Sequence[str] = raw[1:-1]
    if "\\" in raw:
        characters = _CHARACTER.findall(raw[1:-1])
    pieces: list[str] = []
    position = 0
    for start, end, content in sorted(verdict.edits):
        inserted = encoded(content, ascii_only).decode()[1:-1]
        pieces += ("".join(characters[position:start]), inserted)
        position = end
    pieces.append("".join(characters[position:]))
    return f'"{"".join(pieces)}"'.encode()
