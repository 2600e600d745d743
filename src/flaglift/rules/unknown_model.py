"""FL301 unknown-model."""

from typing import ClassVar

from flaglift.catalog import Status
from flaglift.rules.base import (
    Context,
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Reads,
    Rule,
    Settings,
    Severity,
    Subject,
    Valid,
    named,
    unsafe,
)
from flaglift.syntax.words import quote


class UnknownModel(Rule):
    """
    What it does
        Finds a video model that no edition of the catalog lists and no changelog names.

    Why
        The name is misspelt, or newer than this program. The prompt is not translated, because the
        service may still know the name.

    Example
        a cat --video --video_model kling30_prro

    Use instead
        a cat --video --video_model kling30_pro

    Fix safety
        Unsafe: it names another model, the one whose spelling is nearest. There is no fix where two
        are equally near, where the nearest has another number, or where the name is not in a flag.

    Ground
        Dialect section 4.5; the editions of the service's Image2Video page and its changelog.
    """

    code = "FL301"
    name = "unknown-model"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25", "the catalog lists it"),
        Valid("a cat --video --video_model kling25_5s", "an earlier edition listed it"),
        Valid("a cat --video", "no model is named"),
        Valid('a 6" cat --video --video_model sora', "the quote makes the flags text"),
        Valid(
            "a cat --video --video_model sora --video_model kling25",
            "the first one does not count",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            'a cat --video --video_model "kling30_prro" --duration 5',
            "a typing mistake",
            fixed="a cat --video --video_model kling30_pro --duration 5",
        ),
        Invalid(
            "a cat --video_model=KLING25, --video",
            "wrong case and a comma: the word as it stands is the name",
            fixed="a cat --video_model=kling25 --video",
        ),
        Invalid("a cat --video --video_model sora", "nothing is similar"),
        Invalid("a cat --video --video_model veo31_fast_1440p", "another number is another model"),
        Invalid("a cat --video --video_model=", "no name at all"),
        Invalid(
            "a cat --video --video_model klng25",
            "the request has the same name, which no change of the text corrects",
            context=Context({"video_model": "klng25"}),
        ),
        Invalid("a cat --video", "in the settings", settings=Settings(default_model="klng25")),
        Invalid("a cat --video\nvideo_model=klng25", "in the settings block"),
        Invalid("a cat --duration 5\nvideo_model=klng25", "the same without `--video`"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the named model is nobody's."""
        lookup = subject.lookup
        if not subject.is_clear_video or lookup is None or lookup.status is not Status.UNKNOWN:
            return
        close = f"; the nearest is `{lookup.suggestion}`" if lookup.suggestion else ""
        yield self.report(
            subject.anchor,
            f"{named(subject)} is not in the model catalog, not in its earlier editions and not in"
            f" the changelog, so the prompt is not translated{close}",
            fix=_fix(subject, lookup.suggestion),
        )


def _fix(subject: Subject, suggestion: str | None) -> Fix | None:
    value = subject.model_value
    given = subject.context.get("video_model")
    # Another value beside the flag would contradict the new one.
    if value is None or suggestion is None or given not in (None, suggestion):
        return None
    return unsafe(f"use `{suggestion}`", Edit(value.start, value.end, quote(suggestion)))
