"""FL207 flag-punctuation."""

from typing import ClassVar

from flaglift.catalog import Status
from flaglift.rules.base import (
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
from flaglift.rules.typing.attached_punctuation import PUNCTUATION, AttachedMarks, attached_marks
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lookalikes import NearMiss
from flaglift.syntax.words import ends_word, following_value, quote, unquote

_AT_A_MODEL = PUNCTUATION + "()[]{}"
_MOST = 80
"""No model has a longer name."""


class FlagPunctuation(Rule):
    """
    What it does
        Finds punctuation attached to a flag, as in `--video,` and `(--video)`, or to the name of a
        model that the catalog knows without it.

    Why
        A flag is a whole word. With anything attached to it, it is part of the image prompt, and so
        are the words after it. A name with a comma is another name.

    Example
        a cat --video, --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: the word becomes a flag, or another model. Commas and the like are removed, and so
        are brackets and quotes around the flag; half of such a pair stays in the image prompt. No
        fix where that half would become the flag's value.

    Ground
        Dialect sections 2.1 and 6.
    """

    code = "FL207"
    name = "flag-punctuation"
    severity = Severity.WARNING
    trigger: ClassVar[Feature] = Feature.FLAG_LIKE | Feature.VIDEO
    reads: ClassVar[Reads] = Reads.FLAGS | Reads.MODEL

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat, --video --video_model sora,", "at a word, and at an unknown model"),
        Valid("a cat --video --video_model kling25 , sitting", "it stands by itself"),
        Valid('a "--video," sign --video --video_model kling25', "in quotes nothing is a flag"),
        Valid("a cat clip--video.mp4 --video --video_model kling25", "a file"),
        Valid("a cat --video --video_model kling25 --video_prompt stop!", "a value may have it"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video, --video_model kling25",
            "a comma",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat (--video) --video_model kling25",
            "brackets around it",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "(a cat --video) --video_model kling25",
            "a bracket that another word opens",
            fixed="(a cat --video ) --video_model kling25",
        ),
        Invalid(
            "a cat,--video;--video_model:kling25, --video",
            "no space anywhere: one finding for each flag",
            fixed="a cat, --video --video_model:kling25, --video",
        ),
        Invalid(
            "a cat --video_model:kling25, --video",
            "at the flag and at its value",
            fixed="a cat --video_model kling25 --video",
        ),
        Invalid(
            "a cat --video --video_model kling25,",
            "at the model",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid("a cat (on a --video_model) mat --video", "it would have no clear value"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each flag and each model with something stuck to it."""
        earlier_end = -1
        for miss in subject.near_misses:
            attached = attached_marks(miss, earlier_end)
            earlier_end = miss.end
            if attached:
                yield self._at_flag(subject, miss, attached)
        yield from self._at_model(subject)

    def _at_flag(self, subject: Subject, miss: NearMiss, attached: AttachedMarks) -> Diagnostic:
        edits = [*attached.edits, *_value_edits(subject, miss, attached)] if attached.edits else []
        return self.report(
            attached.span,
            f"`{excerpt(attached.marks)}` is attached to `{excerpt(miss.dashes + miss.written)}`, "
            f"so the service reads the word as text and not as `--{miss.name}`",
            fix=unsafe("separate it from the flag", *edits) if edits else None,
        )

    def _at_model(self, subject: Subject) -> Iterator[Diagnostic]:
        value = subject.model_value
        model = _without(subject, value.text) if value else None
        if value and model:
            whole = ends_word(subject.text, value.end)
            yield self.report(
                value.span,
                f"`{excerpt(value.text)}` is not a model because of the punctuation; "
                f"`{model}` without it is",
                fix=unsafe(f"use `{model}`", Edit(*value.span, quote(model))) if whole else None,
            )


def _value_edits(subject: Subject, miss: NearMiss, attached: AttachedMarks) -> list[Edit]:
    """Return the edits for the punctuation at the model that the flag will name."""
    if miss.name is not FlagName.VIDEO_MODEL:
        return []
    start = attached.span.end
    if start == miss.word_end:
        place = following_value(subject.text, start, subject.span.end)
    else:
        start += subject.text.startswith("=", start)
        place = (start, subject.text[start : min(miss.word_end, start + _MOST + 1)])
    model = _without(subject, unquote(place[1])) if place else None
    if place is None or model is None:
        return []
    return [Edit(place[0], place[0] + len(place[1]), quote(model))]


def _without(subject: Subject, written: str) -> str | None:
    """Return the known model that a name is without punctuation, if it is none with it."""
    model = written.strip(_AT_A_MODEL)
    if model == written or len(written) > _MOST:
        return None
    before, after = (subject.catalog.find(name).status for name in (written, model))
    return model if before is Status.UNKNOWN is not after else None
