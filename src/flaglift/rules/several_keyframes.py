"""FL704 several-keyframes."""

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
)


class SeveralKeyframes(Rule):
    r"""
    What it does
        Finds a prompt of several keyframes: parts that lines of `---` separate.

    Why
        Every keyframe has fields of its own, so the prompt as a whole has no single modern form. It
        is not translated; `flaglift translate --keyframes` translates each keyframe by itself.

    Example
        a cat --video --video_model kling25
        ---
        the cat yawns --video --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        No fix: one text cannot hold the fields of several videos.

    Ground
        Dialect section 5.3.
    """

    code = "FL704"
    name = "several-keyframes"
    severity = Severity.INFO
    trigger = Feature.KEYFRAMES
    refuses = True
    once = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "one prompt"),
        Valid("a cat\r\n---\r\na dog", "no flags at all"),
        Valid("a cat\r\n---\r\na dog --Video", "wrong case, so it is not a flag"),
        Valid("a cat --- a dog --video --video_model kling25", "not a line by itself"),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "it --- yawns"',
            "dashes in a value",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\na dog --video --video_model kling25",
            "two keyframes",
        ),
        Invalid("a cat\n---\na dog --video --video_model kling25", "only the second has flags"),
        Invalid("---\na cat --video --video_model kling25", "the first one is empty"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding, at the first separator."""
        if subject.prompt.has(Feature.FLAG):
            yield self.report(
                subject.prompt.separators[0].span,
                f"these are {len(subject.prompt.segments)} keyframes, which have no single modern"
                " form; translate each by itself (`flaglift translate --keyframes`)",
            )
