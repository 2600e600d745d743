"""FL201 typographic-dash."""

import re
import unicodedata
from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.lookalikes import DASHES, Defect, NearMiss

_RUN = re.compile(rf"[{re.escape(DASHES)}](?:.*[{re.escape(DASHES)}])?", re.DOTALL)
_TYPOGRAPHIC = re.compile(rf"[{DASHES[1:]}]")
_TITLE = ("write an underscore", "write hyphens")


class TypographicDash(Rule):
    """
    What it does
        Finds a dash, a minus sign or a typographic hyphen in what looks like a flag, where hyphens
        or underscores are meant.

    Why
        The service recognizes flags by two hyphens. With anything else the word is part of the
        image prompt, and the words after it are too. Word processors replace two hyphens with a
        dash.

    Example
        a cat —video --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: the word becomes a flag, so the fields change. The name stays as it is, except
        that typographic hyphens in it become underscores. No fix where it is attached to a word
        with a dash of its own.

    Ground
        Dialect section 6.
    """

    code = "FL201"
    name = "typographic-dash"
    severity = Severity.WARNING
    trigger = Feature.FLAG_LIKE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "two hyphens"),
        Valid("a cat — video of it --video --video_model kling25", "a dash between words"),
        Valid("a music–video look --video --video_model kling25", "a dash inside a word"),
        Valid('a "—video" sign --video --video_model kling25', "in quotes nothing is a flag"),
        Valid('a cat --video --video_model kling25 --video_prompt "—video"', "in a value"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video–model kling25",
            "an en dash instead of an underscore",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat —video --video_model kling25",
            "an em dash, with which word processors replace two hyphens",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat –video_model kling25",
            "an en dash, and no other flag",
            fixed="a cat --video_model kling25",
        ),
        Invalid(
            "a cat \u2212-Duration=5 --video --video_model kling25",
            "half of it a minus sign; the capital is another rule's",
            fixed="a cat --Duration=5 --video --video_model kling25",
        ),
        Invalid(
            "a cat --video\u2010model kling25 --video",
            "a typographic hyphen in the name",
            fixed="a cat --video_model kling25 --video",
        ),
        Invalid(
            "a cat (——video_model kling25) --video",
            "two long dashes; what is attached to it stays",
            fixed="a cat (--video_model kling25) --video",
        ),
        Invalid("a cat on-stage,–video_model kling25 --video", "two words, both with a dash"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each near miss with such a dash."""
        if subject.text.isascii():
            return
        for miss in subject.near_misses:
            if Defect.DASH in miss.defects:
                yield self._finding(miss)

    def _finding(self, miss: NearMiss) -> Diagnostic:
        seen = _TYPOGRAPHIC.findall(miss.dashes + miss.written)
        edits = []
        run = _RUN.search(miss.dashes) if _TYPOGRAPHIC.search(miss.dashes) else None
        if run:
            edits.append(Edit(miss.start + run.start(), miss.start + run.end(), "--"))
        edits += [
            Edit(miss.name_start + match.start(), miss.name_start + match.end(), "_")
            for match in _TYPOGRAPHIC.finditer(miss.written)
        ]
        return self.report(
            miss.span,
            f"`{excerpt(miss.dashes + miss.written)}` is written with {_named(seen[0])}, so the "
            f"service reads it as text and not as `--{miss.name}`",
            # With another dash in the word, what stands between would be taken for the name.
            fix=None
            if any(c in DASHES for c in miss.before)
            else unsafe(_TITLE[bool(run)], *edits),
        )


def _named(character: str) -> str:
    name = unicodedata.name(character)
    return f"{'an' if name[0] in 'AEIOU' else 'a'} {name} (U+{ord(character):04X})"
