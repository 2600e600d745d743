"""FL403 duration-without-video."""

from typing import ClassVar

from flaglift.rules.base import (
    Context,
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Severity,
    Subject,
    Valid,
)
from flaglift.rules.subject import DOUBTFUL
from flaglift.syntax.flags import FlagName


class DurationWithoutVideo(Rule):
    """
    What it does
        Finds `--duration` in a prompt with none of the other three flags.

    Why
        `--duration` alone does not make a video prompt, so an image is made. It is not
        clear whether a video was meant, so the prompt is not translated.

    Example
        a cat --duration 5

    Use instead
        a cat --video --video_model kling25 --duration 5

    Fix safety
        No fix: a video needs a model, which only the writer can choose.

    Ground
        Dialect section 3.1.
    """

    code = "FL403"
    name = "duration-without-video"
    severity = Severity.WARNING
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FLAGS | Reads.REQUEST
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --duration 5", "a video prompt"),
        Valid("a cat --video_model kling25 --duration 5", "read as a video prompt too"),
        Valid("a cat --duration 5s", "no flag is read at all"),
        Valid('a cat "--video" --duration 5', "whether it is a video prompt is in doubt"),
        Valid(
            "a cat --duration 5",
            "the request names the model",
            context=Context({"video_model": "kling25"}),
        ),
        Valid("a cat --duration 5\nvideo_model=kling25", "the settings block names the model"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a cat --duration 5", "an image with a duration"),
        Invalid("a cat --duration 5 -- --video", "the other flag is text"),
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\na dog --duration 5",
            "every keyframe needs flags of its own",
        ),
        Invalid("a cat --duration 5 --duration 10", "twice, and still an image"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding, at the duration that would count."""
        flag = subject.segment.last(FlagName.DURATION)
        if flag is None or subject.is_video or subject.prompt.has(DOUBTFUL):
            return
        yield self.report(
            flag.span,
            "`--duration` alone does not make this a video prompt, so an image is made",
        )
