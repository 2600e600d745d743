"""Removing flags from a text (dialect section 4.1), and the remaining image prompt (3.3)."""

import re
from collections.abc import Iterable

from flaglift.lossless.spans import Edit, Span
from flaglift.syntax.grammar import expression
from flaglift.syntax.nodes import OtherFlag
from flaglift.syntax.prompt import Segment
from flaglift.syntax.words import WHITESPACE, is_escaped, split_words, unquote

_NO_LINE_END = ("", " ", "\t")
_LINE_END = re.compile(r"\r\n|\n|\r")


def lift_edits(text: str, spans: Iterable[Span], within: Span | None = None) -> list[Edit]:
    r"""Return the edits that remove spans from a text, each with the whitespace around it.

    One space remains between the neighboring words, or the line end that was there; at either end
    of the text, nothing. The spans are in order; `within` is the part to treat as the whole text.

    >>> from flaglift.lossless.spans import apply_edits
    >>> text = "a cat --video\n--duration 5 sits"
    >>> apply_edits(text, lift_edits(text, [Span(6, 13), Span(14, 26)]))
    'a cat\nsits'
    """
    low, high = within or (0, len(text))
    edits: list[Edit] = []
    for first, last in spans:
        start, end = first, last
        while start > low and text[start - 1] in WHITESPACE:
            start -= 1
        if start < first and is_escaped(text, start):  # this whitespace is part of the word before
            start += 1
        while end < high and text[end] in WHITESPACE:
            end += 1
        joint = _line_end(text, start, first) or _line_end(text, last, end) or " "
        if edits and edits[-1].end >= start:
            start, _, before = edits.pop()
            joint = before if before != " " else joint
        edits.append(Edit(start, end, joint if low < start and end < high else ""))
    return edits


def _line_end(text: str, start: int, end: int) -> str:
    if end - start < 2 and text[start:end] in _NO_LINE_END:
        return ""
    match = _LINE_END.search(text, start, end)
    return match[0] if match else ""


def image_prompt(segment: Segment) -> str:
    """Return a segment's image prompt, which the service also used for the video (3.3).

    Without flags, the service's other flags, and references; unquoted, with whitespace collapsed.

    >>> from flaglift.syntax.parser import parse
    >>> image_prompt(parse('<lora:1:1> a "tall  cat" --fill --video').segments[0])
    'a tall cat'
    """
    flags = {flag.start for flag in segment.flags}
    return words_of_image(
        node.raw
        for node in segment.nodes
        if not isinstance(node, OtherFlag) and node.start not in flags
    )


def words_of_image(texts: Iterable[str]) -> str:
    """Return the image prompt from texts without flags."""
    words = " ".join(unquote(word) for text in texts for _, word in split_words(text))
    return " ".join(strip_references(words).split())


def strip_references(text: str) -> str:
    """Return a text without its `<lora:...>` and `<faceid:...>` references (5.1)."""
    if "<" not in text:
        return text
    return expression("REFERENCE").sub("", text)
