"""Prompts in a JSON document: read by path, written back by splicing; no other byte moves."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from flaglift.errors import FlagliftError
from flaglift.lossless.json_members import (
    JsonObject,
    Member,
    joined,
    named,
    parse_path,
    single,
    sites,
    validate,
    value_of,
)
from flaglift.lossless.json_tokens import encoded, skip_blanks
from flaglift.migrate.records import Stored, Verdict

_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|[^\\]",
    re.DOTALL,
)
_NEXT = re.compile(rb"[ \t\n\r]*+,([ \t\n\r]*+)")


class _RepeatedKeyError(ValueError):
    """An object has a key twice, so that its values are not all that is written there."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise _RepeatedKeyError
    return values


# Python's own reader is many times as fast as one that knows places, and says the same of
# documents without repeated keys, enormous numbers and thousands of levels.
_FAST = json.JSONDecoder(object_pairs_hook=_unique)


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
        try:
            document = _FAST.decode(data.decode())
        except (ValueError, RecursionError):
            return self._read_places(data)
        found = [
            self._stored(place, holder[self._steps[-1]], holder.get)
            for place, holder in _holders(document, self._steps)
        ]
        return tuple(stored for stored in found if stored is not None)

    def _read_places(self, data: bytes) -> tuple[Stored, ...]:
        validate(data)
        places = []
        for site in sites(data, self._steps):

            def value(key: str, inside: Sequence[Member] = site.members) -> Any:
                member = single(inside, key)
                return None if member is None else value_of(data, member)

            places.append(self._stored(site.place, value(self._steps[-1]), value))
        return tuple(stored for stored in places if stored is not None)

    def _stored(self, place: str, text: Any, value: Callable[[str], Any]) -> Stored | None:
        if text is None:
            return None
        if not isinstance(text, str):
            raise ValueError(f"`{place}` is not a text")  # noqa: TRY004
        return Stored(place, text, {field: value(key) for field, key in self._targets.items()})

    def write(self, data: bytes, verdicts: Sequence[Verdict]) -> bytes:
        """Return the document with what the verdicts write.

        Raises `FlagliftError` where it would not read as intended; that is a fault of this code.
        """
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
        new = b"".join((*pieces, data[position:]))
        self._prove(data, new, by_place)
        return new

    def _edits(
        self, data: bytes, site: JsonObject, verdict: Verdict, ascii_only: bool
    ) -> list[tuple[int, int, bytes]]:
        text = next(member for member in site.members if member.key == self._steps[-1])
        raw = spliced(data[text.value : text.end].decode(), verdict, ascii_only)
        edits = [(text.value, text.end, raw)]
        added: list[bytes] = []
        colon = data[text.key_end : text.value]
        for field, value in verdict.writes.items():
            if field == "text":
                continue
            key = self._targets.get(field, field)
            member = single(site.members, key)
            written = encoded(value, ascii_only=ascii_only)
            if member is not None:
                edits.append((member.value, member.end, written))
            else:
                comma = b"," + _gap(data, site, text)
                added += (comma, encoded(key, ascii_only=ascii_only), colon, written)
        if added:
            edits.append((text.end, text.end, b"".join(added)))
        return edits

    def _prove(self, old: bytes, new: bytes, verdicts: Mapping[str, Verdict]) -> None:
        """Read the new document with Python's reader, and compare it with the old one."""
        try:
            before, after = _FAST.decode(old.decode()), _FAST.decode(new.decode())
            holders = dict(_holders(before, self._steps))
            for place, verdict in verdicts.items():
                holders[place].update(self._intended(verdict))
            right = before == after
        except (ValueError, RecursionError):
            validate(new)
            texts = {stored.place: stored.text for stored in self._read_places(new)}
            right = all(
                texts[place] == v.writes.get("text", v.stored.text) for place, v in verdicts.items()
            )
        if not right:
            raise FlagliftError("a document would not read as intended; please report this")

    def _intended(self, verdict: Verdict) -> dict[str, Any]:
        """Return what a verdict writes, by the keys of the document."""
        text = self._steps[-1]
        return {
            text if field == "text" else self._targets.get(field, field): value
            for field, value in verdict.writes.items()
        }


def _holders(document: Any, steps: Sequence[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what `sites` returns, of a document as Python reads it: the places and the objects."""
    values: list[tuple[str, Any]] = [("", document)]
    for step in steps[:-1]:
        values = [inner for place, value in values for inner in _inside(value, step, place)]
    for place, value in values:
        if value is None:
            continue
        if not isinstance(value, dict):
            raise ValueError(f"{named(place)} is not an object")  # noqa: TRY004
        if steps[-1] in value:
            yield joined(place, steps[-1]), value


def _inside(value: Any, step: str, place: str) -> Iterator[tuple[str, Any]]:
    if value is None:
        return
    kind = list if step == "[]" else dict
    if not isinstance(value, kind):
        what = "a list" if step == "[]" else "an object"
        raise ValueError(f"{named(place)} is not {what}")  # noqa: TRY004
    if isinstance(value, list):
        yield from ((f"{place}[{index}]", inner) for index, inner in enumerate(value))
    elif step in value:
        yield joined(place, step), value[step]


def _gap(data: bytes, site: JsonObject, text: Member) -> bytes:
    """Return the white space that stands between a comma and a key in this object."""
    if site.members[0] != text:
        before = site.members[site.members.index(text) - 1]
        return data[before.end : text.start].partition(b",")[2]
    following = _NEXT.match(data, text.end)
    if following:
        return following[1]
    opening = data[site.opening + 1 : text.start]
    return opening or (b" " if skip_blanks(data, text.value - 1) == text.value else b"")


def spliced(raw: str, verdict: Verdict, ascii_only: bool) -> bytes:
    """Return a JSON string with a verdict's edits in it; all other characters stay as spelled."""
    characters: Sequence[str] = raw[1:-1]
    if "\\" in raw:
        characters = _CHARACTER.findall(raw[1:-1])
    pieces: list[str] = []
    position = 0
    for start, end, content in sorted(verdict.edits):
        inserted = encoded(content, ascii_only=ascii_only).decode()[1:-1]
        pieces += ("".join(characters[position:start]), inserted)
        position = end
    pieces.append("".join(characters[position:]))
    return f'"{"".join(pieces)}"'.encode()


def key_reader(path: str | None) -> Callable[[bytes], str | None]:
    """Return a function that reads a document's key; None for no path.

    The function raises `ValueError` where there is not exactly one; so does this for a bad path.
    """
    if path is None:
        return lambda data: None  # noqa: ARG005
    steps = parse_path(path)

    def read(data: bytes) -> str:
        found = sites(data, steps)
        if len(found) != 1:
            raise ValueError(f"there is no single key `{path}` in it")
        member = next(m for m in found[0].members if m.key == steps[-1])
        return str(value_of(data, member))

    return read
