"""FL205 over-escaped-quote."""

import re
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
from flaglift.syntax.nodes import Quoting
from flaglift.syntax.words import group, quoting, unescape, unquote

_LEVELS = 3
"""Text that went through more escaping than this is not repaired."""

_MARKS = Marks(
    opening=re.compile(r'\\++"'),
    closing=lambda opening: re.compile(
        rf'(?<!\\)(\\{{{min(len(opening) - 1, 2**_LEVELS)}}}"){ENDS}'
    ),
)


class OverEscapedQuote(Rule):
    r"""
    What it does
        Finds a flag's value that begins with a quote after a backslash: `\"she smiles\"`.

    Why
        A backslash makes the quote an ordinary character. The value ends at the first space, the
        quote is part of it, and the other words become part of the image prompt. Such text was
        escaped once too often on its way.

    Example
        a cat --video --video_model kling25 --video_prompt \"smile at the camera\"

    Use instead
        a cat --video --video_model kling25 --video_prompt "smile at the camera"

    Fix safety
        Unsafe: it removes backslashes, so other words become the value. It is offered where a
        quote with as many backslashes stands before the next flag, and only one can be meant.

    Ground
        Dialect sections 1.3 and 6.
    """

    code = "FL205"
    name = "over-escaped-quote"
    severity = Severity.WARNING
    trigger = Feature.MARKED_VALUE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(r'a cat --video --video_model kling25 --video_prompt "a 6\" heel"', "inside quotes"),
        Valid(r"a 6\" heel --video --video_model kling25", "not in a value"),
        Valid(r"a cat --video --video_model kling25 --video_prompt 6\"", "not at the beginning"),
        Valid(r"a cat --video -- --video_prompt \"it sits\"", "after a bare `--` all is text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            r"a cat --video --video_model kling25 --video_prompt \"smile at the camera\"",
            "a prompt out of a JSON text",
            fixed='a cat --video --video_model kling25 --video_prompt "smile at the camera"',
        ),
        Invalid(
            r"a cat --video --video_prompt \"she says \\\"hi\\\" now\" --video_model kling25",
            "quotes inside quotes, one level down",
            fixed=r'a cat --video --video_prompt "she says \"hi\" now" --video_model kling25',
        ),
        Invalid(
            r"a cat --video --video_prompt=\\\"it sits\\\", --video_model kling25",
            "escaped twice",
            fixed=r'a cat --video --video_prompt="it sits", --video_model kling25',
        ),
        Invalid(
            r'a cat --video --video_prompt \\"it sits\\" --video_model kling25',
            "two backslashes: the quotes group, and a backslash is left on either side",
            fixed=r'a cat --video --video_prompt "it sits" --video_model kling25',
        ),
        Invalid(
            r"a cat --video --video_model \"kling25\"",
            "one word",
            fixed='a cat --video --video_model "kling25"',
        ),
        Invalid(r"a cat --video --video_prompt \"it sits --duration 5", "nothing closes it"),
        Invalid(r"a cat --video --video_prompt \"it is 6\" tall\"", "which one closes it"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each value that begins with an escaped quote."""
        for misquote in misquotes(subject.segment, subject.near_misses, _MARKS):
            value = misquote.value
            effect = (
                f"the value of `--{misquote.flag.name}` is `{excerpt(value.text)}` alone, without "
                "the words after it"
                if misquote.goes_on
                else f"the value of `--{misquote.flag.name}` is `{excerpt(value.text)}`"
            )
            closed = not subject.prompt.has(Feature.UNCLOSED)
            yield self.report(
                misquote.span,
                f'`{excerpt(misquote.opening)}` is not read like a bare `"`, so {effect}',
                fix=_fix(misquote) if closed else None,
            )


def _fix(misquote: Misquote) -> Fix | None:
    opening, inner = misquote.opening, misquote.inner
    if inner is None or not misquote.is_only or len(opening) > 2**_LEVELS:
        return None
    written = opening + inner + opening
    while written[0] == "\\":
        written = unescape(written)
    if quoting(written) is not Quoting.QUOTED:
        written = group(unescape(inner))
    if unquote(written) == "--":
        return None
    return unsafe("remove the backslashes", Edit(*misquote.span, written))
