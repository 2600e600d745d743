"""Translates a piece of a column: rows without flags, rows of known shapes, and the others."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flaglift.columns.arrow import pa, pc
from flaglift.columns.cutting import CutColumn, cut_column, within
from flaglift.columns.patterns import CONCERNED
from flaglift.columns.result import (
    UNTOUCHED,
    ColumnParts,
    ResultRow,
    Shared,
    assembled,
    outcome_of,
    shared_part,
)
from flaglift.columns.texts import has_values
from flaglift.context import Context
from flaglift.emit.translation import TranslationStatus
from flaglift.linting.engine import selected
from flaglift.settings import Settings
from flaglift.shapes import (
    Case,
    Shape,
    ShapedPrompt,
    Shortcut,
    examined_translation,
    shortcut_for,
    video_prompt_of,
)

Beside = Mapping[str, pa.Array]
"""Columns next to the prompts, by field."""


class BatchTranslator:
    """Translates arrays of the type `string`; see `ColumnTranslator`."""

    def __init__(self, settings: Settings, context: Context) -> None:
        selected(settings.select, settings.ignore)
        self._settings = settings
        self._context = context
        self._shortcuts = {frozenset[str](): shortcut_for(settings, context)}
        """By the columns next to the prompts, for rows in which these are empty."""

    def __call__(self, texts: pa.StringArray, beside: Beside) -> pa.StructArray:
        """Return the translation, of the type `RESULT`."""
        return assembled(self.parts(texts, beside), texts.is_null())

    def parts(self, texts: pa.StringArray, beside: Beside) -> ColumnParts:
        """Return the translation as the parts that rows share, and those of their own."""
        concerned = pc.fill_null(pc.match_substring_regex(texts, CONCERNED), False)
        flagged = texts.filter(concerned)
        index = pa.repeat(pa.scalar(0, pa.int32()), len(texts))
        prompts = pa.nulls(len(texts), pa.string())
        if not len(flagged):
            return ColumnParts([UNTOUCHED], index, texts, prompts)
        rows = _Rows(flagged)
        self._decide(rows, {field: held.filter(concerned) for field, held in beside.items()})
        return ColumnParts(
            [*rows.distinct],
            pc.replace_with_mask(index, concerned, rows.index),
            pc.replace_with_mask(texts, concerned, rows.text),
            pc.replace_with_mask(prompts, concerned, rows.video_prompt),
        )

    def _decide(self, rows: "_Rows", beside: Beside) -> None:
        shortcut = self._shortcut(frozenset(beside))
        free = pc.invert(has_values(list(beside.values()))) if beside else None
        for cut in cut_column(rows.given):
            _by_shape(rows, cut if free is None else cut.only(free.filter(cut.mask)), shortcut)
        left = rows.index.is_null()
        texts = rows.given.filter(left).to_pylist()
        if not beside:
            rows.take_outcomes(left, _one_by_one(texts, shortcut))
            return
        held = [values.filter(left).to_pylist() for values in beside.values()]
        outcomes = []
        for text, *values in zip(texts, *held, strict=True):
            given = {**self._context.given, **dict(zip(beside, values, strict=True))}
            context = replace(self._context, given=given)
            translation = shortcut_for(self._settings, context).translate(text)
            outcomes.append(outcome_of(translation))
        rows.take_outcomes(left, outcomes)

    def _shortcut(self, beside: frozenset[str]) -> Shortcut:
        if beside not in self._shortcuts:
            context = replace(self._context, given={**self._context.given, **dict.fromkeys(beside)})
            self._shortcuts[beside] = shortcut_for(self._settings, context)
        return self._shortcuts[beside]


def _by_shape(rows: "_Rows", cut: CutColumn, shortcut: Shortcut) -> None:
    encoded = cut.flags.dictionary_encode()
    numbers = pa.array(range(len(encoded.dictionary)), pa.int32())
    first = pc.index_in(numbers, value_set=encoded.indices)
    texts = rows.given.filter(cut.mask).take(first).to_pylist()
    bodies = cut.body.take(first).to_pylist()
    values = cut.value.take(first).to_pylist()
    shapes = []
    for text, body, value in zip(texts, bodies, values, strict=True):
        reading = shortcut.first_of_its_shape(text)
        same = reading and (reading.text, reading.video_prompt) == (body, value)
        shapes.append(reading.shape if same and reading and reading.shape.is_body_first else None)
    rows.take_shapes(cut, encoded.indices, shapes)


def _one_by_one(texts: Iterable[str], shortcut: Shortcut) -> list[ResultRow]:
    shared: dict[tuple[Case, tuple[str, ...]], Shared] = {}
    outcomes = []
    for text in texts:
        result = shortcut.look(text)
        if not isinstance(result, ShapedPrompt):
            outcomes.append(outcome_of(examined_translation(text, result)))
            continue
        shape = result.shape
        known = shared.get((shape.case, shape.codes))
        if known is None:
            known = shared[shape.case, shape.codes] = _shared_by(shape)
        if shape.case.status is TranslationStatus.TRANSLATED:
            outcomes.append(ResultRow(known, result.text or None, video_prompt_of(result)))
        else:
            outcomes.append(ResultRow(known, text, None))
    return outcomes


def _shared_by(shape: Shape) -> Shared:
    return shared_part(shape.case.status.value, shape.case.values, shape.codes)


class _Rows:
    """The prompts of a piece that have flags or near misses, with the results so far."""

    def __init__(self, given: pa.StringArray) -> None:
        self.given = given
        self.text = given
        self.video_prompt = pa.nulls(len(given), pa.string())
        self.distinct: dict[Shared, int] = {UNTOUCHED: 0}
        """The distinct shared parts of rows, numbered."""
        self.index = pa.nulls(len(given), pa.int32())
        """The number of each row's shared part; null if unknown."""

    def _number(self, shared: Shared) -> int:
        return self.distinct.setdefault(shared, len(self.distinct))

    def take_shapes(self, cut: CutColumn, which: pa.Array, shapes: list[Shape | None]) -> None:
        """Assign rows the shared parts of their shapes, as far as these are known."""
        numbers = [self._number(_shared_by(shape)) if shape else None for shape in shapes]
        slots = pa.array(numbers, pa.int32()).take(which)
        self.index = pc.replace_with_mask(self.index, cut.mask, slots)
        translated = [
            shape is not None and shape.case.status is TranslationStatus.TRANSLATED
            for shape in shapes
        ]
        chosen = pa.array(translated, pa.bool_()).take(which)
        mask = within(cut.mask, chosen)
        self.text = pc.replace_with_mask(self.text, mask, cut.body.filter(chosen))
        self.video_prompt = pc.replace_with_mask(self.video_prompt, mask, cut.value.filter(chosen))

    def take_outcomes(self, mask: pa.Array, outcomes: list[ResultRow]) -> None:
        """Assign an outcome to each row in a mask."""
        texts = pa.array([o.text for o in outcomes], pa.string())
        prompts = pa.array([o.video_prompt for o in outcomes], pa.string())
        numbers = pa.array([self._number(o.shared) for o in outcomes], pa.int32())
        self.index = pc.replace_with_mask(self.index, mask, numbers)
        self.text = pc.replace_with_mask(self.text, mask, texts)
        self.video_prompt = pc.replace_with_mask(self.video_prompt, mask, prompts)
