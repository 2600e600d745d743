"""FL112 help-flag."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
)
from flaglift.syntax import nodes


class HelpFlag(Rule):
    """
    What it does
        Finds a word that begins with `-h`, or is `--help` or an abbreviation of it, in a prompt
        with flags: `-hands`, `-hd`.

    Why
        The service's reader takes it for a request for its own help and gives up: it reads no flag
        at all. So the prompt is not translated.

    Example
        a woman -hands folded --video --video_model kling25

    Use instead
        a woman, hands folded --video --video_model kling25

    Fix safety
        No fix: only you know what the dash means.

    Ground
        Dialect section 2.12; the service's public inference code reads flags with `argparse`, which
        adds `-h` and `--help` by itself.
    """

    code = "FL112"
    name = "help-flag"
    severity = Severity.ERROR
    trigger = Feature.HELP_FLAG
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a half-hidden cat --video --video_model kling25", "inside a word it is a hyphen"),
        Valid("a woman -hands", "no flag, so nothing is lost"),
        Valid("a cat --video --video_model kling25 -- -hands", "after a bare `--` it is text"),
        Valid("a cat - happy --video --video_model kling25", "a dash by itself"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a woman -hands folded --video --video_model kling25", "meant as a list"),
        Invalid("a cat --video --video_model kling25 --help", "exactly the option"),
        Invalid('a cat "-hd" --video --video_model kling25', "quotes change nothing"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each such word."""
        for node in subject.segment.read:
            if isinstance(node, nodes.HelpFlag):
                yield self.report(
                    node.span,
                    f"the service's reader takes `{excerpt(node.raw)}` for a request for help, so"
                    " it reads no flag at all in this prompt",
                )
