"""Decides the outcome for one stored prompt: the same for every store and every command."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from flaglift.catalog import Catalog, Model, load_catalog
from flaglift.context import UNSTATED, Context
from flaglift.emit.form import agree
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.linting.engine import fields_beside
from flaglift.migrate.job import CONTRACT, EXPAND, WHOLE, Job
from flaglift.migrate.mending import NOTHING, Mending
from flaglift.migrate.records import Stored, Verdict
from flaglift.migrate.store import ChangeRefusal
from flaglift.settings import Settings
from flaglift.shapes import Shortcut, shortcut_for
from flaglift.syntax import Prompt, parse
from flaglift.syntax.concern import may_concern
from flaglift.syntax.flags import FlagName, seconds

NO_TARGET = "no-target"
"""The pseudo-code of a prompt with fields that the store has no place for."""

OUT_OF_PLACE = "does-not-fit"
"""The pseudo-code of a value that its column cannot hold."""

NOT_EXPANDED = "not-expanded"
"""The pseudo-code of a prompt whose fields do not yet have the values of its flags."""


_ANY = Stored("", "", {})
"""Stands for each of the prompts that a verdict is on."""
_DURATION = FlagName.DURATION.field
_MODEL = FlagName.VIDEO_MODEL.field

Prices = tuple[float | None, float | None]
"""In cents, before and after; None if it is not known."""


class Decider:
    """Decides on stored prompts with one choice of settings."""

    def __init__(
        self,
        settings: Settings,
        targets: Collection[str] | None,
        mending: Mending = NOTHING,
        step: str = WHOLE,
    ) -> None:
        self.settings = settings
        self._mending = mending
        self._mends = bool(mending)
        # Otherwise the price of a prompt follows from its fields.
        self._has_other_price = (
            settings.accept_successors or settings.default_model is not None or self._mends
        )
        self._step = step
        self._targets = None if targets is None else frozenset((*targets, "text"))
        """The fields that the store can hold; None for any."""
        self._shortcuts: dict[tuple[str, ...], Shortcut] = {}
        """For the fields that the store has columns or keys for, when these are empty."""
        self._prices: dict[tuple[Any, ...], Prices] = {}
        self._parsed: tuple[str, Prompt] | None = None
        """The prompt that was parsed last: several steps ask for it."""

    @property
    def shares(self) -> bool:
        """Whether prompts with the same flags may have the same outcome (see `shared`)."""
        return not self._has_other_price and self._step == WHOLE

    def all(self, stored: Sequence[Stored]) -> list[Verdict]:
        """Return the outcomes for prompts, in order. Never raises, whatever the text."""
        return [self(one) for one in stored]

    def _shortcut(self, context: Mapping[str, Any]) -> Shortcut:
        """Return the shortcut for a prompt whose request fields are all empty."""
        names = tuple(context)
        if names not in self._shortcuts:
            self._shortcuts[names] = shortcut_for(self.settings, Context(context))
        return self._shortcuts[names]

    def __call__(self, stored: Stored) -> Verdict:
        """Return the outcome for a prompt. Never raises, whatever the text."""
        request = _request(stored)
        holds_any = [*request.values()].count(None) < len(request)
        if holds_any:
            shortcut = shortcut_for(self.settings, Context(request))
            prompt = self._prompt(stored.text) if may_concern(stored.text) else None
            translation = original = shortcut.translate(stored.text, prompt)
        else:
            shortcut = self._shortcut(request)
            translation = original = shortcut.translate(stored.text)
        if self._mends and translation.codes:
            translation = self._mended(stored.text, request, shortcut, translation)
        if translation.status is TranslationStatus.UNCHANGED:
            return Verdict(stored, "unchanged", codes=translation.codes)
        codes = translation.codes
        if translation.status is TranslationStatus.REFUSED:
            return Verdict(
                stored, "refused", codes=codes, refusals=_reasons(translation, self.settings)
            )
        values = translation.values
        if "text" not in values:
            values = {**values, "text": ""}
        held = holds_any or stored.blank
        writes = _not_held(values, stored, request) if held else values
        if self._targets is not None and not writes.keys() <= self._targets:
            homeless = writes.keys() - self._targets
            return refused(stored, codes, NO_TARGET, _no_target(sorted(homeless)))
        mended = translation is not original
        return self._translated(stored, translation, values, writes, mended=mended)

    def _mended(
        self, old: str, request: Mapping[str, Any], shortcut: Shortcut, translation: Translation
    ) -> Translation:
        """Return the translation of a prompt after the changes asked for, if there are any."""
        found = translation.diagnostics
        text = self._mending(old, self._prompt, found, self.settings, Context(request))
        again = translation if text == old else shortcut.translate(text)
        return again if again.status is TranslationStatus.TRANSLATED else translation

    def _translated(
        self,
        stored: Stored,
        translation: Translation,
        values: dict[str, Any],
        writes: dict[str, Any],
        *,
        mended: bool,
    ) -> Verdict:
        if self._step == EXPAND:
            writes = {name: value for name, value in writes.items() if name != "text"}
        elif self._step == CONTRACT and len(writes) > 1:
            lacking = ", ".join(sorted(writes.keys() - {"text"}))
            return refused(
                stored,
                translation.codes,
                NOT_EXPANDED,
                f"{lacking}: `--expand` fills what is empty",
            )
        model, length = values[_MODEL], values.get(_DURATION)
        cents = self._prices_of(stored.text, model, length)
        # Positional: keyword arguments are slower, and this runs for every prompt.
        return Verdict(
            stored, "translated", writes, translation.codes, (), model, length, cents, mended
        )

    def shared(self, values: dict[str, Any], codes: tuple[str, ...]) -> Verdict | None:
        """Return the verdict on prompts that are translated to values, text and video prompt aside.

        None if it depends on more than these: the prompt's own words, or the values held so far.
        """
        if not self.shares:
            return None
        if self._targets is not None and not values.keys() <= self._targets:
            return None
        model, length = values[_MODEL], values.get(_DURATION)
        cents = self._prices_of("", model, length)
        return Verdict(_ANY, "translated", values, codes, (), model, length, cents)

    def _prices_of(self, text: str, model: str, length: int | None) -> Prices:
        written = None
        if self._has_other_price:
            segment = self._prompt(text).segments[0]
            written = segment.value(FlagName.VIDEO_MODEL), segment.value(FlagName.DURATION)
        key = model, length, written
        if key not in self._prices:
            after = _cents(self._catalog().find(model).model, length)
            before = self._price_as_written(*written) if written else after
            self._prices[key] = before, after
        return self._prices[key]

    def _prompt(self, text: str) -> Prompt:
        if self._parsed is None or self._parsed[0] != text:
            self._parsed = text, parse(text)
        return self._parsed[1]

    def _catalog(self) -> Catalog:
        return load_catalog(self.settings.edition, self.settings.overlay)

    def _price_as_written(self, name: str | None, duration: str | None) -> float | None:
        """Return the old price: of a retired model, from the last edition that listed it."""
        if name is None:
            return None
        lookup = self._catalog().find(name)
        model = lookup.model
        if lookup.until is not None:
            model = load_catalog(lookup.until).find(name).model
        return _cents(model, None if duration is None else seconds(duration))


def _request(stored: Stored) -> Mapping[str, Any]:
    """Return the fields of the request around a prompt that matter."""
    context = fields_beside(stored.text, stored.context)
    if not context:
        return stored.held
    request = {**context, **stored.held}
    for name in context.keys() & stored.held.keys():  # another key or column of the same field
        request[name] = _either(stored.held[name], context[name])
    return request


def _either(one: Any, other: Any) -> Any:
    """Return the value of a field stored in two places; which of two values counts is unknown."""
    if one is None or other is None:
        return other if one is None else one
    return one if other is not UNSTATED and agree(one, other) else UNSTATED


def _not_held(values: dict[str, Any], stored: Stored, request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text, and the values missing from their targets and the rest of the request."""
    held = []
    for name, value in values.items():
        there = stored.held[name] if name in stored.held else request.get(name)
        if there is None:
            there = stored.blank.get(name)
        if there is not None and name != "text" and agree(there, value):
            held.append(name)
    return {n: v for n, v in values.items() if n not in held} if held else values


def _cents(model: Model | None, length: int | None) -> float | None:
    price = model.price_cents(length) if model else None
    return None if price is None else float(price)


def decider_of(job: Job, targets: Collection[str] | None) -> Decider:
    """Return the decider for a job and a store that has room for these fields."""
    return Decider(job.settings, targets, job.mending, job.step)


def refused(stored: Stored, codes: tuple[str, ...], code: str, message: str) -> Verdict:
    """Return the verdict on a prompt that parses but cannot be written."""
    return Verdict(stored, "refused", codes=codes, refusals=((code, message),))


def refused_by(refusal: ChangeRefusal, verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return the verdicts on a record whose change was rejected by its store."""
    return tuple(
        refused(v.stored, v.codes, refusal.code, refusal.message) if v.writes else v
        for v in verdicts
    )


def _reasons(translation: Translation, settings: Settings) -> tuple[tuple[str, str], ...]:
    reasons = [d for d in translation.diagnostics if d.refuses]
    if settings.strict:
        reasons += [d for d in translation.diagnostics if d.severity.rank == 0 and not d.refuses]
    return tuple((reason.code, reason.message) for reason in reasons)


def _no_target(fields: Sequence[str]) -> str:
    options = " ".join(f"--target {name}=COLUMN" for name in fields)
    return f"no column takes {', '.join(fields)}: name one with {options}"
