"""FL502 unsupported-last-frame."""

from typing import ClassVar

from flaglift.catalog.limits import last_frame_doubt
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

_FIELDS = ("video_last_frame", "video_last_frame_url")
_LAST_FRAME = Context({"video_last_frame": "end.png"})


class UnsupportedLastFrame(Rule):
    """
    What it does
        Compares a last frame, `video_last_frame` or `video_last_frame_url`, with what the service's
        table says about the model. Where the table itself is in doubt, it warns and says why.

    Why
        The service refuses a last frame for a model that does not take one.

    Example
        a cat --video --video_model wan25_720p
        video_last_frame_url=https://example.com/end.png

    Use instead
        a cat --video --video_model kling25
        video_last_frame_url=https://example.com/end.png

    Fix safety
        No fix: another model, or no last frame, makes a different video.

    Ground
        The capability matrix of the service's Image2Video page, "First+last keyframe
        (video_last_frame)", editions from 2026-04-29 on; an answer 422 of the service,
        "video_last_frame is not supported for video model seedance2_fast_720p".
    """

    code = "FL502"
    name = "unsupported-last-frame"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    needs_request = True
    request_fields: ClassVar[tuple[str, ...]] = _FIELDS

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model kling25\nvideo_last_frame_url=https://example.com/end.png",
            "the table lists it",
        ),
        Valid(
            "a cat --video --video_model wan25_720p\nvideo_last_frame_url=",
            "an empty setting is no last frame",
        ),
        Valid("a cat --video --video_model wan25_720p", "no last frame that is known of"),
        Valid(
            "a cat --video --video_model flux3_720p",
            "the changelog names the model, and no table says what it takes",
            context=_LAST_FRAME,
        ),
        Valid(
            "a cat --video --video_model kling25_5s",
            "another rule reports retired models",
            context=_LAST_FRAME,
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model wan25_720p\n"
            "video_last_frame_url=https://example.com/end.png",
            "the table does not list the model",
        ),
        Invalid(
            "a cat --video --video_model cinematic_video",
            "the request holds the file",
            context=_LAST_FRAME,
        ),
        Invalid(
            "a cat --video --video_model seedance2_fast_720p",
            "the table lists it, and the service refused it",
            context=_LAST_FRAME,
        ),
        Invalid(
            "a cat --video --video_model kling30_motion_control",
            "a pattern that was made for other models covers it",
            context=_LAST_FRAME,
        ),
        Invalid(
            "a cat --video --video_model wan22_fast_720p",
            "the table may mean it by a name that no model has",
            context=_LAST_FRAME,
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where a last frame is given and the model may not take it."""
        if not subject.is_clear_video or not subject.context.has(*_FIELDS):
            return
        listed = subject.can("first_last_keyframe")
        name = subject.model_name
        if listed is None or name is None:
            return
        doubt = last_frame_doubt(name, listed=listed)
        if doubt:
            yield self.report(
                subject.place_of(*_FIELDS),
                f"it is doubtful whether `{name}` takes a last frame: {doubt}",
                severity=Severity.WARNING,
            )
        elif not listed:
            yield self.report(
                subject.place_of(*_FIELDS),
                f"`{name}` takes no last frame, so the service refuses the request",
            )
