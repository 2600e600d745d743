"""What becomes of one stored prompt. The same for every store, for plan, apply and verify."""

from collections.abc import Collection, Sequence
from typing import Any

from flaglift.api import translate
from flaglift.catalog import load_catalog
from flaglift.config import Settings
from flaglift.context import Context
from flaglift.emit.fields import form_value
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.spans import apply_edits
from flaglift.stores.records import Stored, Verdict
from flaglift.syntax import parse
from flaglift.syntax.nodes import FlagName

NO_TARGET = "no-target"
"""The pseudo-code of a prompt whose fields have nowhere to go."""

OUT_OF_PLACE = "does-not-fit"
"""The pseudo-code of a value that its column cannot hold."""


class Decider:
    """Decides on stored prompts with one choice of settings."""

    def __init__(self, settings: Settings, targets: Collection[str] | None) -> None:
        self.settings = settings
        self._targets = None if targets is None else frozenset(targets)
        """The fields that the store can hold; None for any."""

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
    return [differing(found.text, new)]


def differing(old: str, new: str) -> tuple[int, int, str]:
    """Return the one edit between what two texts have in common at both ends.

    >>> differing("a cat --video sits", "a cat sits")
    (6, 14, '')
    """
    most = min(len(old), len(new))
    start = 0
    while start < most and old[start] == new[start]:
        start += 1
    end = 0
    while end < most - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return start, len(old) - end, new[start : len(new) - end]
