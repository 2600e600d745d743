"""What comes out of a column, and how it is put together."""

from collections.abc import Collection
from typing import Any, NamedTuple

from flaglift.columns.arrow import pa, pc
from flaglift.emit.form import form_value
from flaglift.emit.translation import Translation

RESULT = pa.struct(
    [
        pa.field("status", pa.string()),
        pa.field("text", pa.string()),
        pa.field("video_model", pa.string()),
        pa.field("video_prompt", pa.string()),
        pa.field("video_duration", pa.int64()),
        pa.field("others", pa.map_(pa.string(), pa.string())),
        pa.field("codes", pa.list_(pa.string())),
    ]
)
"""The type of a translated column; a null prompt is a null.

- `status`: `translated`, `unchanged` or `refused`.
- `text`, `video_model`, `video_prompt`: the fields; null where they are left out. Unless
  translated, `text` is the prompt as it was and the others are null.
- `video_duration`: seconds.
- `others`: further fields, which only a settings block gives, by name, as a form carries them; a
  duration too, where it is no 64-bit number. Empty in most rows.
- `codes`: the rules that have something to say, each once, in the order of `translate`.
"""

_LONGEST = 2**63


class Shared(NamedTuple):
    """The part of a row that many rows have in common."""

    status: str
    video_model: str | None
    video_duration: int | None
    others: tuple[tuple[str, str], ...]
    codes: tuple[str, ...]


class Outcome(NamedTuple):
    """A row of the result."""

    shared: Shared
    text: str | None
    video_prompt: str | None


UNTOUCHED = Shared("unchanged", None, None, (), ())
"""What all prompts without a flag or a near miss of one have in common."""


def outcome_of(found: Translation) -> Outcome:
    """Return a translation as a row of the result.

    >>> from flaglift import translate
    >>> outcome = outcome_of(translate("a cat --video --video_model kling25"))
    >>> outcome.shared.status, outcome.text, outcome.shared.codes
    ('translated', 'a cat', ('FL001', 'FL601'))
    """
    values: dict[str, Any] = dict(found.values)
    text, model, prompt = (values.pop(n, None) for n in ("text", "video_model", "video_prompt"))
    seconds = values.get("video_duration")
    if isinstance(seconds, int) and abs(seconds) < _LONGEST:
        del values["video_duration"]
    else:
        seconds = None
    others = tuple((name, form_value(value)) for name, value in values.items())
    codes = tuple(dict.fromkeys(finding.code for finding in found.diagnostics))
    return Outcome(Shared(found.status.value, model, seconds, others, codes), text, prompt)


def assembled(
    distinct: Collection[Shared],
    index: pa.Array,
    text: pa.Array,
    video_prompt: pa.Array,
    missing: pa.Array,
) -> pa.StructArray:
    """Return a column whose rows have in common what `index` says, and texts of their own.

    It is null where `missing` is true.
    """
    shared = pa.array([one._asdict() for one in distinct], _SHARED)
    if missing.true_count:  # whoever looks at a field by itself finds nulls there too
        index = pc.if_else(missing, None, index)
    own = {"text": text, "video_prompt": video_prompt}
    columns = [
        own[field.name] if field.name in own else shared.field(field.name).take(index)
        for field in RESULT
    ]
    return pa.StructArray.from_arrays(columns, fields=list(RESULT), mask=missing)


_SHARED = pa.struct([field for field in RESULT if field.name not in ("text", "video_prompt")])
