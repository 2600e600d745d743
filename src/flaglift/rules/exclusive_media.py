"""FL507 exclusive-media."""

import datetime
from typing import ClassVar

from flaglift.catalog.limits import has_media_rules
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

_FRAMES = (
    "video_first_frame",
    "video_first_frame_url",
    "video_last_frame",
    "video_last_frame_url",
)
_REFERENCES = (
    "image_references",
    "image_reference_urls",
    "input_video",
    "input_video_url",
    "audio_reference",
    "audio_reference_url",
)


class ExclusiveMedia(Rule):
    """
    What it does
        Finds a first or last frame together with image references, an input video or an audio
        reference, for Seedance 2 and 2.5.

    Why
        These models take one or the other. The service refuses a request with both.

    Example
        a cat --video --video_model seedance2_720p
        video_first_frame_url=https://example.com/cat.png
        input_video_url=https://example.com/cat.mp4

    Use instead
        a cat --video --video_model seedance2_720p
        input_video_url=https://example.com/cat.mp4

    Fix safety
        No fix: only the writer knows which of the two is meant.

    Ground
        The service's Image2Video page, edition of 2026-08-18.
    """

    code = "FL507"
    name = "exclusive-media"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    needs_request = True
    request_fields: ClassVar[tuple[str, ...]] = (*_FRAMES, *_REFERENCES)

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model seedance2_720p",
            "two frames and no references",
            context=Context({"video_first_frame": "a.png", "video_last_frame_url": "https://b"}),
        ),
        Valid(
            "a cat --video --video_model seedance2_720p",
            "references of all kinds and no frame",
            context=Context({"image_references": "a.png", "input_video": "b.mp4"}),
        ),
        Valid(
            "a cat --video --video_model kling30_motion_control",
            "the rule is stated for Seedance only",
            context=Context({"video_first_frame": "a.png", "input_video": "b.mp4"}),
        ),
        Valid(
            "a cat --video --video_model seedance2_720p",
            "the edition does not state the rule yet",
            settings=Settings(edition=datetime.date(2026, 4, 29)),
            context=Context({"video_first_frame": "a.png", "input_video": "b.mp4"}),
        ),
        Valid(
            "a cat --video --video_model seedance_v15_720p",
            "Seedance 1.5 is another model",
            context=Context({"video_first_frame": "a.png", "audio_reference": "b.mp3"}),
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model seedance2_720p\n"
            "video_first_frame_url=https://example.com/cat.png\n"
            "input_video_url=https://example.com/cat.mp4",
            "both in the settings block",
        ),
        Invalid(
            "a cat --video --video_model seedance25_720p",
            "the changelog's Seedance 2.5, and files",
            context=Context({"video_last_frame": "a.png", "audio_reference": "b.mp3"}),
        ),
        Invalid(
            "a cat --video --video_model seedance2_4k\n"
            "video_last_frame_url=https://example.com/cat.png",
            "one in a field and one in the text",
            context=Context({"image_reference_urls": ["https://example.com/dog.png"]}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding that names a field of each kind."""
        if not subject.is_clear_video or subject.model is None:
            return
        if not has_media_rules(subject.model.name, subject.catalog.edition):
            return
        frame = _first(subject.context, _FRAMES)
        reference = _first(subject.context, _REFERENCES)
        if frame and reference:
            yield self.report(
                subject.place_of(frame, reference),
                f"`{frame}` and `{reference}` exclude each other for `{subject.model_name}`, so "
                "the service refuses the request",
            )


def _first(context: Context, fields: tuple[str, ...]) -> str | None:
    return next((field for field in fields if context.has(field)), None)
