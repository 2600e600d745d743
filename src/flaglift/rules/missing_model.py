"""FL303 missing-model."""

from functools import cache
from typing import ClassVar

from flaglift.catalog import edition_dates
from flaglift.catalog.data import edition_file
from flaglift.rules.base import (
    UNSTATED,
    Context,
    Diagnostic,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Settings,
    Severity,
    Subject,
    Valid,
)


class MissingModel(Rule):
    """
    What it does
        Finds a video prompt for which nothing names a model: no flag, no line of the settings
        block, no field of the request and no `default-model`.

    Why
        The service had a default model, which changed over time. The field `video_model` has none,
        so the prompt is translated only when you choose a model.

    Example
        a cat --video

    Use instead
        a cat --video --video_model kling25

    Fix safety
        No fix: the choice of a model is a choice of quality and price.

    Ground
        Dialect section 3.2; the editions of the service's Image2Video page.
    """

    code = "FL303"
    name = "missing-model"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "a flag names it"),
        Valid("a cat --video --video_model sora", "an unknown name is a name"),
        Valid("a cat --video", "chosen", settings=Settings(default_model="kling25")),
        Valid("a cat --video", "in the request", context=Context({"video_model": "kling25"})),
        Valid(
            "a cat --video",
            "in the request, with a name that is not known",
            context=Context({"video_model": UNSTATED}),
        ),
        Valid("a cat --video\nvideo_model=kling25", "in the settings block"),
        Valid("a cat --video --video_m kling25", "the abbreviated flag may name it"),
        Valid("a cat --duration 5", "not a video prompt"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a cat --video", "the switch alone"),
        Invalid('a cat --video_prompt "it yawns"', "a video prompt without the switch"),
        Invalid("a cat --video -- --video_model kling25", "after a bare `--` it is text"),
        Invalid(
            "a cat --video --video_model kling25\r\n---\r\na dog --video",
            "every keyframe names its own",
        ),
        Invalid(
            "a cat --video",
            "the field of the request is empty",
            context=Context({"video_model": ""}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where no model is named."""
        named = subject.named_model is not None or subject.context.has("video_model")
        if subject.is_clear_video and not named:
            yield self.report(
                subject.segment.flags[0].span,
                f"no model is named, and the field `video_model` has no default (the service used"
                f" {_defaults()}), so the prompt is not translated until you choose one with"
                " `default-model` in the configuration or `--default-model`",
            )


@cache
def _defaults() -> str:
    """Return the service's defaults, each with the edition that first states it."""
    since: dict[str, str] = {}
    for date in edition_dates():
        name = edition_file(date).default_video_model
        if name:
            since.setdefault(name, f"`{name}` from {date}")
    return " and ".join(since.values())
