"""The verbs: parse, lint, fix, translate, lower. Most users import nothing else."""

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING

from flaglift.context import Context
from flaglift.diagnostics import Diagnostic
from flaglift.emit.translation import Translation, translation_of
from flaglift.linting.engine import diagnose_segment, examine, reported, subjects_of, suppress
from flaglift.linting.fixing import FixResult, fix_prompt
from flaglift.settings import DEFAULT, Settings
from flaglift.shapes import shortcut_for
from flaglift.syntax import Feature, parse
from flaglift.syntax.features import features_of

if TYPE_CHECKING:
    from flaglift.emit.fields import Fields

__all__ = ["fix", "lint", "lower", "parse", "translate", "translate_keyframes"]

UNKNOWN = Context()
"""Nothing is known of the request besides the text."""


def lint(
    text: str,
    settings: Settings = DEFAULT,
    context: Context = UNKNOWN,
    suppressed: Collection[str] = (),
) -> list[Diagnostic]:
    """Return what is to be said about a prompt, by place (in code points) and code.

    `suppressed` names rules, by code or name, whose findings the place where the prompt stands
    suppresses; those that suppress nothing are reported. A prompt without a flag of the dialect or
    a near miss of one has no findings. The fix of a finding is what its rule proposes; `fix` tries
    them together, and makes none that changes more than it says.

    Raises `ConfigError` for unknown rules and unusable overlays, `CatalogError` for a date before
    the first edition of the catalog.

    >>> [d.rule for d in lint("a cat --video --video_model kling25 --duration 7")]
    ['legacy-syntax', 'missing-video-prompt', 'duration-out-of-range']
    """
    if suppressed:
        examined = examine(text, settings, context)
        shown = reported(examined.diagnostics, settings)
        return suppress(shown, suppressed, examined.subjects[0])
    return shortcut_for(settings, context).lint(text)


def translate(text: str, settings: Settings = DEFAULT, context: Context = UNKNOWN) -> Translation:
    """Return the form fields that say what a prompt's flags say.

    The status is `translated`, `unchanged` (no flags of the dialect), or `refused`: then the
    diagnostics say why, and `fields.text` is the text as it was. `context` is what the request
    holds besides the text. Never raises for a text; raises for settings as `lint` does.

    >>> t = translate('a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"')
    >>> t.status.value
    'translated'
    >>> t.fields.model_dump(exclude_none=True)
    {'text': 'a cat', 'video_model': 'kling25', 'video_prompt': 'it yawns', 'video_duration': 5}
    """
    return shortcut_for(settings, context).translate(text)


def translate_keyframes(
    text: str, settings: Settings = DEFAULT, context: Context = UNKNOWN
) -> list[Translation]:
    r"""Return one translation for each keyframe of a prompt, in order.

    A prompt of several keyframes has no single modern form, so `translate` refuses it; the fields
    of each keyframe are what it says by itself. Positions are those of the whole text. Raises for
    settings as `lint` does.

    >>> frames = "a cat --video --video_model kling25\r\n---\r\na dog --video --video_model kling25"
    >>> [t.fields.text for t in translate_keyframes(frames)]
    ['a cat', 'a dog']
    """
    translations = []
    for subject in subjects_of(text, parse(text), settings, context):
        # What makes one keyframe unreadable says nothing of the others.
        prompt, segment = subject.prompt, subject.segment
        features = features_of(
            str(segment), [segment], prompt.settings, prompt.references, prompt.suspects
        ) | (prompt.features & Feature.KEYFRAMES.value)
        alone = replace(subject, prompt=replace(prompt, features=features))
        findings = diagnose_segment(alone)
        shown = reported(findings, settings)
        translations.append(translation_of(str(alone.segment), alone, findings, shown))
    return translations


def fix(
    text: str,
    settings: Settings = DEFAULT,
    context: Context = UNKNOWN,
    *,
    unsafe: bool | Collection[str] = False,
) -> FixResult:
    """Return a prompt with its fixes applied: the safe ones, and with `unsafe` the others too.

    `unsafe` may also be the codes or names of the rules whose unsafe fixes to apply.

    What no fix touches stays as it is, to the code point. A fix that makes anything worse, or that
    claims to be safe and changes the translated fields, is not applied. Raises as `lint` does.

    >>> fix("a cat --video --video --video_model kling25").text
    'a cat --video --video_model kling25'
    >>> fix("a cat --video --video_model kling25 --duration 7", unsafe=True).text
    'a cat --video --video_model kling25 --duration 5'
    """
    return fix_prompt(text, settings, context, unsafe=unsafe)


def lower(fields: "Fields", settings: Settings = DEFAULT) -> str:
    """Return the legacy text that translates into these fields.

    Raises `LoweringError` for fields that the dialect cannot express (section 4.3), such as a text
    that would read as flags.

    >>> from flaglift import Fields
    >>> lower(Fields(text="a cat", video_model="kling25", video_prompt="it yawns"))
    'a cat --video --video_model kling25 --video_prompt "it yawns"'
    """
    from flaglift.emit.lowering import lower_values  # noqa: PLC0415 (it loads pydantic)

    return lower_values(fields, lambda text: translate(text, settings))
