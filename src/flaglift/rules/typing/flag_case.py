"""FL208 flag-case."""

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


class FlagCase(Rule):
    """
    What it does
        Finds a flag with capital letters: `--VIDEO`, `--Video_Model`.

    Why
        The names of flags are lower case. With capitals, the flag and the words after it
        are part of the image prompt.

    Example
        a cat --VIDEO --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: the word becomes a flag, so the fields change.

    Ground
        Dialect sections 2.1 and 6.
    """

    code = "FL208"
    name = "flag-case"
    severity = Severity.WARNING
    trigger = Feature.FLAG_LIKE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("A CAT --video --video_model kling25", "the image prompt may be in capitals"),
        Valid('a "--VIDEO" sign --video --video_model kling25', "in quotes nothing is a flag"),
        Valid("a cat --video --video_model kling25 --video_prompt --x", "other words with dashes"),
        Valid('a cat --video --video_model kling25 --video_prompt "--VIDEO"', "in a value"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --VIDEO --video_model kling25",
            "capitals",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            'a cat --video --Video_Prompt="It Sits" --video_model kling25',
            "some capitals; the value keeps its own",
            fixed='a cat --video --video_prompt="It Sits" --video_model kling25',
        ),
        Invalid(
            "A CAT --VIDEO-MODEL kling25, --video",
            "hyphens and punctuation are other rules' business",
            fixed="A CAT --video-model kling25, --video",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each near miss with a capital letter."""
        for miss in subject.near_misses:
            if Defect.CASE in miss.defects:
                yield self.report(
                    miss.span,
                    f"`{excerpt(miss.dashes + miss.written)}` is not in lower case, so the service "
                    f"reads it as text and not as `--{miss.name}`",
                    fix=unsafe(
                        "write it in lower case",
                        Edit(miss.name_start, miss.end, miss.written.lower()),
                    ),
                )
