"""AST to fields (dialect sections 3 and 4)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any

from flaglift.diagnostics import Diagnostic, Severity
from flaglift.lossless.spans import apply_edits
from flaglift.rules.subject import DOUBTFUL, Subject
from flaglift.syntax.flags import FIELD_FLAGS
from flaglift.syntax.lift import lift_edits

if TYPE_CHECKING:
    from flaglift.emit.fields import Fields

# Models of fields are made, and pydantic is loaded, for those who ask for them.


class TranslationStatus(StrEnum):
    """What became of a prompt."""

    TRANSLATED = "translated"
    """The fields say what the flags said."""
    UNCHANGED = "unchanged"
    """There are no flags of the dialect in it."""
    REFUSED = "refused"
    """Its reading is in doubt, or it cannot be said in fields: the diagnostics say why."""


class _Later:
    """The diagnostics of a translation, made when they are first asked for: most never are."""

    def __get__(self, translation: Any, owner: type) -> Any:
        if translation is None:
            raise AttributeError("only a translation has diagnostics")
        held = translation.__dict__
        made = held["diagnostics"] = held.pop("_make_diagnostics")()
        return made


_later: Any = _Later()


@dataclass(frozen=True, init=False)
class Translation:
    """The fields that say what a prompt says, or why there are none."""

    text: str
    """The prompt as it was given."""
    status: TranslationStatus
    values: dict[str, Any]
    """The fields that are there, as plain values. Unless translated: `text` as it was given."""
    diagnostics: tuple[Diagnostic, ...] = _later
    """In order of place and code."""

    def __init__(
        self,
        text: str,
        status: TranslationStatus,
        values: dict[str, Any],
        diagnostics: tuple[Diagnostic, ...] | Callable[[], tuple[Diagnostic, ...]],
        codes: tuple[str, ...] | None = None,
    ) -> None:
        """`diagnostics` may be given as what makes them, with their codes: few look at more."""
        # Three times faster than what a frozen dataclass makes, and there is one for every prompt.
        held = self.__dict__
        held["text"] = text
        held["status"] = status
        held["values"] = values
        if type(diagnostics) is tuple:
            held["diagnostics"] = diagnostics
        else:
            held["_make_diagnostics"] = diagnostics
            held["codes"] = codes

    def __reduce__(self) -> tuple[Any, ...]:
        return Translation, (self.text, self.status, self.values, self.diagnostics)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """The codes of the diagnostics, in their order, each once."""
        return tuple(dict.fromkeys(diagnostic.code for diagnostic in self.diagnostics))

    @cached_property
    def fields(self) -> "Fields":
        """The values as a model."""
        from flaglift.emit.fields import Fields  # noqa: PLC0415

        return Fields(**self.values)

    def to_dict(self) -> dict[str, Any]:
        """Return the translation as JSON-ready values."""
        return {
            "status": self.status.value,
            "fields": self.values,
            "diagnostics": [diagnostic.to_dict() for diagnostic in self.diagnostics],
        }


def translation_of(
    text: str, subject: Subject, diagnostics: Sequence[Diagnostic], shown: Sequence[Diagnostic]
) -> Translation:
    """Return what becomes of a segment, given all that the rules say of it.

    `shown` are the diagnostics that the settings select; the reasons of a refusal are shown too.
    """
    strict = subject.settings.strict
    reasons = [d for d in diagnostics if d.refuses or (strict and d.severity is Severity.ERROR)]
    if any(d.refuses for d in reasons) or (reasons and subject.segment.flags):
        wanted = {*map(id, shown), *map(id, reasons)}
        kept = tuple(d for d in diagnostics if id(d) in wanted)
        return Translation(text, TranslationStatus.REFUSED, {"text": text}, kept)
    if not subject.segment.flags:
        return Translation(text, TranslationStatus.UNCHANGED, {"text": text}, tuple(shown))
    return Translation(text, TranslationStatus.TRANSLATED, field_values(subject), tuple(shown))


def field_values(subject: Subject) -> dict[str, Any]:
    """Return the fields that say what a segment says; it must be a video prompt that reads well.

    A field is omitted where the request holds a value for it that is not known.
    """
    values: dict[str, Any] = {}
    text = lifted_text(subject)
    if text:
        values["text"] = text
    for field, flag in FIELD_FLAGS.items():
        value = subject.value_of(flag)
        if value is not None:
            values[field] = value
    if subject.block:
        from flaglift.emit.fields import typed  # noqa: PLC0415

        for name, value in subject.block.items():
            values.setdefault(name, typed(name, value))
    return values


def read_values(subjects: Sequence[Subject]) -> list[dict[str, Any]] | None:
    """Return the fields that the flags say, whatever the rules say of them; None if unreadable."""
    if subjects[0].prompt.has(DOUBTFUL):
        return None
    return [field_values(subject) for subject in subjects]


def lifted_text(subject: Subject) -> str:
    """Return the text of a segment less its flags; every other code point as it was (4.1)."""
    start, end = span = subject.span
    flags = [flag.span for flag in subject.segment.flags]
    return apply_edits(subject.text[:end], lift_edits(subject.text, flags, span))[start:]
