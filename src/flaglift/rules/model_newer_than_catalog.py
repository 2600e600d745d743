"""FL304 model-newer-than-catalog."""

import datetime
from typing import ClassVar

from flaglift.catalog import Status
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
    named,
)

APRIL = Settings(edition=datetime.date(2026, 4, 29))


class ModelNewerThanCatalog(Rule):
    """
    What it does
        Finds a video model that is newer than the catalog in use (a warning), or that the
        service's changelog names and no edition has listed yet (an info).

    Why
        Its durations, its price and what it can do are not known, so they are not checked. The
        prompt is translated as written.

    Example
        a cat --video --video_model infinitetalk_480p

    Use instead
        a cat --video --video_model kling25

    Fix safety
        No fix: the model is probably the one that is meant. A later edition or an overlay says more
        about it.

    Ground
        The editions of the service's Image2Video page and its changelog; dialect section 4.5.
    """

    code = "FL304"
    name = "model-newer-than-catalog"
    severity = Severity.WARNING
    trigger = Feature.FLAG
    reads: ClassVar[Reads] = Reads.FIRST | Reads.MODEL

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --video --video_model seedance2_4k", "the newest edition lists it"),
        Valid("a cat --video --video_model sora", "no edition and no changelog has it"),
        Valid("a cat --video --video_model kling25_5s", "it is retired, not new"),
        Valid('a 6" cat --video --video_model infinitetalk_480p', "the quote makes the flags text"),
        Valid("a cat --video", "no model is named", settings=APRIL),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a cat --video --video_model infinitetalk_480p", "only the changelog names it"),
        Invalid(
            "a cat --video --video_model seedance2_4k",
            "a later edition lists it",
            settings=APRIL,
        ),
        Invalid(
            "a cat --video --video_model infinitetalk_480p --duration 5",
            "the changelog names it after the date in use",
            settings=APRIL,
        ),
        Invalid(
            "a cat --video",
            "the request names it",
            context=Context({"video_model": "infinitetalk_480p"}),
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the catalog in use says nothing about the named model."""
        if not subject.is_clear_video or subject.lookup is None:
            return
        if subject.lookup.status is Status.NEWER:
            yield self.report(
                subject.anchor,
                f"{named(subject)} is known since {subject.lookup.since}, after"
                f" {subject.catalog.as_of}, the date of the catalog in use, so its durations and"
                " its price are not checked",
            )
        elif subject.lookup.status is Status.NAMED:
            yield self.report(
                subject.anchor,
                f"{named(subject)} is known by its name only, from the changelog of"
                f" {subject.lookup.since}, so its durations and its price are not checked",
                severity=Severity.INFO,
            )
