"""FL107 quoted-flag."""

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
from flaglift.syntax import nodes
from flaglift.syntax.flags import FlagName
from flaglift.syntax.words import ends_word, quote


class QuotedFlag(Rule):
    r"""
    What it does
        Finds a word that is a flag of the dialect, the beginning of one, or `--`, once its quotes
        and backslashes are removed: `"--video"`, `\--video`.

    Why
        The service removes quotes and backslashes before it looks for flags, so it finds one there.
        Whoever wrote them may have meant the word as text. So the prompt is not
        translated.

    Example
        a cat "--video" --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: it decides that the flag is meant, so the prompt is translated where it was not.

    Ground
        Dialect section 2.10.
    """

    code = "FL107"
    name = "quoted-flag"
    severity = Severity.ERROR
    trigger = Feature.QUOTED_FLAG
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_model "kling25"', "the value is quoted, not the flag"),
        Valid('a cat --video --video_prompt "--video"', "a quoted value is a value"),
        Valid('a sign that says "video" --video --video_model kling25', "no dashes"),
        Valid('a cat --video -- "--duration"', "after a bare `--` there are no flags"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a cat "--video" --video_model kling25',
            "quotes around the flag",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            r"a cat \--video --video_model kling25",
            "a backslash in front",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            'a cat --video --video_model kling25 "--video_prompt=it sits"',
            "quotes around the flag and its value",
            fixed='a cat --video --video_model kling25 --video_prompt="it sits"',
        ),
        Invalid('a cat "--" --video --video_model kling25', "quoted dashes end the flags"),
        Invalid('a cat "--vid" --video_model kling25', "an abbreviation too"),
        Invalid('a cat "--video_model=--" --video', "no value can be written like this"),
        Invalid('a cat "--video""', "an open quote is attached to it"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each quoted flag and each quoted `--`."""
        for node in subject.segment.read:
            if not isinstance(node, nodes.QuotedFlag):
                continue
            what = (
                "still ends the flags for the service"
                if node.text == "--"
                else "is still a flag to the service"
            )
            yield self.report(
                node.span,
                f"`{excerpt(node.raw)}` {what}, which may not be what its quotes or backslashes "
                "mean, so the prompt is not translated",
                fix=_unquoted(node) if ends_word(subject.text, node.end) else None,
            )


def _unquoted(node: nodes.QuotedFlag) -> Fix | None:
    name, equals, value = node.text.partition("=")
    if name[2:] not in set(FlagName) or value == "--":
        return None
    written = quote(value) if value else ""
    return unsafe(
        "write the flag without quotes", Edit(node.start, node.end, name + equals + written)
    )
