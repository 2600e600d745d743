"""Form fields in a word of a command: `prompt[text]=a cat`, plain or URL-encoded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Siblings
from flaglift.check.hosts.formats.codec import BROKEN, Escaped
from flaglift.check.hosts.formats.curl import SPECIAL, is_special
from flaglift.check.hosts.formats.siblings import TEXT_KEY, is_request_key
from flaglift.lossless.spans import Span
from flaglift.lossless.urlencoded import Pair, decoded, is_broken, pairs

FIELD = re.compile(r"\s*(?:(?:prompt|tune)(?:(?:\[|%5B)[^\]=%]*(?:\]|%5D))+|text)=", re.IGNORECASE)
"""The beginning of a word that is a field of a prompt."""
ANY_FIELD = re.compile(r"\A\s*+[\w%\[\]]+=")
"""The beginning of a word that may be a field next to it."""

PAIRS = re.compile(r"(?:[^&]*&)*" + FIELD.pattern, re.IGNORECASE)
"""The beginning of URL-encoded pairs with a field of a prompt."""

_PLAIN = Escaped("form field", re.compile(rb"(?!)"), lambda _: None, universal=False)


_ENCODED = Escaped(
    "URL-encoded field",
    re.compile(rb"\+|(?:%[0-9a-fA-F]{2})+"),
    decoded,
    {ord(c): f"%{ord(c):02X}" for c in "%&+#\n\r"},
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

    @property
    def name(self) -> str:
        """What it is called."""
        return "form"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the values."""
        if self.encoded:
            return [literal for pair in pairs(data) for literal in self._pair(data, pair)]
        key, equals, _ = data.partition(b"=")
        return [self._value(data, key.decode(), len(key) + 1, len(data))] if equals else []

    def _pair(self, data: bytes, pair: Pair) -> Iterator[Literal]:
        raw = pair.name(data)
        if pair.start + len(raw) < pair.end:
            yield self._value(data, decoded(raw.strip()) or "", pair.value, pair.end)

    def _value(self, data: bytes, name: str, start: int, end: int) -> Literal:
        form = _ENCODED if self.encoded else _PLAIN
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
