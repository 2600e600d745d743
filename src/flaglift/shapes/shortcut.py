"""Translates and lints prompts, and examines only the first of each shape."""

from functools import lru_cache, partial

from flaglift.catalog import Catalog, load_catalog
from flaglift.context import Context
from flaglift.diagnostics import Diagnostic
from flaglift.emit.translation import Translation, TranslationStatus, translation_of
from flaglift.linting.engine import Examination, examine, reported
from flaglift.linting.fixing import Assessment, FixResult, assessment_of, fix_text
from flaglift.settings import Settings
from flaglift.shapes.cut import Flags, cut_at_all_flags, cut_at_first_flag, flags_of_tail
from flaglift.shapes.learning import case_key, learn, reads_order, shape_of
from flaglift.shapes.shape import (
    Case,
    Shape,
    ShapedPrompt,
    assessment_from,
    findings_from,
    read,
    read_tail,
    translation_from,
)
from flaglift.syntax import Feature, Prompt
from flaglift.syntax.concern import may_concern

_MOST_SHAPES = 100_000
"""With more, what was learnt is forgotten: it bounds the memory, at some 500 bytes a shape."""

_UNCHANGED = TranslationStatus.UNCHANGED  # to look it up in the enumeration takes its time


class Shortcut:
    """Translates and lints prompts with one choice of settings and one request beside them.

    It may be used from several threads.
    """

    def __init__(
        self, settings: Settings, context: Context, catalog: Catalog | None = None
    ) -> None:
        """Use a catalog, or else the one that the settings name.

        Raises `ConfigError` or `CatalogError` where they name no usable one.
        """
        self._settings = settings
        self._context = context
        self.catalog: Catalog = catalog or load_catalog(settings.edition, settings.overlay)
        self._is_ordered = reads_order(context)
        self._tails: dict[str, Shape] = {}
        """Of prompts whose flags come last, by tail (`cut_at_first_flag`)."""
        self._orders: dict[tuple[object, ...], Shape] = {}
        """Of other prompts, by their flags in order and what stands around these."""
        self._cases: dict[tuple[str, ...], Case] = {}
        """By flags."""
        self._learns = not context.has(*context.given)
        """Whether to learn from the next prompt: with values beside it, it may well be the last."""
        self._examined: tuple[str, list[Diagnostic]] | None = None
        """The prompt that was examined last for its own fixes: each of these asks for it."""

    def translate(self, text: str, prompt: Prompt | None = None) -> Translation:
        """Return the fields that say what the prompt's flags say.

        `prompt` is the text as it reads, if the caller has parsed it.
        """
        if not may_concern(text):
            return Translation(text, _UNCHANGED, {"text": text}, ())
        result = self.look(text, prompt)
        if isinstance(result, ShapedPrompt):
            return translation_from(result, text, partial(self._shown, result, text, prompt))
        return examined_translation(text, result)

    def lint(self, text: str, prompt: Prompt | None = None) -> list[Diagnostic]:
        """Return what is to be said about the prompt, by place and code.

        `prompt` is the text as it reads, if the caller has parsed it.
        """
        if not may_concern(text):
            return []
        result = self.look(text, prompt)
        if isinstance(result, ShapedPrompt):
            again = partial(self._again, text, prompt)
            return findings_from(result.shape.linted, result, again)
        return examined_findings(result)

    def fix(self, text: str, prompt: Prompt | None = None, *, unsafe: bool = False) -> FixResult:
        """Apply the safe fixes of the prompt, with `unsafe` the others too.

        `prompt` is the text as it reads, if the caller has parsed it.
        """

        def read(new: str) -> Assessment:
            known = prompt if new == text else None
            result = self.look(new, known)
            if isinstance(result, ShapedPrompt):
                return assessment_from(result, partial(self._again, new, known))
            return assessment_of(result)

        return fix_text(text, unsafe=unsafe, read=read)

    def look(self, text: str, prompt: Prompt | None = None) -> ShapedPrompt | Examination:
        """Return what a prompt says by its shape; else examine it."""
        cut = cut_at_first_flag(text)
        if cut:
            tail, body, value, at = cut
            shape = self._tails.get(tail) or self._shape_of_tail(tail)
            if shape:
                return read_tail(shape, body, value, at) or self._examine(text, prompt)
        flags = cut_at_all_flags(text)
        if flags is None:
            return self._examine(text, prompt)
        written, has_body = flags.written.values(), flags.has_body(text)
        order = (*written, has_body, len(flags.words) == 1)
        shape = self._orders.get(order)
        if shape is None:
            key = case_key(written, has_body=has_body, is_ordered=self._is_ordered)
            case = self._cases.get(key)
            if case is None:
                return self._learn(key, text, flags, prompt)
            self._bound()
            shape = shape_of(case, flags.places, is_body_first=len(flags.words) == 1)
            self._orders[order] = shape
        return read(shape, flags, text) or self._examine(text, prompt)

    def first_of_its_shape(self, text: str) -> ShapedPrompt | None:
        """Return what a prompt says by its shape, after the shape was learnt from it if need be."""
        known = len(self._cases)
        result = self.look(text)
        if not isinstance(result, ShapedPrompt) and len(self._cases) != known:
            result = self.look(text)
        return result if isinstance(result, ShapedPrompt) else None

    def _learn(
        self, key: tuple[str, ...], text: str, flags: Flags, prompt: Prompt | None
    ) -> Examination:
        """Examine the first prompt of a case, and learn from it.

        A prompt of which nothing can be learnt does not keep the next one from being tried.
        """
        examined = self._examine(text, prompt)
        case = learn(text, flags, examined) if self._learns else None
        self._learns = True
        if case:
            self._bound()
            self._cases[key] = case
        return examined

    def _shape_of_tail(self, tail: str) -> Shape | None:
        """Keep the shape of a tail whose flags are those of a case; None where they are not."""
        flags = flags_of_tail(tail)
        if flags is None:
            return None
        case = self._cases.get(case_key(flags, has_body=True, is_ordered=self._is_ordered))
        if case is None:
            return None
        self._bound()
        shape = self._tails[tail] = shape_of(case, flags, is_body_first=True)
        return shape

    def _bound(self) -> None:
        if len(self._tails) + len(self._orders) + len(self._cases) > _MOST_SHAPES:
            self._tails.clear()
            self._orders.clear()
            self._cases.clear()

    def _examine(self, text: str, prompt: Prompt | None) -> Examination:
        return examine(text, self._settings, self._context, self.catalog, prompt)

    def _shown(
        self, reading: ShapedPrompt, text: str, prompt: Prompt | None
    ) -> tuple[Diagnostic, ...]:
        again = partial(self._again, text, prompt)
        return tuple(findings_from(reading.shape.shown, reading, again))

    def _again(self, text: str, prompt: Prompt | None) -> list[Diagnostic]:
        again = self._examined
        if again is None or again[0] != text:
            again = self._examined = text, self._examine(text, prompt).diagnostics
        return again[1]


def examined_translation(text: str, examined: Examination) -> Translation:
    """Return what becomes of a prompt that all the rules have looked at."""
    if not examined.prompt.has(Feature.CONCERNED):
        return Translation(text, _UNCHANGED, {"text": text}, ())
    first = examined.subjects[0]
    shown = reported(examined.diagnostics, first.settings)
    return translation_of(text, first, examined.diagnostics, shown)


def examined_findings(examined: Examination) -> list[Diagnostic]:
    """Return what the settings let the rules report of a prompt that they have looked at."""
    if not examined.prompt.has(Feature.CONCERNED):
        return []
    return reported(examined.diagnostics, examined.subjects[0].settings)


# ---- For single texts ---------------------------------------------------------------------------

_Given = tuple[tuple[str, type, object], ...]

_last: tuple[Settings, Context, Shortcut] | tuple[None, None, None] = None, None, None
"""The shortcut that was used last, without an overlay: nearly all callers use one."""


def shortcut_for(settings: Settings, context: Context) -> Shortcut:
    """Return a shortcut for these settings and this request, the same one each time.

    Raises `ConfigError` or `CatalogError` for settings that name no usable catalog.
    """
    global _last  # noqa: PLW0603 (one assignment, so no thread sees half of it)
    last_settings, last_context, last = _last
    if settings is last_settings and context is last_context and last is not None:
        return last
    catalog = load_catalog(settings.edition, settings.overlay)
    try:
        # With the types, because 1 and true are equal here and not to the service.
        given = tuple((name, type(value), value) for name, value in context.given.items())
        shortcut = _kept(settings, given, context.complete, catalog)
    except TypeError:  # a value beside the text that cannot be hashed
        return Shortcut(settings, context)
    if settings.overlay is None:  # the user may change an overlay
        _last = settings, context, shortcut
    return shortcut


@lru_cache(maxsize=256)
def _kept(settings: Settings, given: _Given, complete: bool, catalog: Catalog) -> Shortcut:
    return Shortcut(settings, Context({name: value for name, _, value in given}, complete), catalog)
