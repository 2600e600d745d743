"""Strings that are put together from several literals, each in a form of its own."""

from dataclasses import dataclass
from typing import NamedTuple

from flaglift.check.hosts.base import Literal, LiteralForm
from flaglift.check.hosts.formats.codec import ScannedLiteral
from flaglift.lossless.spans import Span


class StringLiteral(NamedTuple):
    """One string literal as the language writes it."""

    form: LiteralForm
    place: Span
    inside: int
    scanned: ScannedLiteral


@dataclass(frozen=True, eq=False)
class Joined:
    """Several literals that make up one string; each keeps its form."""

    parts: tuple[StringLiteral, ...]

    @property
    def name(self) -> str:
        """Those of the parts."""
        return " and ".join(dict.fromkeys(part.form.name for part in self.parts))

    def encode(self, text: str, literal: Literal, at: int) -> bytes | None:
        """Return the text in the form of the part that contains the place."""
        part = [part for part in self.parts if part.inside <= at][-1]
        return part.form.encode(text, literal, at)

    def place_between(self, low: int, high: int) -> int:
        """Return the end of a hole that is inside a part, else the inside of the next part."""
        if any(part.inside <= low < part.place.end for part in self.parts):
            return low
        return next((part.inside for part in self.parts if part.inside >= low), high)
