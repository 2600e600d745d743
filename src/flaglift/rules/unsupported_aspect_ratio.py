"""FL505 unsupported-aspect-ratio."""

from typing import ClassVar

from flaglift.catalog.limits import aspect_ratios
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


class UnsupportedAspectRatio(Rule):
    """
    What it does
        Compares the aspect ratio of the request or the settings block (`ar=`) with those that the
        service documents: one list for Seedance 2, one for all other models. A model that only the
        changelog names may take any ratio of both.

    Why
        The list is fixed: the service makes no video of another shape.

    Example
        a cat --video --video_model kling25
        ar=2:1

    Use instead
        a cat --video --video_model kling25
        ar=16:9

    Fix safety
        Unsafe: it writes a listed ratio in the service's spelling (`16x9` as `16:9`), which the
        fields then hold. There is no fix for a ratio that is not listed.

    Ground
        The service's prompt documentation, 2026-08-20, the field `aspect_ratio`.
    """

    code = "FL505"
    name = "unsupported-aspect-ratio"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.REQUEST
    needs_request = True
    request_fields: ClassVar[tuple[str, ...]] = ("aspect_ratio",)

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25\nar=21:9", "it is listed"),
        Valid(
            "a cat --video --video_model seedance2_720p",
            "Seedance 2 may choose it itself",
            context=Context({"aspect_ratio": "adaptive"}),
        ),
        Valid("a cat --video --video_model kling25\nar=", "an empty setting does not count"),
        Valid("a cat --video --video_model kling25\nar=2:1\naspect_ratio=1:1", "the last counts"),
        Valid(
            "a cat --video --video_model ray32_720p\nar=adaptive",
            "nothing is published about this model",
        ),
        Valid(
            "a cat --ar 2:1 --video --video_model kling25",
            "not a flag, so it is text",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a cat --video --video_model kling25\nar=2:1", "it is not in any list"),
        Invalid(
            "a cat --video --video_model kling25\nar=adaptive",
            "only Seedance 2 chooses it itself",
        ),
        Invalid(
            "a cat --video --video_model seedance2_720p\naspect_ratio=3:2\nseed=1",
            "Seedance 2 has a list of its own",
        ),
        Invalid(
            "a cat --video --video_model kling25\nar=16x9\nseed=1",
            "spelt differently",
            fixed="a cat --video --video_model kling25\nar=16:9\nseed=1",
        ),
        Invalid(
            "a cat --video --video_model kling25\nar=16:9",
            "the other fields of the request count",
            context=Context({"aspect_ratio": "16/9"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the ratio is not in the list that holds for the model."""
        given = subject.context.get("aspect_ratio")
        if given is None or subject.model is None or not subject.is_clear_video:
            return
        allowed = aspect_ratios(subject.model)
        ratio = str(given).strip()
        if ratio in allowed:
            return
        spelt = ratio.lower().replace("x", ":").replace("/", ":")
        setting = subject.setting_of("aspect_ratio")
        fix = None
        if setting and spelt in allowed:
            fix = unsafe(f"write `{spelt}`", Edit(*setting.value_span, spelt))
        yield self.report(
            subject.place_of("aspect_ratio"),
            f"`{subject.model_name}` does not support the aspect ratio `{excerpt(ratio)}`; "
            f"it supports {', '.join(allowed)}",
            fix=fix,
        )
