"""References inside one value: where they are, and the value without them (dialect section 5.1)."""

from collections.abc import Sequence

from flaglift.lossless.spans import Edit, Span, apply_edits
from flaglift.syntax.grammar import expression
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.nodes import Quoting
from flaglift.syntax.words import quoting, unquote

_ANY_KEY = "style"
"""A key of the settings block; what follows it is read in the same way after each."""


def references_in(text: str) -> list[Span]:
    """Return the places of a text's references, in order.

    >>> references_in("a <lora:1:1>")
    [Span(start=2, end=12)]
    """
    return [Span(*reference.span()) for reference in expression("REFERENCE").finditer(text)]


def lift_references(raw: str, style: Quoting | None, spans: Sequence[Span]) -> list[Edit] | None:
    """Return the edits that remove references from a value, or None if the result is uncertain.

    `raw` is the value of a flag, written as `style` says, or if that is None, of a setting. The
    result is still a value in the same place, in the same style, and not blank.

    >>> lift_references('"a <lora:1:1> b"', Quoting.QUOTED, [Span(3, 13)])
    [Edit(start=2, end=14, content=' ')]
    >>> lift_references("<lora:1:1>--b", Quoting.NONE, [Span(0, 10)]) is None
    True
    """
    if style is Quoting.MIXED:
        return None
    if style is Quoting.NONE:  # a space would end the value
        edits = [Edit(span.start, span.end, "") for span in spans]
    else:
        margin = 1 if style is Quoting.QUOTED else 0
        edits = lift_edits(raw, spans, Span(margin, len(raw) - margin))
    return edits if _is_value(apply_edits(raw, edits), style) else None


def _is_value(raw: str, style: Quoting | None) -> bool:
    if style is None:  # what looks like a flag would make the setting a line of text (5.2)
        return bool(raw.strip() and expression("SETTING").fullmatch(f"{_ANY_KEY}={raw}"))
    if style is Quoting.NONE:  # (2.5)
        return raw[:1] not in ("", "-")
    if quoting(raw) is not style:  # a backslash has ended up before the last quote
        return False
    text = unquote(raw)
    # Two dashes are not a value (2.9), and a line of three would be a separator (5.3).
    return bool(text.strip()) and text != "--" and "\n---" not in raw
