"""Translates and lints prompts, and examines only the first of each shape."""

from functools import lru_cache, partial

from flaglift.catalog import Catalog, load_catalog
from flaglift.context import Context
from flaglift.diagnostics import Diagnostic
from flaglift.emit.translation import Translation, TranslationStatus, translation_of
from flaglift.linting.engine import Examination, examine, reported
from flaglift.linting.fixing import Assessment, FixResult, assessment_of, fix_text
from flaglift.settings import Settings
from flaglift.shapes.cut import Flags, cut_at_all_flags, cut_at_first_flag
from flaglift.shapes.learning import case_key, learn, reads_order, shape_of
from flaglift.shapes.shape import (
    Case,
    Shape,
    ShapedPrompt,
    assessment_from,
    findings_from,
    read,
    translation_from,
)
from flaglift.syntax import Feature, Prompt
from flaglift.syntax.concern import may_concern

_MOST_SHAPES = 100_000
"""With more, what was learnt is forgotten: it bounds the memory, at some 500 bytes a shape."""


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
        self._shapes: dict[str, Shape] = {}
        """By skeleton."""
        self._cases: dict[tuple[str, ...], Case] = {}
        """By flags."""
        self._examined: tuple[str, list[Diagnostic]] | None = None
        """The prompt that was examined last for its own fixes: each of these asks for it."""

    def translate(self, text: str, prompt: Prompt | None = None) -> Translation:
        """Return the fields that say what the prompt's flags say.

        `prompt` is the text as it reads, if the caller has parsed it.
        """
        if not may_concern(text):
            return Translation(text, TranslationStatus.UNCHANGED, {"text": text}, ())
        result = self.look(text, prompt)
        if isinstance(result, ShapedPrompt):
            return translation_from(result, text, partial(self._again, text, prompt))
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
            return assessment_of(new, result, self._settings)

        return fix_text(text, unsafe=unsafe, read=read)

    def look(self, text: str, prompt: Prompt | None = None) -> ShapedPrompt | Examination:
        """Return what a prompt says by its shape; else examine it."""
        cut = cut_at_first_flag(text)
        shape = self._shapes.get(cut.skeleton) if cut else None
        if cut is None or shape is None:
            flags = cut_at_all_flags(text)
            if flags is None:
                return self._examine(text, prompt)
            cut = flags.cut
            shape = self._shapes.get(cut.skeleton)
            if shape is None:
                examined = self._learn(text, flags, prompt)
                if examined:
                    return examined
                shape = self._shapes[cut.skeleton]
        reading = read(shape, cut, text)
        return reading or self._examine(text, prompt)

    def first_of_its_shape(self, text: str) -> ShapedPrompt | None:
        """Return what a prompt says by its shape, after the shape was learnt from it if need be."""
        result = self.look(text)
        if not isinstance(result, ShapedPrompt):
            result = self.look(text)
        return result if isinstance(result, ShapedPrompt) else None

    def _learn(self, text: str, flags: Flags, prompt: Prompt | None) -> Examination | None:
        """Learn the shape of a prompt; return its examination if that was needed.

        A prompt of which nothing can be learnt does not keep the next one from being tried.
        """
        key = case_key(flags, is_ordered=self._is_ordered)
        case = self._cases.get(key)
        examined = None
        if case is None:
            examined = self._examine(text, prompt)
            case = learn(text, flags, examined)
            if case is None:
                return examined
        if len(self._shapes) + len(self._cases) > _MOST_SHAPES:
            self._shapes.clear()
            self._cases.clear()
        self._cases[key] = case
        self._shapes[flags.cut.skeleton] = shape_of(case, flags)
        return examined

    def _examine(self, text: str, prompt: Prompt | None) -> Examination:
        return examine(text, self._settings, self._context, self.catalog, prompt)

    def _again(self, text: str, prompt: Prompt | None) -> list[Diagnostic]:
        again = self._examined
        if again is None or again[0] != text:
            again = self._examined = text, self._examine(text, prompt).diagnostics
        return again[1]


def examined_translation(text: str, examined: Examination) -> Translation:
    """Return what becomes of a prompt that all the rules have looked at."""
    if not examined.prompt.has(Feature.CONCERNED):
        return Translation(text, TranslationStatus.UNCHANGED, {"text": text}, ())
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

_last: tuple[Settings, Context, Shortcut] | None = None
"""The shortcut that was used last: nearly all callers use one."""


def shortcut_for(settings: Settings, context: Context) -> Shortcut:
    """Return a shortcut for these settings and this request, the same one each time.

    Raises `ConfigError` or `CatalogError` for settings that name no usable catalog.
    """
    global _last  # noqa: PLW0603 (one assignment, so no thread sees half of it)
    last = _last
    same = last and last[0] is settings and last[1] is context
    if last and same and settings.overlay is None:  # the user may change an overlay
        return last[2]
    catalog = load_catalog(settings.edition, settings.overlay)
    if last and same and last[2].catalog is catalog:
        return last[2]
    try:
        # With the types, because 1 and true are equal here and not to the service.
        given = tuple((name, type(value), value) for name, value in context.given.items())
        shortcut = _kept(settings, given, context.complete, catalog)
    except TypeError:  # a value beside the text that cannot be hashed
        return Shortcut(settings, context)
    _last = settings, context, shortcut
    return shortcut


@lru_cache(maxsize=256)
def _kept(settings: Settings, given: _Given, complete: bool, catalog: Catalog) -> Shortcut:
    return Shortcut(settings, Context({name: value for name, _, value in given}, complete), catalog)
