"""FL209 hyphenated-flag."""

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
from flaglift.syntax.lookalikes import Defect


class HyphenatedFlag(Rule):
    """
    What it does
        Finds `--video-model` and `--video-prompt`, with a hyphen instead of the underscore.

    Why
        The names of the flags have underscores. With a hyphen, the flag and the words after it are
        part of the image prompt. Most commands spell their options with hyphens, so
        people type them out of habit.

    Example
        a cat --video --video-model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: the word becomes a flag, so the fields change.

    Ground
        Dialect sections 2.1 and 6.
    """

    code = "FL209"
    name = "hyphenated-flag"
    severity = Severity.WARNING
    trigger = Feature.FLAG_LIKE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "an underscore"),
        Valid('a "--video-model" sign --video --video_model kling25', "in quotes it is not a flag"),
        Valid("a cat --video --video_model kling25 --video-mode", "a misspelt name"),
        Valid("a cat --video\u2010model kling25 --video", "a typographic hyphen"),
        Valid("a cat --video- --video_model kling25", "the hyphen is not in the name"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video-model kling25",
            "a hyphen",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            'a cat --video --video_model kling25 --video-prompt="it - sits"',
            "with its value attached",
            fixed='a cat --video --video_model kling25 --video_prompt="it - sits"',
        ),
        Invalid(
            "a cat --Video-Model: kling25 --video",
            "case and punctuation are other rules' business",
            fixed="a cat --Video_Model: kling25 --video",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each near miss with a hyphen in its name."""
        for miss in subject.near_misses:
            if Defect.HYPHEN in miss.defects:
                yield self.report(
                    miss.span,
                    f"`{excerpt(miss.dashes + miss.written)}` has a hyphen instead of an "
                    f"underscore, so the service reads it as text and not as `--{miss.name}`",
                    fix=unsafe(
                        "write an underscore",
                        Edit(miss.name_start, miss.end, miss.written.replace("-", "_")),
                    ),
                )
