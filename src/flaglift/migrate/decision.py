"""What becomes of one stored prompt. The same for every store, for plan, apply and verify."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, Protocol

from flaglift.api import translate
from flaglift.catalog import load_catalog
from flaglift.context import Context
from flaglift.emit.form import form_value
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.lossless.spans import apply_edits, difference
from flaglift.migrate.records import Stored, Verdict
from flaglift.settings import Settings
from flaglift.syntax import parse
from flaglift.syntax.nodes import FlagName

NO_TARGET = "no-target"
"""The pseudo-code of a prompt whose fields have nowhere to go."""

OUT_OF_PLACE = "does-not-fit"
"""The pseudo-code of a value that its column cannot hold."""


_MOST_SHAPES = 100_000
"""So many shapes are kept in mind; then it begins anew."""


class Alike(Protocol):
    """What is known of a prompt without reading it."""

    @property
    def shape(self) -> str | None:
        """What it shares with all that are read alike; None if it has no flags at all."""

    @property
    def text(self) -> str:
        """The text, if it is translated."""

    @property
    def video_prompt(self) -> str | None:
        """The video prompt, if it is translated; None for that of all prompts of the shape."""


Likeness = Callable[[Sequence[str]], Sequence[Alike | None]]
"""Tells which prompts, with nothing beside them, are read alike; None where that is not known."""


class Decider:
    """Decides on stored prompts with one choice of settings.

    With a `likeness`, one prompt of each shape is read, and the others are decided like it.
    """

    def __init__(
        self,
        settings: Settings,
        targets: Collection[str] | None,
        likeness: Likeness | None = None,
    ) -> None:
        self.settings = settings
        self._targets = None if targets is None else frozenset(targets)
        """The fields that the store can hold; None for any."""
        self._likeness = likeness
        self._models: dict[str, Verdict | None] = {}
        """The verdict on the first prompt of a shape; None where it says nothing of the others."""

    def all(self, stored: Sequence[Stored]) -> list[Verdict]:
        """Return what becomes of prompts, in their order. Never raises for a text."""
        if self._likeness is None:
            return [self(one) for one in stored]
        if len(self._models) > _MOST_SHAPES:
            self._models.clear()
        free = [i for i, one in enumerate(stored) if not any(map(_is_given, one.held.values()))]
        known = dict(zip(free, self._likeness([stored[i].text for i in free]), strict=True))
        return [self._like(one, known.get(index)) for index, one in enumerate(stored)]

    def _like(self, stored: Stored, alike: Alike | None) -> Verdict:
        if alike is None:
            return self(stored)
        if alike.shape is None:
            return Verdict(stored, "unchanged")
        if alike.shape not in self._models:
            first = self(stored)
            self._models[alike.shape] = first if _is_model(first, alike) else None
            return first
        model = self._models[alike.shape]
        if model is None:
            return self(stored)
        if model.status != "translated":
            return replace(model, stored=stored)
        writes = {**model.writes, "text": alike.text}
        if alike.video_prompt is not None:
            writes["video_prompt"] = alike.video_prompt
        edits = [(len(alike.text), len(stored.text), "")]
        return replace(model, stored=stored, writes=writes, edits=edits)

    def __call__(self, stored: Stored) -> Verdict:
        """Return what becomes of a prompt. Never raises for a text."""
        found = translate(stored.text, self.settings, Context(stored.held))
        codes = tuple(dict.fromkeys(finding.code for finding in found.diagnostics))
        if found.status is TranslationStatus.UNCHANGED:
            return Verdict(stored, "unchanged", codes=codes)
        if found.status is TranslationStatus.REFUSED:
            return Verdict(stored, "refused", codes=codes, refusals=_reasons(found, self.settings))
        homeless = (
            [] if self._targets is None else [*found.values.keys() - self._targets - {"text"}]
        )
        if homeless:
            return refused(stored, codes, NO_TARGET, _no_target(sorted(homeless)))
        return self._translated(stored, found, codes)

    def _translated(self, stored: Stored, found: Translation, codes: tuple[str, ...]) -> Verdict:
        values = {**found.values, "text": found.values.get("text", "")}
        writes = {
            name: value
            for name, value in values.items()
            if name == "text" or not _holds(stored.held.get(name), value)
        }
        return Verdict(
            stored,
            "translated",
            writes=writes,
            edits=_edits(found, values["text"]),
            codes=codes,
            model=values["video_model"],
            seconds=values.get("video_duration"),
            cents=self._prices(stored.text, values),
        )

    def _prices(self, text: str, values: dict[str, Any]) -> tuple[float | None, float | None]:
        catalog = load_catalog(self.settings.edition, self.settings.overlay)
        model = catalog.find(values["video_model"]).model
        price = model.price_cents(values.get("video_duration")) if model else None
        after = None if price is None else float(price)
        if not self.settings.accept_successors and self.settings.default_model is None:
            return after, after
        return self._price_as_written(text), after

    def _price_as_written(self, text: str) -> float | None:
        """Return what the prompt cost: a retired model by the last edition that listed it."""
        segment = parse(text).segments[0]
        name = segment.value(FlagName.VIDEO_MODEL)
        if name is None:
            return None
        standing = load_catalog(self.settings.edition, self.settings.overlay).find(name)
        model = standing.model
        if standing.until is not None:
            model = load_catalog(standing.until).find(name).model
        duration = segment.value(FlagName.DURATION)
        price = model.price_cents(None if duration is None else int(duration)) if model else None
        return None if price is None else float(price)


def _is_given(value: Any) -> bool:
    return value is not None


def _is_model(first: Verdict, alike: Alike) -> bool:
    """Tell whether a verdict says of others of its shape all but the text and the video prompt."""
    if first.status != "translated":
        return True
    written = first.writes["text"], first.writes.get("video_prompt")
    edits = [(len(alike.text), len(first.stored.text), "")]
    return (
        [*map(tuple, first.edits)] == edits
        and written[0] == alike.text
        and alike.video_prompt in (None, written[1])
    )


def refused(stored: Stored, codes: tuple[str, ...], code: str, message: str) -> Verdict:
    """Return the verdict on a prompt that reads well and cannot be written."""
    return Verdict(stored, "refused", codes=codes, refusals=((code, message),))


def _reasons(found: Translation, settings: Settings) -> tuple[tuple[str, str], ...]:
    reasons = [d for d in found.diagnostics if d.refuses]
    if settings.strict:
        reasons += [d for d in found.diagnostics if d.severity.rank == 0 and not d.refuses]
    return tuple((reason.code, reason.message) for reason in reasons)


def _no_target(fields: Sequence[str]) -> str:
    options = " ".join(f"--target {name}=COLUMN" for name in fields)
    return f"no column takes {', '.join(fields)}: name one with {options}"


def _holds(held: Any, value: Any) -> bool:
    return held is not None and form_value(held) == form_value(value)


def _edits(found: Translation, new: str) -> Sequence[tuple[int, int, str]]:
    """Return the edits that make the new text: those of a finding, else the part that differs."""
    for finding in found.diagnostics:
        if finding.fix and apply_edits(found.text, finding.fix.edits) == new:
            return finding.fix.edits
    return [difference(found.text, new)]
