"""FL302 retired-model."""

import datetime
from typing import ClassVar

from flaglift.catalog import Status, Successor
from flaglift.rules.base import (
    Applicability,
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
    excerpt,
    named,
    safe,
    unsafe,
)
from flaglift.syntax.words import quote

ACCEPTED = Settings(accept_successors=True)


class RetiredModel(Rule):
    """
    What it does
        Finds a video model that an earlier edition of the catalog listed and the one in use does
        not. With `accept-successors` it says which model takes its place.

    Why
        The field `video_model` takes current models. The service may still know the old name in the
        text, so the prompt is not translated.

    Example
        a cat --video --video_model kling25_5s

    Use instead
        a cat --video --video_model kling25 --duration 5

    Fix safety
        Unsafe: it names another model, with the duration in the old name. With
        `accept-successors` the translation does the same, and the fix is safe.

    Ground
        Dialect sections 3.5 and 4.5; the editions of the service's Image2Video page.
    """

    code = "FL302"
    name = "retired-model"
    severity = Severity.ERROR
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL | Reads.DURATION | Reads.REQUEST
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model kling25 --duration 5", "a current model"),
        Valid("a cat --video --video_model sora", "no edition ever listed it"),
        Valid('a 6" cat --video --video_model ovi', "the quote makes the flags text"),
        Valid(
            "a cat --video --video_model ovi",
            "the edition of the day listed it",
            settings=Settings(edition=datetime.date(2025, 10, 27)),
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model=kling25_5s",
            "the seconds are in the name",
            fixed="a cat --video --video_model=kling25 --duration 5",
        ),
        Invalid(
            'a cat --duration 10 --video_model "kling25_10s" --video',
            "the duration agrees and stays",
            fixed="a cat --duration 10 --video_model kling25 --video",
        ),
        Invalid("a cat --video --video_model kling25_5s --duration 10", "the durations disagree"),
        Invalid("a cat --video --video_model seedance_720p", "no name says what follows it"),
        Invalid(
            "a cat --video --video_model kling25_5s",
            "accepted by the user, so it is translated",
            fixed="a cat --video --video_model kling25 --duration 5",
            applicability=Applicability.SAFE,
            settings=ACCEPTED,
        ),
        Invalid(
            "a cat --video --video_model kling25_5s",
            "the request names another model",
            context=Context({"video_model": "kling30_pro"}),
        ),
        Invalid(
            "a cat --video",
            "the request names it",
            context=Context({"video_model": "kling25_5s"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the named model is retired."""
        lookup = subject.lookup
        if not subject.is_clear_video or lookup is None or lookup.status is not Status.RETIRED:
            return
        yield self.report(
            subject.anchor,
            f"{named(subject)} was last listed in the edition of {lookup.until} (known since"
            f" {lookup.since}){_outcome(subject, lookup.successor)}",
            fix=_fix(subject, lookup.successor),
            severity=Severity.INFO if subject.replaced else None,
            refuses=not subject.replaced,
        )


def _outcome(subject: Subject, successor: Successor | None) -> str:
    if successor is None:
        return ", so the prompt is not translated; no successor is evident"
    other = f"`{successor.name}` with {successor.seconds} s"
    if subject.replaced:
        return f"; {other} takes its place, as `accept-successors` says"
    if subject.written_duration in (None, successor.seconds):
        return f", so the prompt is not translated; `accept-successors` puts {other} in its place"
    return (
        f", so the prompt is not translated; its evident successor is {other}, but"
        f" the prompt asks for {excerpt(subject.written_duration)} s"
    )


def _fix(subject: Subject, successor: Successor | None) -> Fix | None:
    value = subject.model_value
    if value is None or successor is None:
        return None
    # Other values beside the flags would contradict the new ones.
    model, length = (subject.context.get(name) for name in ("video_model", "video_duration"))
    if model not in (None, successor.name):
        return None
    content = quote(successor.name)
    if subject.written_duration is None and length is None:
        content += f" --duration {successor.seconds}"
    elif subject.written_duration != successor.seconds:
        return None
    title = f"use `{successor.name}` with {successor.seconds} s"
    edit = Edit(value.start, value.end, content)
    return safe(title, edit) if subject.replaced else unsafe(title, edit)
