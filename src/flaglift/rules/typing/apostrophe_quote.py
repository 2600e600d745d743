"""FL206 apostrophe-quote."""

import re
from dataclasses import replace
from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Fix,
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

_MARKS = Marks(
    opening=re.compile("'"),
    closing=lambda _: re.compile(rf"(?<!\\)('){ENDS}"),
)

_ELISION = re.compile(
    r"'(?:tis|twas|twill|twere|til|till|em|cause|bout|round|neath|n|[0-9]0s)\b", re.IGNORECASE
)
"""Words that begin with an apostrophe by themselves."""


class ApostropheQuote(Rule):
    """
    What it does
        Finds a flag's value that begins with an apostrophe, as if that were a quote.

    Why
        Only `"` groups words. The value ends at the first space, the apostrophe is part of it, and
        the other words become part of the image prompt.

    Example
        a cat --video --video_model kling25 --video_prompt 'smile now'

    Use instead
        a cat --video --video_model kling25 --video_prompt "smile now"

    Fix safety
        Unsafe: it writes double quotes, so other words become the value. It is offered where an
        apostrophe closes it before the next flag, and only one can be meant.

    Ground
        Dialect sections 1.2 and 6.
    """

    code = "FL206"
    name = "apostrophe-quote"
    severity = Severity.WARNING
    trigger = Feature.MARKED_VALUE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_model kling25 --video_prompt "\'tis calm"', "quoted"),
        Valid("it's a 'cat' --video --video_model kling25", "in the image prompt it is text"),
        Valid("a cat --video --video_model kling25 --video_prompt 'twas", "one word, and elided"),
        Valid(
            "a cat --video --video_model kling25 --video_prompt dogs' --duration 5", "at the end"
        ),
        Valid("a cat --video -- --video_prompt 'it sits'", "after a bare `--` all is text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --video_prompt 'smile now'",
            "quotes of a shell",
            fixed='a cat --video --video_model kling25 --video_prompt "smile now"',
        ),
        Invalid(
            r"""a cat --video --video_prompt='it\'s "new", \ isn't it', --duration 5""",
            "quotes, backslashes and apostrophes inside",
            fixed=r"""a cat --video --video_prompt="it's \"new\", \\ isn't it", --duration 5""",
        ),
        Invalid(
            "a cat --video --video_prompt '\"she smiles\"' --video_model kling25",
            "quotes inside apostrophes",
            fixed='a cat --video --video_prompt "she smiles" --video_model kling25',
        ),
        Invalid(
            "a cat --video --video_model 'kling25'",
            "one word",
            fixed='a cat --video --video_model "kling25"',
        ),
        Invalid(
            "a cat --video --video_prompt '90s music video' --video_model kling25",
            "the last apostrophe stands where the value ends",
            fixed='a cat --video --video_prompt "90s music video" --video_model kling25',
        ),
        Invalid(
            "a cat --video --video_prompt 'tis the cats' time", "an elision: nothing is quoted"
        ),
        Invalid("a cat --video --video_prompt 'the cats' tails' --duration 5", "which one closes"),
        Invalid("a cat --video --video_prompt 'the cat sits --duration 5", "nothing closes it"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each value that begins like a quotation."""
        for misquote in misquotes(subject.segment, subject.near_misses, _MARKS):
            flag, word = f"--{misquote.flag.name}", excerpt(misquote.value.raw)
            if misquote.goes_on:
                effect = f"the value of `{flag}` is `{word}` alone, without the words after it"
            elif misquote.inner is not None:
                effect = f"it is part of the value of `{flag}`"
            else:
                continue
            closed = not subject.prompt.has(Feature.UNCLOSED)
            yield self.report(
                misquote.span,
                f"an apostrophe is not a quote to the service, so {effect}",
                fix=_fix(misquote) if closed else None,
            )


def _fix(misquote: Misquote) -> Fix | None:
    elided = _ELISION.match(misquote.value.raw) and not misquote.is_last
    inner = misquote.inner and misquote.inner.replace("\\'", "'")
    grouped = replace(misquote, inner=inner).grouped
    if grouped is None or not misquote.is_only or elided:
        return None
    return unsafe("use double quotes", Edit(*misquote.span, grouped))
