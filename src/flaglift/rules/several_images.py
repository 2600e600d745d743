"""FL506 several-images."""

import re
from typing import ClassVar

from flaglift.rules.base import (
    Context,
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.flags import seconds

_ONE_WORD = re.compile(r"\s*[-+]?\w+(?:\.\w+)?\s*")


class SeveralImages(Rule):
    """
    What it does
        Finds a number of images other than 1, in the request or in the settings block of a video
        prompt.

    Why
        A video prompt makes one image, the first frame. The service refuses any other number.

    Example
        a cat --video --video_model kling25
        num_images=4

    Use instead
        a cat --video --video_model kling25
        num_images=1

    Fix safety
        Unsafe: it changes the number of images to 1.

    Ground
        An answer 422 of the service, `{"num_images":["must be 1 for --video"]}`.
    """

    code = "FL506"
    name = "several-images"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    needs_request = True
    request_fields: ClassVar[tuple[str, ...]] = ("num_images",)

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25\nnum_images=1", "one image"),
        Valid("a cat --video --video_model kling25\nnum_images=", "the service's default is one"),
        Valid("a cat --duration 5\nnum_images=4", "no video, but four images"),
        Valid(
            "a cat --video --video_model kling25",
            "one image, by a number of the request",
            context=Context({"num_images": 1}),
        ),
        Valid(
            "a cat --video --video_model kling25\nnum_images=4",
            "another number in the request counts instead",
            context=Context({"num_images": "1"}),
        ),
        Valid(
            "a cat --video --video_model no_such\nnum_images=4",
            "the model comes first",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25\nnum_images=4\nseed=1",
            "four images",
            fixed="a cat --video --video_model kling25\nnum_images=1\nseed=1",
        ),
        Invalid(
            "a cat --video --video_model kling25\r\nnum_images=1\r\nnum_images=0\r\n",
            "two lines give the number, and only the writer knows which one is meant",
        ),
        Invalid(
            "a cat --video\nnum_images=two",
            "no number, and no model yet",
            fixed="a cat --video\nnum_images=1",
        ),
        Invalid(
            "a cat --video\nnum_images=1--video_model kling25",
            "a flag in the value, which would be lost",
        ),
        Invalid(
            "a cat --video --video_model kling25",
            "the number is a field of the request",
            context=Context({"num_images": 8}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the number is given and is not 1."""
        given = subject.context.get("num_images")
        if given is None or seconds(str(given)) == 1 or not subject.is_clear_video:
            return
        if subject.model is None and subject.named_model is not None:
            return
        setting = subject.setting_of("num_images")
        # Anything else on the line was meant for something, and would be lost.
        edited = setting if setting and _ONE_WORD.fullmatch(setting.value) else None
        yield self.report(
            subject.place_of("num_images"),
            f"a video prompt makes one image, not `{excerpt(given)}`, so the service refuses it",
            fix=unsafe("make one image", Edit(*edited.value_span, "1")) if edited else None,
        )
