"""FL202 typographic-quote."""

import re
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
from flaglift.rules.typing.misquotes import ENDS, Marks, Misquote, misquotes

_DOUBLE = {
    "\u201c": "\u201d\u201c",
    "\u201d": "\u201d\u201c",
    "\u201e": "\u201c\u201d\u201f",
    "\u201f": "\u201d\u201c",
    "\u00ab": "\u00bb",
    "\u00bb": "\u00ab\u00bb",
    "\u2033": "\u2033\u201d",
    "\u301d": "\u301e\u301f",
    "\uff02": "\uff02",
}
_SINGLE = {
    "\u2018": "\u2019\u2018",
    "\u2019": "\u2019",
    "\u201a": "\u2018\u2019",
    "\u201b": "\u2019",
    "\u2039": "\u203a",
    "\u203a": "\u2039\u203a",
    "\u2032": "\u2032\u2019",
    "\uff07": "\uff07",
}
_PAIRS = _DOUBLE | _SINGLE
_MARKS = Marks(
    opening=re.compile(f"[{''.join(_PAIRS)}]"),
    closing=lambda opening: re.compile(f"([{_PAIRS[opening]}]){ENDS}"),
)


class TypographicQuote(Rule):
    """
    What it does
        Finds a flag's value that begins with a typographic quote: “she smiles”, „so“, «so», ‘so’.

    Why
        Only the straight quote `"` groups words. With any other the value is one word, the quote
        is part of it, and the other words become part of the image prompt.

    Example
        a cat --video --video_model kling25 --video_prompt “she smiles”

    Use instead
        a cat --video --video_model kling25 --video_prompt "she smiles"

    Fix safety
        Unsafe: it writes straight quotes, so other words become the value. It is offered where the
        closing quote stands before the next flag, and for single quotes only where nothing else
        can be the closing one.

    Ground
        Dialect sections 1.2 and 6.
    """

    code = "FL202"
    name = "typographic-quote"
    severity = Severity.WARNING
    trigger = Feature.MARKED_VALUE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_model kling25 --video_prompt "“she” smiles"', "quoted"),
        Valid("a sign “open” --video --video_model kling25", "in the image prompt it is text"),
        Valid("a cat --video --video_model kling25 --video_prompt it’s", "an apostrophe"),
        Valid("a cat --video --video_model kling25 --video_prompt ’twas", "one at the beginning"),
        Valid("a cat --video -- --video_prompt “she smiles”", "after a bare `--` all is text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --video_prompt “she smiles”",
            "as word processors write them",
            fixed='a cat --video --video_model kling25 --video_prompt "she smiles"',
        ),
        Invalid("a cat --video --video_prompt “she smiles", "nothing closes it"),
        Invalid(
            'a cat --video_prompt «a 6\\" heel, \\ and "more"», --duration 5',
            "straight quotes and a backslash inside",
            fixed='a cat --video_prompt "a 6\\" heel, \\\\ and \\"more\\"", --duration 5',
        ),
        Invalid(
            "a cat --video --video_model “kling25” --duration 5",
            "around one word",
            fixed='a cat --video --video_model "kling25" --duration 5',
        ),
        Invalid(
            "a cat --video --video_prompt “she says “hi” now” --video_model kling25",
            "quotes inside quotes",
            fixed='a cat --video --video_prompt "she says “hi” now" --video_model kling25',
        ),
        Invalid("a cat --video --video_prompt “she smiles --duration 5”", "a flag inside"),
        Invalid("a cat --video --video_prompt ‘the cats’ tails’ --duration 5", "which one closes"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each value that begins with such a quote."""
        for misquote in misquotes(subject.segment, subject.near_misses, _MARKS):
            certain = misquote.opening in _DOUBLE
            if certain or misquote.goes_on or misquote.inner is not None:
                yield self._finding(subject, misquote, certain)

    def _finding(self, subject: Subject, misquote: Misquote, certain: bool) -> Diagnostic:
        grouped = misquote.grouped
        fix = None
        if (
            grouped is not None
            and (certain or misquote.is_only)
            and not subject.prompt.has(Feature.UNCLOSED)
        ):
            fix = unsafe("use straight quotes", Edit(*misquote.span, grouped))
        flag, word = f"--{misquote.flag.name}", excerpt(misquote.value.raw)
        effect = (
            f"the value of `{flag}` is `{word}` alone, without the words after it"
            if misquote.goes_on
            else f"it is part of the value of `{flag}`"
        )
        return self.report(
            misquote.span,
            f"`{misquote.opening}` is not a quote to the service, so {effect}",
            fix=fix,
        )
