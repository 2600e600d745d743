"""FL509 unsupported-image-references."""

import datetime
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

_FIELDS = ("image_references", "image_reference_urls")
_REFERENCES = Context({"image_references": "cat.png"})


class UnsupportedImageReferences(Rule):
    """
    What it does
        Compares `image_references` and `image_reference_urls` of the request with what the
        service's table says about the model.

    Why
        A model outside the table's list takes no image references, so what they show does not
        appear in the video.

    Example
        a cat --video --video_model kling25  (with image_references in the request)

    Use instead
        a cat --video --video_model happyhorse_720p  (with image_references in the request)

    Fix safety
        No fix: the references are not in the prompt, and another model makes a different
        video.

    Ground
        The capability matrix of the service's Image2Video page, "Multi-reference images", editions
        from 2026-04-29 on.
    """

    code = "FL509"
    name = "unsupported-image-references"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    needs_request = True
    request_fields: ClassVar[tuple[str, ...]] = _FIELDS

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid(
            "a cat --video --video_model happyhorse_720p",
            "the table lists it",
            context=_REFERENCES,
        ),
        Valid(
            "a cat --video --video_model wan30_720p",
            "the changelog names the model, and a pattern of the table covers it",
            context=_REFERENCES,
        ),
        Valid(
            "a cat --video --video_model flux3_720p",
            "the changelog names the model, and no table says what it takes",
            context=_REFERENCES,
        ),
        Valid("a cat --video --video_model kling25", "no references that are known of"),
        Valid(
            "a cat --video --video_model kling25_5s",
            "the edition has no table of capabilities",
            settings=Settings(edition=datetime.date(2025, 10, 27)),
            context=_REFERENCES,
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25",
            "the table does not list the model",
            context=_REFERENCES,
        ),
        Invalid(
            "a cat --video",
            "the model is the configured one",
            settings=Settings(default_model="veo31_fast_720p"),
            context=Context({"image_reference_urls": ["https://example.com/cat.png"]}),
        ),
        Invalid(
            "a cat --video --duration 10",
            "the model is a field of the request",
            context=Context({"video_model": "happyhorse_motion_control", "image_references": "x"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where references are given and the model is known to take none."""
        if not subject.is_clear_video or not subject.context.has(*_FIELDS):
            return
        if subject.can("multi_reference_images") is False:
            yield self.report(
                subject.anchor,
                f"`{subject.model_name}` takes no image references, so they cannot be used",
            )
