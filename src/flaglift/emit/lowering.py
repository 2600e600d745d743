"""Fields to legacy text (dialect section 4.3)."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from flaglift.emit.fields import Fields
from flaglift.emit.form import form_value
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.errors import LoweringError
from flaglift.syntax.block import FIELD_OF_KEY
from flaglift.syntax.flags import AS_WRITTEN, FIELD_FLAGS, FlagName, ValueKind
from flaglift.syntax.words import quote

_KEY_OF_FIELD = {field: key for key, field in FIELD_OF_KEY.items()}
_BLANK = re.compile(r"(?<=\S) (?=\S)")
_END = "--"
"""As a flag's value it would end the flags (2.9); the settings block can express it."""
_LINE = re.compile(r"(?<=\n)(?=---|\w+=)")
"""The start of a line that would separate keyframes (5.3) or be part of a settings block (5.2)."""


def lower_values(fields: Fields, translate: Callable[[str], Translation]) -> str:
    """Return the legacy text for fields, proved by translating it back.

    Raises `LoweringError` if no text reads as the fields.
    """
    values = fields.model_dump(exclude_none=True)
    expected = TranslationStatus.TRANSLATED if _is_video(values) else TranslationStatus.UNCHANGED
    readings = []
    for words in _orders(values.get("text"), _flags(values)):
        text = " ".join(words) + _block(values)
        reading = translate(text)
        if reading.status is expected and reading.values == values:
            return text
        readings.append(reading)
    # "Unchanged" only means that the flags came after a bare `--`: that reading says nothing.
    telling = [each for each in readings if each.status is not TranslationStatus.UNCHANGED]
    reason = _reason(values, (telling or readings)[0])
    raise LoweringError(f"the dialect cannot express these fields: {reason}")


def _orders(text: str | None, flags: list[str]) -> Iterator[list[str]]:
    """Yield the possible orders of the flags and a text."""
    prose = [] if text is None else [text]
    yield [*prose, *flags]  # the order people use
    yield [*flags, *prose]  # after a bare `--` in the text, flags would be text (2.9)
    blank = _BLANK.search(text or "")
    if text and blank:  # blanks at both ends are only kept if the flags go inside (4.1)
        yield [text[: blank.start()], *flags, text[blank.end() :]]


def _is_video(values: dict[str, Any]) -> bool:
    return any(name in values for name in FIELD_FLAGS)


def _flags(values: dict[str, Any]) -> list[str]:
    """Return the flags for fields, in the order people write them."""
    words = [FlagName.VIDEO.word] if _is_video(values) else []
    for flag in AS_WRITTEN:
        if _is_in_flag(flag.field, values):
            value = form_value(values[flag.field])
            words.append(_flag(flag.word, value) if flag.takes_value else flag.word)
    return words


def _block(values: dict[str, Any]) -> str:
    return "".join(
        f"\n{_KEY_OF_FIELD.get(name, name)}={form_value(value)}"
        for name, value in values.items()
        if name != "text" and not _is_in_flag(name, values)
    )


def _is_in_flag(field: str, values: dict[str, Any]) -> bool:
    """Return whether a field's value is expressed by a flag rather than by the settings block."""
    flag, value = FIELD_FLAGS.get(field), values.get(field)
    if flag is None or value is None:
        return False
    if flag.kind is ValueKind.SWITCH:
        return value is True
    return flag.kind is not ValueKind.TEXT or value != _END


def _flag(flag: str, value: str) -> str:
    # Quotes may close and reopen within a word (1.2); the line then begins with quotes.
    word = _LINE.sub('""', quote(value))
    # Attached, because not every parser takes a following word with a dash as a value (2.5).
    return f"{flag}={word}" if value.startswith("-") else f"{flag} {word}"


def _reason(values: dict[str, Any], back: Translation) -> str:
    if back.status is TranslationStatus.REFUSED:
        # In strict mode, errors cause a refusal that would not by themselves (4.5).
        worst = min(back.diagnostics, key=lambda d: (not d.refuses, d.severity.rank))
        return worst.message
    differing = sorted(n for n in {*values, *back.values} if values.get(n) != back.values.get(n))
    return f"{', '.join(differing)} would read differently"
