"""New values in a JSON document, by splicing; no other byte moves."""

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any

from flaglift.emit.fields import request_field_names
from flaglift.errors import FlagliftError
from flaglift.lossless.json_members import Member, single, sites, validate, value_end, value_of
from flaglift.lossless.json_tokens import encoded
from flaglift.lossless.spans import with_splices
from flaglift.migrate.json_values import document_of, holders, read_any
from flaglift.migrate.records import Verdict
from flaglift.migrate.request import key_of_field

_BLANK = " \t\n\r"
_MOST_STYLES = 100
_NEXT = re.compile(r"[ \t\n\r]*+,([ \t\n\r]*+)")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL
)

_Splice = tuple[int, int, bytes]
"""The start and end of a byte range in a document, and its replacement."""


_SPELL = {
    (spaced, only): json.JSONEncoder(
        ensure_ascii=only, separators=(", ", ": ") if spaced else (",", ":")
    ).encode
    for spaced in (True, False)
    for only in (True, False)
}
"""Python's writers, by whether there are spaces between members, and whether all is ASCII."""


def writer_for(document: str) -> Callable[[Any], str]:
    """Return Python's writer in the style of a document, which it may reproduce.

    A document in pure ASCII probably has to stay that way.
    """
    return _SPELL[document[document.find('":') + 2 :][:1] == " ", document.isascii()]


class JsonRewriter:
    """Writes the fields of prompts into documents of one shape."""

    def __init__(self, steps: Sequence[str], targets: Mapping[str, str]) -> None:
        """Take the path steps to a text, and the keys next to it by field."""
        self._steps = steps
        named = {name: name for name in request_field_names()}
        self._keys = {**named, **targets, "text": steps[-1]}
        """Keys by field; fields of a settings block have no targets of their own."""
        self._openings: dict[tuple[bytes, bytes, bool], dict[str, bytes]] = {}
        """The bytes before new values, by the spelling of colon and gap, and whether ASCII only."""

    def write(self, data: bytes, verdicts: Sequence[Verdict]) -> bytes:
        """Return the document with the changes of the verdicts.

        Raises `FlagliftError` if it would not parse as intended, which is a bug in this code.
        """
        if len(self._steps) == len(verdicts) == 1:
            for way in (self._again, self._nearby):
                new = way(data, verdicts[0])
                if new is not None:
                    return new
        return self._by_places(data, verdicts)

    def _again(self, data: bytes, verdict: Verdict) -> bytes | None:
        """Write a document as a whole, if it is spelled as Python's writer spells it.

        Then its other members come out as they were. Returns None for any other document, and if
        the result is not the intended one.
        """
        try:
            text = data.decode()
            before = read_any(text)
            if type(before) is not dict:
                return None
            spell = writer_for(text)
            if spell(before) != text:
                return None
            writes = self._intended(verdict, before)
            step = self._steps[-1]
            own = {step: before[step]} | writes
            added = {key: value for key, value in own.items() if key == step or key not in before}
            after: dict[str, Any] = {}
            for key, value in before.items():
                if key == step:
                    after |= added
                else:
                    after[key] = writes.get(key, value)
            new = spell(after)
            return new.encode() if read_any(new) == before | writes else None
        except (ValueError, RecursionError):
            return None

    def _nearby(self, data: bytes, verdict: Verdict) -> bytes | None:
        """Write to members found by name, without parsing the others.

        A name may also occur elsewhere: returns None if the result is not the intended one.
        """
        text = self._steps[-1]
        try:
            before = document_of(data)
            writes = self._intended(verdict, before)
            if len(writes.keys() & before.keys()) == ("text" in verdict.writes):
                new = self._with_members(data, _member_named(data, text), verdict)
            else:
                members = {key: _member_named(data, key) for key in {text, *writes} & before.keys()}
                new = with_splices(data, sorted(self._edits(data, members, verdict)))
            return new if document_of(new) == before | writes else None
        except (ValueError, RecursionError):
            return None

    def _with_members(self, data: bytes, text: Member, verdict: Verdict) -> bytes:
        """Return an object with a new text, and all other fields after it."""
        ascii_only = data.isascii()
        style = data[text.key_end : text.value], _gap(data, text), ascii_only
        openings = self._openings.get(style)
        if openings is None:
            colon, gap, _ = style
            if len(self._openings) > _MOST_STYLES:
                self._openings.clear()
            openings = self._openings[style] = {
                field: b"," + gap + encoded(key, ascii_only=ascii_only) + colon
                for field, key in self._keys.items()
            }
        raw = data[text.value : text.end]
        pieces = [data[: text.value], raw]
        for field, value in verdict.writes.items():
            if field == "text":
                pieces[1] = spliced(raw.decode(), verdict, ascii_only)
            else:
                pieces += (openings[field], encoded(value, ascii_only=ascii_only))
        pieces.append(data[text.end :])
        return b"".join(pieces)

    def _by_places(self, data: bytes, verdicts: Sequence[Verdict]) -> bytes:
        """Write to members whose positions are known."""
        by_place = {verdict.stored.place: verdict for verdict in verdicts}
        edits: list[_Splice] = []
        for site in sites(data, self._steps):
            verdict = by_place.get(site.place)
            if verdict is not None:
                present = [member.key for member in site.members]
                keys = (self._steps[-1], *self._intended(verdict, present))
                all_members = {key: single(site.members, key) for key in keys}
                members = {key: member for key, member in all_members.items() if member is not None}
                edits += self._edits(data, members, verdict)
        new = with_splices(data, sorted(edits))
        self._prove(data, new, by_place)
        return new

    def _edits(self, data: bytes, members: Mapping[str, Member], verdict: Verdict) -> list[_Splice]:
        # A document in pure ASCII probably has to stay that way.
        ascii_only = data.isascii()
        text = members[self._steps[-1]]
        edits: list[_Splice] = []
        added: list[bytes] = []
        for field, value in verdict.writes.items():
            if field == "text":
                raw = data[text.value : text.end].decode()
                edits.append((text.value, text.end, spliced(raw, verdict, ascii_only)))
                continue
            key = self._key(field, members)
            member = members.get(key)
            written = encoded(value, ascii_only=ascii_only)
            if member is not None:
                edits.append((member.value, member.end, written))
                continue
            if not added:
                comma, colon = b"," + _gap(data, text), data[text.key_end : text.value]
            added += (comma, encoded(key, ascii_only=ascii_only), colon, written)
        if added:
            edits.append((text.end, text.end, b"".join(added)))
        return edits

    def _prove(self, old: bytes, new: bytes, verdicts: Mapping[str, Verdict]) -> None:
        """Read the new document with Python's reader, and compare it with the old one."""
        try:
            before, after = document_of(old), document_of(new)
            expected = dict(holders(before, self._steps))
            for place, verdict in verdicts.items():
                expected[place].update(self._intended(verdict, expected[place]))
            right = before == after
        except (ValueError, RecursionError):
            validate(new)
            step = self._steps[-1]
            texts = {
                site.place: value_of(new, member)
                for site in sites(new, self._steps)
                for member in site.members
                if member.key == step
            }
            right = all(
                texts[place] == v.writes.get("text", v.stored.text) for place, v in verdicts.items()
            )
        if not right:
            raise FlagliftError("a document would not read as intended; please report this")

    def _intended(self, verdict: Verdict, present: Collection[str]) -> dict[str, Any]:
        """Return the values that a verdict writes into an object with these keys, by key."""
        writes = verdict.writes.items()
        if any(key.endswith("]") for key in present):
            return {self._key(field, present): value for field, value in writes}
        return {self._keys[field]: value for field, value in writes}

    def _key(self, field: str, present: Collection[str]) -> str:
        key = self._keys[field]
        return key_of_field(field, present) if key == field else key


def _member_named(data: bytes, key: str) -> Member:
    """Return the first member with a key. Raises `ValueError` if there is none."""
    match = _name(key).search(data)
    end = value_end(data, match.end()) if match else None
    if match is None or end is None:
        raise ValueError("it is spelled differently")
    return Member(key, match.start(), match.end(1), match.end(), end)


@lru_cache(maxsize=64)
def _name(key: str) -> re.Pattern[bytes]:
    name = re.escape(encoded(key, ascii_only=False))
    return re.compile(b"(" + name + rb")[ \t\n\r]*+:[ \t\n\r]*+")


def gap_of(document: str, start: int, value: int, end: int) -> str:
    """Return the white space between a comma and a key in the object with this member."""
    before = document[:start].rstrip(_BLANK)
    leading = document[len(before) : start]
    if before.endswith(","):
        return leading
    following = _NEXT.match(document, end)
    if following:
        return following[1]
    return leading or (" " if document[value - 1] in _BLANK else "")


def _gap(data: bytes, text: Member) -> bytes:
    return gap_of(data.decode("latin-1"), text.start, text.value, text.end).encode()


def spliced(raw: str, verdict: Verdict, ascii_only: bool) -> bytes:
    """Return a JSON string with a verdict's edit applied; all else keeps its spelling."""
    inside = raw[1:-1]
    (start, end, content) = verdict.edit
    escape = inside.find("\\")
    if escape >= 0:
        start, end = _raw_places(inside, escape, (start, end), len(verdict.stored.text))
    new = encoded(content, ascii_only=ascii_only).decode()[1:-1] if content else ""
    return f'"{inside[:start]}{new}{inside[end:]}"'.encode()


def _raw_places(inside: str, first: int, places: Sequence[int], length: int) -> list[int]:
    """Return the positions of characters in a JSON string, by their indices in the decoded text.

    `first` is the position of the first escape, and `length` that of the decoded text.
    """
    offsets: list[int] = []
    escapes = _ESCAPE.finditer(inside, first)
    escape = None
    hidden = 0
    for place in places:
        if place == length:
            offsets.append(len(inside))
            continue
        if place > first and escape is None:
            escape = next(escapes, None)
        while escape is not None and escape.start() - hidden < place:
            hidden += len(escape[0]) - 1
            escape = next(escapes, None)
        offsets.append(place + hidden)
    return offsets
