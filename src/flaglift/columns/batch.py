"""Translates a piece of a column: rows without flags, rows of known shapes, and all others."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flaglift.api import translate
from flaglift.catalog import load_catalog
from flaglift.columns.arrow import pa, pc
from flaglift.columns.patterns import CONCERNED
from flaglift.columns.representatives import Plain, stands_for_its_shape
from flaglift.columns.result import UNTOUCHED, Outcome, Shared, assembled, outcome_of
from flaglift.columns.shapes import Shapes, shapes_of, within
from flaglift.columns.texts import has_values
from flaglift.context import Context
from flaglift.linting.engine import selected
from flaglift.settings import Settings

_MOST_SHAPES = 100_000
"""So many shapes are kept in mind; then it begins anew."""

Beside = Mapping[str, pa.Array]
"""Columns beside the prompts, by field."""


class BatchTranslator:
    """Translates arrays of the type `string`; see `ColumnTranslator`."""

    def __init__(self, settings: Settings, context: Context) -> None:
        load_catalog(settings.edition, settings.overlay)
        selected(settings.select, settings.ignore)
        self._settings = settings
        self._context = context
        self._known: dict[tuple[frozenset[str], str], Outcome | None] = {}
        """What the prompts of a shape have in common; None where that is nothing."""

    def __call__(self, texts: pa.StringArray, beside: Beside) -> pa.StructArray:
        """Return the translation, of the type `RESULT`."""
        concerned = pc.fill_null(pc.match_substring_regex(texts, CONCERNED), False)
        found = texts.filter(concerned)
        index = pa.repeat(pa.scalar(0, pa.int32()), len(texts))
        prompts = pa.nulls(len(texts), pa.string())
        if not len(found):
            return assembled([UNTOUCHED], index, texts, prompts, texts.is_null())
        rows = _Rows(found)
        self._decide(rows, {field: held.filter(concerned) for field, held in beside.items()})
        return assembled(
            rows.distinct,
            pc.replace_with_mask(index, concerned, rows.index),
            pc.replace_with_mask(texts, concerned, rows.text),
            pc.replace_with_mask(prompts, concerned, rows.video_prompt),
            texts.is_null(),
        )

    def _decide(self, rows: "_Rows", beside: Beside) -> None:
        context = self._beside(dict.fromkeys(beside))
        if self._context.get("video_prompt") is None:  # it would be compared with each value
            free = pc.invert(has_values(list(beside.values()))) if beside else None
            for shapes in shapes_of(rows.given):
                chosen = shapes if free is None else shapes.only(free.filter(shapes.mask))
                self._by_shape(rows, chosen, frozenset(beside), context)
        self._one_by_one(rows, beside)

    def _by_shape(
        self, rows: "_Rows", shapes: Shapes, beside: frozenset[str], context: Context
    ) -> None:
        encoded = shapes.shape.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        new = [i for i, name in enumerate(names) if (beside, name) not in self._known]
        if len(self._known) + len(new) > _MOST_SHAPES:
            self._known.clear()
            new = list(range(len(names)))
        first = pc.index_in(pa.array(new, pa.int32()), value_set=encoded.indices)
        texts = rows.given.filter(shapes.mask).take(first).to_pylist()
        bodies = shapes.body.take(first).to_pylist()
        values = shapes.value.take(first).to_pylist()
        known = {name: self._known.get((beside, name)) for name in names}
        for i, text, body, value in zip(new, texts, bodies, values, strict=True):
            found = translate(text, self._settings, context)
            outcome = outcome_of(found)
            stands = stands_for_its_shape(found, Plain(names[i], body, value))
            if not stands:
                rows.single[text] = outcome
            elif value is not None:
                outcome = outcome._replace(video_prompt=None)
            self._known[beside, names[i]] = known[names[i]] = outcome if stands else None
        rows.take_shapes(shapes, encoded.indices, [known[name] for name in names])

    def _one_by_one(self, rows: "_Rows", beside: Beside) -> None:
        left = rows.index.is_null()
        texts = rows.given.filter(left).to_pylist()
        held = [values.filter(left).to_pylist() for values in beside.values()]
        nothing = (None,) * len(held)
        known = {(text, *nothing): outcome for text, outcome in rows.single.items()}
        found = []
        for key in zip(texts, *held, strict=True):
            outcome = known.get(key)
            if outcome is None:
                context = self._beside(dict(zip(beside, key[1:], strict=True)))
                outcome = known[key] = outcome_of(translate(key[0], self._settings, context))
            found.append(outcome)
        rows.take_outcomes(left, found)

    def _beside(self, held: Mapping[str, object]) -> Context:
        return replace(self._context, given={**self._context.given, **held})


class _Rows:
    """The prompts of a piece that have flags or near misses, and what is known of them so far."""

    def __init__(self, given: pa.StringArray) -> None:
        self.given = given
        self.text = given
        self.video_prompt = pa.nulls(len(given), pa.string())
        self.distinct: dict[Shared, int] = {UNTOUCHED: 0}
        """What rows have in common, and its number."""
        self.index = pa.nulls(len(given), pa.int32())
        """Which of these each row has; null where that is not known."""
        self.single: dict[str, Outcome] = {}
        """The outcomes of prompts that stand for no other."""

    def _numbers(self, found: Iterable[Outcome | None]) -> pa.Array:
        numbers = self.distinct
        return pa.array(
            [o and numbers.setdefault(o.shared, len(numbers)) for o in found], pa.int32()
        )

    def take_shapes(self, shapes: Shapes, which: pa.Array, found: list[Outcome | None]) -> None:
        """Give the rows of some shapes, by number, what these have in common, where anything is."""
        slots = self._numbers(found).take(which)
        self.index = pc.replace_with_mask(self.index, shapes.mask, slots)
        translated = [o is not None and o.shared.status == "translated" for o in found]
        chosen = pa.array(translated, pa.bool_()).take(which)
        constant = pa.array([o and o.video_prompt for o in found], pa.string())
        value = shapes.value
        if constant.null_count < len(constant):
            value = pc.coalesce(value, constant.take(which))
        mask = within(shapes.mask, chosen)
        self.text = pc.replace_with_mask(self.text, mask, shapes.body.filter(chosen))
        self.video_prompt = pc.replace_with_mask(self.video_prompt, mask, value.filter(chosen))

    def take_outcomes(self, mask: pa.Array, found: list[Outcome]) -> None:
        """Give rows an outcome each."""
        texts = pa.array([o.text for o in found], pa.string())
        prompts = pa.array([o.video_prompt for o in found], pa.string())
        self.index = pc.replace_with_mask(self.index, mask, self._numbers(found))
        self.text = pc.replace_with_mask(self.text, mask, texts)
        self.video_prompt = pc.replace_with_mask(self.video_prompt, mask, prompts)
