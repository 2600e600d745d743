"""FL701 keyframe-without-flags."""

from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
)
from flaglift.rules.subject import DOUBTFUL
from flaglift.syntax.prompt import Segment
from flaglift.syntax.words import WHITESPACE


class KeyframeWithoutFlags(Rule):
    r"""
    What it does
        Finds a keyframe that is not a video prompt, among others that are.

    Why
        Every keyframe carries its own flags, `--video` and `--video_model` repeated. Those of one
        keyframe have no effect on the others.

    Example
        a cat --video --video_model kling25
        ---
        the cat on a chair

    Use instead
        a cat --video --video_model kling25
        ---
        the cat on a chair --video --video_model kling25

    Fix safety
        No fix: only you know whether the model is the same, or the line a separator at all.

    Ground
        Dialect section 5.3.
    """

    code = "FL701"
    name = "keyframe-without-flags"
    severity = Severity.ERROR
    trigger = Feature.KEYFRAMES
    once = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model kling25\r\n---\r\na dog --video --video_model kling25",
            "each has its own",
        ),
        Valid("a cat\r\n---\r\na dog", "no flags at all"),
        Valid("a cat\r\n---\r\na dog --duration 5", "none of them is a video prompt"),
        Valid("a cat --video --video_model kling25 --- a dog", "not a line by itself"),
        Valid(
            "a cat --video --video_model kling25\r\n---\r\na dog --vide",
            "an abbreviated flag, which may be the one",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\na dog",
            "the first one has flags",
        ),
        Invalid(
            "a cat\n---\na dog --duration 5\n---\na cow --video --video_model kling25",
            "a duration alone makes no video",
        ),
        Invalid("a cat --video --video_model kling25\r\n---\r\n", "nothing after the separator"),
        Invalid("---\r\na cat --video --video_model kling25", "nothing before the separator"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each such keyframe."""
        prompt = subject.prompt
        if prompt.has(DOUBTFUL) or not prompt.has(Feature.VIDEO):
            return
        for index, segment in enumerate(prompt.segments):
            if segment.is_video:
                continue
            words = _words(segment)
            what = "has neither `--video` nor `--video_model`" if words else "is empty"
            # What is empty is shown at the separator that makes it one.
            yield self.report(
                words or prompt.separators[max(index - 1, 0)].span,
                f"keyframe {index + 1} {what}, so it is not a video like the others",
            )


def _words(segment: Segment) -> Span | None:
    """Return where the words of a segment stand; None where it has none."""
    written = str(segment)
    words = written.strip(WHITESPACE)
    start = segment.start + len(written) - len(written.lstrip(WHITESPACE))
    return Span(start, start + len(words)) if words else None
