"""Form fields: `prompt[text]=a cat` in a word of a command, and URL-encoded ones anywhere."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Siblings
from flaglift.check.hosts.formats.codec import BROKEN, Escaped
from flaglift.check.hosts.formats.curl import SPECIAL, is_special
from flaglift.check.hosts.formats.siblings import FIELD_KEY, TEXT_KEY, is_request_key
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.context import field_name
from flaglift.lossless.spans import Span
from flaglift.lossless.urlencoded import Pair, decoded, is_broken, pairs

FIELD = re.compile(
    r"\s*(?:(?:prompt|tune)(?:(?:\[|%5B)[^\]=%]*(?:\]|%5D))+|text|video_prompt)=", re.IGNORECASE
)
"""The beginning of a word that is a field of a prompt."""
ANY_FIELD = re.compile(r"\A\s*+[\w%\[\]]+=")
"""The beginning of a word that may be a field next to it."""

PAIRS = re.compile(r"(?:[^&]*&)*" + FIELD.pattern, re.IGNORECASE)
"""The beginning of URL-encoded pairs with a field of a prompt."""

_WORD = re.compile(rb"[^\s\"'`<>]+")
_AFTER_WORD = b".,;:!?)]}*_"
_ADDRESS = re.compile(rb"[^?]*+\?(?P<pairs>[^#]*+)")
_BODY = re.compile(rb"\s*+[A-Za-z_][\w%\[\].-]*+=\S*+\s*+\Z")
_SEVERAL = re.compile(rb"&[\w%\[\].-]++=")
_BLANK = re.compile(rb"\+|%(?:25){0,3}20")
"""A blank, also one of an address that is a field of another one."""

_PLAIN = Escaped("form field", re.compile(rb"(?!)"), lambda _: None, universal=False)


_ESCAPES = re.compile(rb"\+|(?:%[0-9a-fA-F]{2})+")
_ENCODED = Escaped(
    "URL-encoded field",
    _ESCAPES,
    decoded,
    {ord(c): f"%{ord(c):02X}" for c in "%&+#\n\r"},
    universal=False,
)
_IN_ADDRESS = Escaped(
    "URL-encoded field",
    _ESCAPES,
    decoded,
    {
        code: f"%{code:02X}"
        for code in range(128)
        if not (chr(code).isalnum() or chr(code) in "-._~")
    },
    universal=False,
)


@dataclass(frozen=True)
class FormHost:
    """The value of one field, or of each of several."""

    encoded: bool = False
    """URL-encoded fields joined with `&`, as the body of a request."""
    option: str = ""
    """The option of curl that takes it; some read some characters specially."""
    beside: Mapping[str, Any] = field(default_factory=dict)
    """Other fields of the same command."""
    siblings: Siblings | None = None
    """Where options can be added to the command."""
    is_address: bool = False
    """Whether the fields are those of addresses, or of a body without a command."""

    @property
    def name(self) -> str:
        """What it is called."""
        return "form"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the values."""
        if self.is_address:
            return [each for query in _queries(data) for each in self._query(data, query)]
        if self.encoded:
            return [*self._query(data, Span(0, len(data)))]
        key, equals, _ = data.partition(b"=")
        return [self._value(data, key.decode(), len(key) + 1, len(data))] if equals else []

    def _query(self, data: bytes, query: Span) -> Iterator[Literal]:
        """Yield the values of an address or a body; a text has the other fields next to it."""
        fields = parse_qsl(data[slice(*query)].decode(), keep_blank_values=True)
        every = {field_name(name.strip()): value for name, value in fields}
        for pair in pairs(data[slice(*query)]):
            moved = Pair(*(at + query.start for at in pair))
            name = decoded(moved.name(data)) or ""
            name = name.strip()
            others = dict(every) if FIELD_KEY.search(name) else {}
            others.pop(field_name(name), None)
            yield from replace(self, beside={**self.beside, **others})._pair(data, moved)

    def _pair(self, data: bytes, pair: Pair) -> Iterator[Literal]:
        raw = pair.name(data)
        if pair.start + len(raw) < pair.end:
            yield self._value(data, decoded(raw.strip()) or "", pair.value, pair.end)

    def _value(self, data: bytes, name: str, start: int, end: int) -> Literal:
        form = _IN_ADDRESS if self.is_address else _ENCODED if self.encoded else _PLAIN
        scanned = form.pieces(data, Span(start, end))
        broken = self.encoded and is_broken(data[start:end])
        special = is_special(self.option, data[start:end].decode())
        return Literal(
            host=self.name,
            form=form,
            start=start,
            end=end,
            inside=start,
            pieces=tuple(scanned.pieces),
            look=partial(self._look, name.strip(), SPECIAL if special else ""),
            source=data,
            unclear=BROKEN if broken else scanned.unclear,
        )

    def _look(self, name: str, locked: str) -> Around:
        siblings = self.siblings if TEXT_KEY.search(name) else None
        return Around(Origin("value", name), locked, self.beside, siblings, is_request_key(name))

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none."""
        return []


def _queries(data: bytes) -> list[Span]:
    """Return the URL-encoded fields in a text: those of a body, or of the addresses in it."""
    end = len(data.rstrip())
    if (_BODY.match(data) and _BLANK.search(data)) or (
        FIELD.match(data.decode()) and _SEVERAL.search(data)
    ):
        return [Span(0, end)]
    queries = []
    for word in _WORD.finditer(data):
        last = word.end() if word.end() == end else word.start() + len(word[0].rstrip(_AFTER_WORD))
        address = _ADDRESS.match(data, word.start(), last)
        if address and b"=" in address["pairs"] and _BLANK.search(address["pairs"]):
            queries.append(Span(*address.span("pairs")))
    return queries


def in_address(text: str) -> FormHost | None:
    """Return the host of a text whose flags are all in URL-encoded fields, as of an address.

    >>> texts = ("See /a?text=a+--video", "text=a%20--video&b=c", "a --video /b?text=a+--video")
    >>> [in_address(text) is not None for text in texts]
    [True, True, False]
    """
    data = text.encode()
    position, rest = 0, b""
    for start, end in _queries(data):
        rest += data[position:start]
        position = end
    is_other = position == 0 or may_hold_flags(rest + data[position:])
    return None if is_other else FormHost(encoded=True, is_address=True)
