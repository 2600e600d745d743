"""FL602 missing-video-switch."""

from typing import ClassVar

from flaglift.rules.base import (
    Applicability,
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Severity,
    Subject,
    Valid,
    safe,
)
from flaglift.syntax.flags import FlagName
from flaglift.syntax.nodes import Flag


class MissingVideoSwitch(Rule):
    """
    What it does
        Finds `--video_model` or `--video_prompt` in a prompt without `--video`.

    Why
        It is read as a video prompt anyway, but only `--video` is documented to make it one.

    Example
        a cat --video_model kling25 --video_prompt "it yawns"

    Use instead
        a cat --video --video_model kling25 --video_prompt "it yawns"

    Fix safety
        Safe: the prompt is translated into the same fields with `--video` as without.

    Ground
        Dialect section 3.1.
    """

    code = "FL602"
    name = "missing-video-switch"
    severity = Severity.WARNING
    trigger = Feature.NO_SWITCH
    reads: ClassVar[Reads] = Reads.FIRST | Reads.FLAGS

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "the switch is there"),
        Valid("a cat --video_model kling25 --video", "it may stand anywhere"),
        Valid("a cat --duration 5", "a duration alone makes no video"),
        Valid("a cat --duration 5\nvideo_model=kling25", "no flag makes it one"),
        Valid('a cat "--video" --video_model kling25', "the quoted switch may be read as one"),
        Valid("a cat --video_model --video_prompt yawns", "a missing value makes the flags text"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("—video a cat --video_model kling25", "FL201 mends the switch that is there"),
        Invalid(
            'a cat --video_model kling25 --video_prompt "it yawns"',
            "a model and a prompt",
            fixed='a cat --video --video_model kling25 --video_prompt "it yawns"',
            applicability=Applicability.SAFE,
        ),
        Invalid(
            "a cat\n--duration 5\n--video_model kling25",
            "the first flag is the duration",
            fixed="a cat\n--video --duration 5\n--video_model kling25",
            applicability=Applicability.SAFE,
        ),
        Invalid(
            "a cat --video_model kling25 -- --video",
            "after a bare `--` the switch is text",
            fixed="a cat --video --video_model kling25 -- --video",
            applicability=Applicability.SAFE,
        ),
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\n--video_model kling25 a dog",
            "every keyframe needs its own",
            fixed="a cat --video --video_model kling25\r\n---\r\n--video --video_model kling25"
            " a dog",
            applicability=Applicability.DISPLAY_ONLY,
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the other flags make it a video prompt."""
        segment = subject.segment
        if not (segment.is_video and subject.is_clear_video) or segment.last(FlagName.VIDEO):
            return
        first = subject.segment.flags[0]
        yield self.report(
            first.span,
            f"there is no `--video`, and `--{_reason(subject)}` makes this a video prompt anyway",
            fix=_fix(subject, first),
        )


def _fix(subject: Subject, first: Flag) -> Fix | None:
    if any(miss.name is FlagName.VIDEO for miss in subject.near_misses):
        return None  # the switch is there, mistyped, and its own finding mends it
    return safe("add `--video`", Edit(first.start, first.start, "--video "))


def _reason(subject: Subject) -> str:
    model = subject.segment.last(FlagName.VIDEO_MODEL)
    return FlagName.VIDEO_MODEL if model else FlagName.VIDEO_PROMPT
