"""Placeholders and statements of templates: their expansion is as unknown as a variable's value.

In JSON, in YAML or in a string that a program formats later, `{model}`, `{{ model | lower }}`,
`${MODEL:-kling25}` and `%(model)s` are ordinary text to the file's reader. A placeholder is a hole.
In place of a flag's value, `<seconds>`, `:d` or `DURATION`, ordinary words elsewhere, are holes
too. A statement (`{% if v %}`, `{{#video}}`) makes the text inside conditional: the text is read
once with it, and once without.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from flaglift.catalog import Status, load_catalog
from flaglift.check.hosts.base import HOLE, HOLES, Literal, Piece, PieceKind
from flaglift.check.hosts.pieces import CONDITIONAL, QUOTED
from flaglift.check.hosts.several import strings_with_flags
from flaglift.lossless.spans import Span
from flaglift.syntax import FlagName
from flaglift.syntax.flags import ValueKind

# Every repetition is bounded, so that a text full of opening brackets is read in linear time.
_INNER = rf"(?:[^{{}}{HOLE}]|\{{[^{{}}{HOLE}]{{0,100}}\}}){{1,300}}+"
_NESTED = rf"(?:[^(){HOLE}]|\([^(){HOLE}]{{0,100}}\)){{1,300}}+"
_BLADE = "if|unless|isset|empty|for|foreach|forelse|while|switch|case"
_CONTROL = (
    r"if|el|end|unless|for|when|case|set|assign|capture|macro|call|filter|block|with|extends|import|from"
    r"|load|comment|raw|verbatim|autoescape|spaceless|do|break|continue"
)
"""The beginnings of Jinja, Django, Twig and Liquid tags that produce no output themselves."""
_STATEMENT = (
    rf"\{{%[~+-]?\s{{0,9}}(?:{_CONTROL})(?:(?!%\}})[^{HOLE}]){{0,300}}%\}}"
    rf"|\{{#(?:(?!#\}})[^{HOLE}]){{1,300}}#\}}"
    rf"|\{{(?:[#:/](?:if|each|await|key|snippet|else|then|catch)\b)[^{{}}]{{0,300}}\}}"
    r"|\{\{[~-]?[ ]*(?:[#/^!]|(?:if|else|end|range|with|define|template|block)\b)"
    rf"[^{{}}{HOLE}]{{0,300}}\}}\}}"
    rf"|<%(?![=-])(?:(?!%>)[^{HOLE}]){{1,300}}%>"
    rf"|<\?(?!=)(?:(?!\?>)[^{HOLE}]){{1,300}}\?>"
    rf"|(?<!\S)@(?:else)?(?:{_BLADE})[ ]?\([^{HOLE}\n]{{1,100}}?\)(?!\S)"
    r"|(?<!\S)@(?:else|end[a-z]{2,12})(?!\S)"
)
_VALUE = (
    rf"\$\{{\{{{_INNER}\}}\}}|\{{\{{\{{?{_INNER}\}}\}}\}}?|[$#%]\{{{_INNER}\}}"
    rf"|\$\({_NESTED}\)|\$[A-Za-z_]\w{{0,100}}"
    rf"|\{{(?P<echo>!!?)(?:(?!!\}})[^{HOLE}]){{1,300}}(?P=echo)\}}"
    rf"|\{{%(?:(?!%\}})[^{HOLE}]){{1,300}}%\}}"
    r"|(?<!\{)\{[ ]?(?:[A-Za-z_]\w{0,100}|\d{0,3})(?:\.\w{1,100}|\[[^\[\]{}]{1,100}\]){0,9}[ ]?"
    rf"(?:![rsa])?(?::[^{{}}\s\"{HOLE}]{{0,30}})?\}}"
    r"|%(?:\([A-Za-z_]\w{0,100}\)|<[A-Za-z_]\w{0,100}>)[-+#0]?\d{0,3}(?:\.\d{1,3})?[a-zA-Z]"
    r"|(?<![\w%])%(?:\d{1,2}\$|\[\d{1,2}\])?[-+#0]?\d{0,3}(?:\.\d{1,3})?[sdifrvqu]"
    r"(?:(?!\w)|(?=s(?:ec(?:ond)?s?)?(?!\w)))"
    rf"|<%[=-](?:(?!%>)[^{HOLE}]){{1,300}}%>|<\?=(?:(?!\?>)[^{HOLE}]){{1,300}}\?>"
    r"|\[\[[ ]?[A-Za-z_][\w.]{0,100}[ ]?\]\]|%%[A-Za-z_]\w{0,100}%%"
    r"|(?<!\w)__[A-Za-z](?:_?[A-Za-z0-9]){0,60}__(?!\w)"
)
_NAMED = [flag for flag in FlagName if flag.kind in (ValueKind.WORD, ValueKind.WHOLE_NUMBER)]
_AT_VALUE = "|".join(rf"(?<={flag.word}[ =]{quote})" for flag in _NAMED for quote in ("", '"'))
_BRACKETS = "|".join(
    rf"{opening}{{1,2}}[^\w{HOLE}\n]{{0,3}}[A-Za-z_][^{opening}{closing}{HOLE}\n]{{0,100}}{closing}{{1,2}}"
    for opening, closing in (
        ("<", ">"),
        (r"\[", r"\]"),
        (r"\(", r"\)"),
        (r"\{", r"\}"),
        ("«", "»"),
        ("`", "`"),
    )
)
_GIVEN = (
    rf"{_BRACKETS}|\.\.\.|\u2026|\$[\d@*#]"
    rf"|[^\w\s{HOLE}\"'`\u2018-\u201d.,;!?+-]{{1,3}}[A-Za-z_][^\s\"{HOLE}]{{0,100}}"
    r"|[A-Z][A-Z_]{0,60}(?![^\s\"])"
    r"|[\[{(<]?\d{1,3}(?:[ ]?\|[ ]?\d{1,3}){1,20}[\]})>]?(?!\w)"
)
"""Placeholders in place of a value: no number, mistyped or not, begins like this."""
PLACEHOLDER = re.compile(_VALUE)
_TEMPLATE = re.compile(f"(?P<statement>{_STATEMENT})|{_VALUE}|(?:{_AT_VALUE})(?P<given>{_GIVEN})")
_KEYWORD = re.compile(
    r"(?:\{%|\{\{|\{(?=[#:/])|<%|<\?(?:php)?|@)[~-]?\s*"
    r"(?:(?P<end>/|\}|end)|(?P<middle>\}?\s*(?:else|elif|elsif|when)|\^\s*\}|:)"
    rf"|(?P<start>[#^]|(?:{_BLADE}|range|with)\b))"
)
_COMMENT = re.compile(r"\{\{(?:--|!--)|\{#(?!\w)|<%#")
_MOST_READINGS = 8


class _Tag(NamedTuple):
    at: int
    """Its code point in the text."""
    source: str


@lru_cache(maxsize=1)
def _templates(text: str) -> tuple[re.Match[str], ...]:
    """Return the placeholders and statements in a text, which is asked twice in a row."""
    return tuple(_TEMPLATE.finditer(text))


def with_templates(literal: Literal) -> Literal:
    """Return a literal with its placeholders as holes, and the readings its statements allow.

    >>> from flaglift.check.hosts.registry import host_named
    >>> found = host_named("lines").literals(b"a {subject} --video_model {{ model }}")
    >>> [hole.source for hole in with_templates(found[0]).holes]
    ['{subject}', '{{ model }}']
    """
    text = literal.text
    pieces: list[Piece] = []
    tags = []
    length = position = 0
    for match in _templates(text):
        piece = _whole(literal, Span(*match.span()), is_statement=match["statement"] is not None)
        if piece is None or _is_model(match["given"] or ""):
            continue
        before = literal.part([Span(position, match.start())]).literal
        pieces += [*before.pieces, piece]
        length += match.start() - position
        if match["statement"] is not None:
            tags.append(_Tag(length, match[0]))
        length += 1
        position = match.end()
    if not pieces:
        return literal
    pieces += literal.part([Span(position, len(text))]).literal.pieces
    templated = replace(literal, pieces=tuple(pieces))
    if not tags:
        return templated
    possible = tuple(_readings(len(templated.text), tags))
    return replace(templated, possible=possible, doubt=CONDITIONAL)


def in_templates(literal: Literal) -> Iterator[Literal]:
    """Yield the quoted prompts in a literal's placeholders and statements, except in comments.

    >>> from flaglift.check.hosts.registry import host_named
    >>> found = host_named("lines").literals(b"a {{ x or 'b --video' }} {{-- 'c --video' --}}")
    >>> [each.text for each in in_templates(found[0])]
    ['b --video']
    """
    for match in _templates(literal.text):
        if _COMMENT.match(match[0]):
            continue
        for start, end in strings_with_flags(match[0]):
            span = Span(match.start() + start, match.start() + end)
            place = literal.bytes_of(span)
            yield replace(
                literal.part([span]).literal,
                start=place.start,
                end=place.end,
                inside=place.start,
                doubt=QUOTED,
                possible=((Span(0, end - start),),),
            )


def _whole(literal: Literal, span: Span, *, is_statement: bool) -> Piece | None:
    """Return one piece for a placeholder or a statement; None if it is not contiguous."""
    inside = literal.part([span]).literal.pieces
    if not is_statement and any(piece.kind in HOLES for piece in inside):
        return None
    kind, text = (PieceKind.ATOM, " ") if is_statement else (PieceKind.PLACEHOLDER, HOLE)
    return Piece(kind, inside[0].start, inside[-1].end, text, span.of(literal.text))


def _is_model(word: str) -> bool:
    """Return whether a word is a model name, or close to one, ignoring punctuation around it."""
    standing = load_catalog().find(re.sub(r"^\W+|\W+$", "", word))
    return standing.status is not Status.UNKNOWN or standing.suggestion is not None


def _readings(length: int, tags: Sequence[_Tag]) -> Iterator[tuple[Span, ...]]:
    """Yield the text of each reading, by the branches taken of each statement; each once."""
    bounds = [Span(a, b) for a, b in pairwise([-1, *(tag.at for tag in tags), length])]
    steps = _steps(tags)
    done = set()
    for number in range(_MOST_READINGS):
        spans = tuple(
            Span(span.start + 1, span.end)
            for span, is_read in zip(bounds, _taken(steps, number), strict=True)
            if is_read
        )
        if spans not in done:
            done.add(spans)
            yield spans


class _Frame:
    """A statement and its branches."""

    def __init__(self) -> None:
        self.count = 1


class _Step(NamedTuple):
    """The effect of a tag: it ends a branch, begins one, or both."""

    leaves: bool
    frame: _Frame | None = None
    branch: int = 0


def _steps(tags: Sequence[_Tag]) -> list[_Step]:
    stack: list[tuple[_Frame, int]] = []
    steps = []
    for tag in tags:
        kind = _KEYWORD.match(tag.source)
        step = _Step(leaves=False)
        if kind and kind["start"]:
            step = _Step(leaves=False, frame=_Frame())
        elif kind and kind["middle"] and stack:
            frame, branch = stack.pop()
            frame.count += 1
            step = _Step(leaves=True, frame=frame, branch=branch + 1)
        elif kind and kind["end"] and stack:
            stack.pop()
            step = _Step(leaves=True)
        if step.frame:
            stack.append((step.frame, step.branch))
        steps.append(step)
    return steps


def _taken(steps: Sequence[_Step], number: int) -> Iterator[bool]:
    """Yield, for the text before, between and after the tags, whether a reading includes it."""
    stack: list[bool] = []
    left_out = 0
    yield True
    for leaves, frame, branch in steps:
        if leaves:
            left_out -= not stack.pop()
        if frame:
            stack.append(_is_taken(branch, frame, number))
            left_out += not stack[-1]
        yield not left_out


def _is_taken(branch: int, frame: _Frame, number: int) -> bool:
    """Return whether a reading takes a branch; without an `else`, only the first one does."""
    return branch == (number if frame.count == 1 else min(number, frame.count - 1))
