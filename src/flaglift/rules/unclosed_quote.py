"""FL101 unclosed-quote."""

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
    unsafe,
)
from flaglift.syntax.nodes import Unclosed


class UnclosedQuote(Rule):
    r"""
    What it does
        Finds a `"` that is never closed, and a backslash at the very end, in a prompt with flags.

    Why
        The service then reads no flag at all, wherever the flags are: they become part of the image
        prompt, and an image is made instead of a video.

    Example
        a 6" heel --video --video_model kling25

    Use instead
        a 6\" heel --video --video_model kling25

    Fix safety
        Unsafe: with the quote escaped the flags are read, so the fields change.

    Ground
        Dialect section 1.4.
    """

    code = "FL101"
    name = "unclosed-quote"
    severity = Severity.ERROR
    trigger = Feature.UNCLOSED
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_prompt "it sits"', "the quote is closed"),
        Valid('a 6" heel', "no flag, so nothing is lost"),
        Valid(r"a 6\" heel --video --video_model kling25", "an escaped quote opens nothing"),
        Valid("it's a cat --video --video_model kling25", "an apostrophe is not a quote"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a 6" heel --video --video_model kling25',
            "inches, before the flags",
            fixed='a 6\\" heel --video --video_model kling25',
        ),
        Invalid(
            'a cat --video --video_model kling25 --video_prompt "it sits',
            "the end of the value is missing, and may be anywhere in the text",
        ),
        Invalid(
            "a cat --video --video_model kling25 \\",
            "a backslash with nothing after it",
            fixed="a cat --video --video_model kling25 \\\\",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for the open quote or the last backslash."""
        for node in subject.segment.nodes:
            if isinstance(node, Unclosed):
                yield self._finding(subject, node)

    def _finding(self, subject: Subject, node: Unclosed) -> Diagnostic:
        character = node.raw[0]
        what = (
            "this quote is never closed" if character == '"' else "nothing follows this backslash"
        )
        # At the start of a word the quote opens a value whose end is unknown.
        at_word_start = subject.text[node.start - 1 : node.start] in (
            "",
            " ",
            "\t",
            "\r",
            "\n",
            "=",
        )
        fix = None
        if character == "\\" or not at_word_start:
            fix = unsafe(f"escape it: `\\{character}`", Edit(node.start, node.start, "\\"))
        return self.report(
            node.span if character == "\\" else node.span._replace(end=node.start + 1),
            f"{what}, so the service reads no flag at all in this prompt",
            fix=fix,
        )
