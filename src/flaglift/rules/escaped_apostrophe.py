"""FL110 escaped-apostrophe."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
    unsafe,
)
from flaglift.syntax.words import escapes


class EscapedApostrophe(Rule):
    r"""
    What it does
        Finds a backslash before an apostrophe outside quotes, in a prompt with flags: `it\'s`.

    Why
        An apostrophe needs no backslash here: `it's` is an ordinary word. The service reads `\'` as
        a backslash and an apostrophe that opens a quote: everything up to the next apostrophe,
        flags included, is one word, and if there is none, no flag is read at all. So the prompt is
        not translated.

    Example
        it\'s a cat --video --video_model kling25

    Use instead
        it's a cat --video --video_model kling25

    Fix safety
        Unsafe: the flags after it are read, so the fields change.

    Ground
        Dialect sections 1.2 and 1.3; the service's public inference code puts a backslash before
        each apostrophe before it splits the prompt into words.
    """

    code = "FL110"
    name = "escaped-apostrophe"
    severity = Severity.ERROR
    trigger = Feature.ESCAPED_APOSTROPHE
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("it's a cat --video --video_model kling25", "an apostrophe is an ordinary character"),
        Valid(r"it\'s a cat", "no flag, so nothing is lost"),
        Valid(
            r'a cat --video --video_model kling25 --video_prompt "it\'s asleep"',
            "inside quotes the backslash is a character of its own",
        ),
        Valid(r"it\\'s a cat --video --video_model kling25", "the backslash is escaped itself"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            r"it\'s a cat --video --video_model kling25",
            "escaped as for a program",
            fixed="it's a cat --video --video_model kling25",
        ),
        Invalid(
            r"it\'s the dog\'s --video --video_model kling25",
            "two places, one finding",
            fixed="it's the dog's --video --video_model kling25",
        ),
        Invalid(
            r"a cat --video --video_model kling25 --video_prompt it\'s",
            "in a value without quotes",
            fixed="a cat --video --video_model kling25 --video_prompt it's",
        ),
        Invalid(
            r'it\'s a "dog\'s --video --video_model kling25',
            "the second place is after an open quote, where it does nothing",
            fixed=r"""it's a "dog\'s --video --video_model kling25""",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for all such places of a segment, at the first."""
        places = _places(subject)
        if places:
            first = Span(places[0], places[0] + len("\\'"))
            yield self.report(
                first,
                r"the service reads `\'` as a backslash and an apostrophe that opens a quote, so "
                "flags after it may not be read, and the prompt is not translated",
                fix=unsafe(
                    "remove the backslash" if len(places) == 1 else "remove the backslashes",
                    *(Edit(place, place + 1, "") for place in places),
                ),
            )


def _places(subject: Subject) -> list[int]:
    segment = subject.segment
    written = escapes(str(segment))
    return [segment.start + offset for offset, escape in written if escape == "\\'"]
