"""FL501 missing-input-video."""

from typing import ClassVar

from flaglift.rules.base import (
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

_FIELDS = ("input_video", "input_video_url")


class MissingInputVideo(Rule):
    """
    What it does
        Looks for the video whose motion a motion-control model replays: `input_video` or
        `input_video_url`, in the request or in the settings block. Where it is not known what the
        request holds, it only says that one is needed.

    Why
        The flags cannot carry a video, and without one the service refuses the request.

    Example
        a man --video --video_model kling30_motion_control

    Use instead
        a man --video --video_model kling30_motion_control
        input_video_url=https://example.com/dance.mp4

    Fix safety
        No fix: only the writer knows which video is meant.

    Ground
        The capability matrix of the service's Image2Video page, "Motion control (requires
        input_video)", editions from 2026-04-29 on.
    """

    code = "FL501"
    name = "missing-input-video"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    request_fields: ClassVar[tuple[str, ...]] = _FIELDS

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a man --video --video_model kling30_motion_control\n"
            "input_video_url=https://example.com/dance.mp4",
            "its address is in the settings block",
        ),
        Valid(
            "a man --video --video_model dreamactor_m2",
            "the request holds the file",
            context=Context({"input_video": "dance.mp4"}),
        ),
        Valid(
            "a man --video --video_model kling30_pro",
            "no motion control",
            context=Context(complete=True),
        ),
        Valid(
            "a man --video --video_model scail2_720p",
            "the changelog names the model, and no table says what it needs",
        ),
        Valid(
            'a 6" man --video --video_model kling30_motion_control',
            "the service reads no flag here",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a man --video --video_model kling30_motion_control",
            "nothing is known of the request, so it is advice",
        ),
        Invalid(
            "a man --video --video_model wan_animate_720p",
            "the request holds neither",
            context=Context({"input_video": None, "input_video_url": ""}),
        ),
        Invalid(
            "a man --video\nvideo_model=dreamactor_m2\ninput_video_url=",
            "an empty setting is none",
            context=Context(complete=True),
        ),
        Invalid(
            "a man --video",
            "the configured model replays motion",
            settings=Settings(default_model="happyhorse_motion_control"),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the video is not known to be there."""
        if not subject.is_clear_video or not subject.can("motion_control"):
            return
        given = subject.context.has(*_FIELDS)
        if given is False:
            yield self.report(
                subject.anchor,
                f"`{subject.model_name}` replays the motion of a video, and the request holds "
                "neither `input_video` nor `input_video_url`, so the service refuses it",
            )
        elif given is None:
            yield self.report(
                subject.anchor,
                f"`{subject.model_name}` replays the motion of a video, so the request must hold "
                "`input_video` or `input_video_url`",
                severity=Severity.INFO,
            )
