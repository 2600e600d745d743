"""Form fields in a word of a command: `prompt[text]=a cat`, plain or URL-encoded."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

from flaglift.check.hosts.base import Around, Comment, Literal, Origin, Siblings
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.check.hosts.formats.curl import SPECIAL, is_special
from flaglift.check.hosts.formats.siblings import TEXT_KEY, is_request_key
from flaglift.lossless.spans import Span

FIELD = re.compile(r"\s*(?:(?:prompt|tune)(?:(?:\[|%5B)[^\]=%]*(?:\]|%5D))+|text)=", re.IGNORECASE)
"""How a word begins that is a field of a prompt."""
ANY_FIELD = re.compile(r"\s*[\w%\[\]]+=")
"""How one begins that may be a field beside it."""

PAIRS = re.compile(r"(?:[^&]*&)*" + FIELD.pattern, re.IGNORECASE)
"""How URL-encoded pairs begin that hold a field of a prompt."""

_PLAIN = Escaped("form field", re.compile(rb"(?!)"), lambda _: None, universal=False)


def _unquote(raw: bytes) -> str | None:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode()
    except UnicodeDecodeError:
        return None


_ENCODED = Escaped(
    "URL-encoded field",
    re.compile(rb"\+|(?:%[0-9a-fA-F]{2})+"),
    _unquote,
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
        spans = self._pairs(data) if self.encoded else [Span(0, len(data))]
        return [literal for span in spans for literal in self._value(data, span)]

    def _pairs(self, data: bytes) -> Iterator[Span]:
        for match in re.finditer(rb"[^&]+", data):
            yield Span(*match.span())

    def _value(self, data: bytes, pair: Span) -> Iterator[Literal]:
        start = data.find(b"=", *pair) + 1
        if not start:
            return
        key = data[pair.start : start - 1].strip()
        name = (_unquote(key) or "") if self.encoded else key.decode()
        form = _ENCODED if self.encoded else _PLAIN
        scanned = form.pieces(data, Span(start, pair.end))
        special = is_special(self.option, data[start : pair.end].decode())
        yield Literal(
            host=self.name,
            form=form,
            start=start,
            end=pair.end,
            inside=start,
            pieces=tuple(scanned.pieces),
            look=partial(self._look, name, SPECIAL if special else ""),
            source=data,
            unclear=scanned.unclear,
        )

    def _look(self, name: str, locked: str) -> Around:
        siblings = self.siblings if TEXT_KEY.search(name) else None
        return Around(Origin("value", name), locked, self.beside, siblings, is_request_key(name))

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none."""
        return []
