"""The result type of a translated column, and its assembly."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from flaglift.columns.arrow import pa, pc
from flaglift.emit.form import form_value
from flaglift.emit.translation import Translation
from flaglift.syntax.flags import FIELD_FLAGS, FlagName, ValueKind

_VIDEO_PROMPT = FlagName.VIDEO_PROMPT.field
_TYPES = {ValueKind.WHOLE_NUMBER: pa.int64(), ValueKind.SWITCH: pa.bool_()}
_SHARED_FIELDS = {
    field: _TYPES.get(flag.kind, pa.string())
    for field, flag in FIELD_FLAGS.items()
    if field != _VIDEO_PROMPT
}
"""The fields that are the same for all prompts with the same flags."""

RESULT = pa.struct(
    [
        pa.field("status", pa.string()),
        pa.field("text", pa.string()),
        *(pa.field(field, _SHARED_FIELDS.get(field, pa.string())) for field in FIELD_FLAGS),
        pa.field("others", pa.map_(pa.string(), pa.string())),
        pa.field("codes", pa.list_(pa.string())),
    ]
)
"""The type of a translated column; a null prompt is a null.

- `status`: `translated`, `unchanged` or `refused`.
- `text`, `video_model`, `video_prompt`: the fields; null where they are absent. Unless
  translated, `text` is the prompt as it was and the others are null.
- `video_duration`: seconds.
- `others`: further fields, which only a settings block gives, by name, as a form encodes them;
  also the duration, if it is not a 64-bit integer. Empty in most rows.
- `codes`: the rules with findings, each once, in the order of `translate`.
"""

_LONGEST = 2**63


class Shared(NamedTuple):
    """The part of a row that many rows share."""

    status: str
    fields: tuple[int | str | None, ...]
    """In the order of `_SHARED_FIELDS`."""
    others: tuple[tuple[str, str], ...]
    codes: tuple[str, ...]

    @property
    def values(self) -> dict[str, int | str | None]:
        """The fields by name; None for an absent one."""
        return dict(zip(_SHARED_FIELDS, self.fields, strict=True))

    def to_row(self) -> dict[str, Any]:
        """Return it as a row of the result, without the row's own columns."""
        return {"status": self.status, **self.values, "others": self.others, "codes": self.codes}


class ColumnParts(NamedTuple):
    """A translated column, before it is assembled."""

    distinct: Sequence[Shared]
    index: pa.Array
    """The number of each row's shared part."""
    text: pa.Array
    video_prompt: pa.Array


class ResultRow(NamedTuple):
    """A row of the result."""

    shared: Shared
    text: str | None
    video_prompt: str | None


UNTOUCHED = Shared("unchanged", (None,) * len(_SHARED_FIELDS), (), ())
"""The shared part of all prompts without a flag or a near miss of one."""


def outcome_of(translation: Translation) -> ResultRow:
    """Return a translation as a row of the result.

    >>> from flaglift import translate
    >>> outcome = outcome_of(translate("a cat --video --video_model kling25"))
    >>> outcome.shared.status, outcome.text, outcome.shared.codes
    ('translated', 'a cat', ('FL001', 'FL601'))
    """
    shared = shared_part(translation.status.value, translation.values, translation.codes)
    return ResultRow(shared, translation.values.get("text"), translation.values.get(_VIDEO_PROMPT))


def shared_part(status: str, values: Mapping[str, Any], codes: tuple[str, ...]) -> Shared:
    """Return a translation without its text and its video prompt."""
    others = dict(values)
    others.pop("text", None)
    others.pop(_VIDEO_PROMPT, None)
    fields = [_taken(others, field, kind) for field, kind in _SHARED_FIELDS.items()]
    return Shared(
        status,
        tuple(fields),
        tuple((name, form_value(value)) for name, value in others.items()),
        codes,
    )


def _taken(values: dict[str, Any], field: str, kind: pa.DataType) -> int | str | None:
    """Remove a field from the values and return it, if its column can represent it."""
    value = values.get(field)
    if pa.types.is_integer(kind) and not (isinstance(value, int) and abs(value) < _LONGEST):
        return None
    taken: int | str | None = values.pop(field, None)
    return taken


def assembled(parts: ColumnParts, missing: pa.Array) -> pa.StructArray:
    """Return a column of rows from its parts. It is null where `missing` is true."""
    shared = pa.array([one.to_row() for one in parts.distinct], _SHARED)
    index = parts.index
    if missing.true_count:  # the fields must be null too, for readers that access them directly
        index = pc.if_else(missing, None, index)
    own = {"text": parts.text, _VIDEO_PROMPT: parts.video_prompt}
    columns = [
        own[field.name] if field.name in own else shared.field(field.name).take(index)
        for field in RESULT
    ]
    return pa.StructArray.from_arrays(columns, fields=list(RESULT), mask=missing)


_SHARED = pa.struct([field for field in RESULT if field.name not in ("text", _VIDEO_PROMPT)])
