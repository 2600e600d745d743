"""Suppressions in the comments of a file: `flaglift: ignore[FL402] why it is right here`.

    ignore[...]            prompts that have a line in common with the comment; if there are none,
                           prompts in code that begins, or is continued, on its line
    ignore-next-line[...]  prompts, or code containing them, that begin on the next line
    disable[...]           prompts after the comment, up to `enable[...]` or the end of the file
    file-ignore[...]       all prompts of the file

Between the brackets are codes or names of rules, or `unread`: then a place that was not read is not
reported.

A comment counts only if it begins with `flaglift:`, or if that follows a directive of another tool
(`# noqa  # flaglift: ...`), so prose about suppressions does not. A here-document and a command
of several lines begin where they are opened.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, Protocol

from flaglift.check.file_settings import Suppression
from flaglift.check.hosts.base import Comment
from flaglift.errors import ConfigError
from flaglift.linting.engine import find_rule, selected
from flaglift.lossless.spans import Span
from flaglift.report.places import LineIndex
from flaglift.settings import Settings

UNREAD = "unread"
"""Stands for a rule where a place that was not read is not to be reported."""

MARK = b"flaglift:"
"""A file with suppressions contains this."""


class Reach(StrEnum):
    """Which prompts a suppression applies to."""

    IGNORE = "ignore"
    NEXT_LINE = "ignore-next-line"
    DISABLE = "disable"
    ENABLE = "enable"
    FILE = "file-ignore"


_DIRECTIVE = re.compile(
    rf"flaglift:\s*({'|'.join(sorted(Reach, key=len, reverse=True))})\s*\[([^\[\]]*)\]\s*(.*)",
    re.DOTALL,
)


_BEHIND_OTHERS = re.compile(
    r"(?:noqa|nosec|type:|pragma:|pylint:|mypy:|pyright:|ruff:|fmt:|isort:|yapf:|codespell:|cspell:"
    r"|eslint|@ts-|biome-ignore|prettier-ignore|rubocop:|shellcheck|yamllint|NOSONAR|NOLINT)"
    r"(?:(?!(?:#|//)[ \t]*flaglift:)[^\n])*+(?<=[ \t])"
    r"(?P<own>(?:#|//)[ \t]*(?P<text>flaglift:[^\n]*))",
    re.IGNORECASE,
)
"""A directive after those of other tools, some of which have to come first; not prose."""

_FENCE = re.compile(rb"[ \t>]*(?:```|~~~)")


class PlacedLiteral(Protocol):
    """The position of a literal in a file, as in `Literal`."""

    @property
    def place(self) -> Span:
        """Its byte range."""

    @property
    def extent(self) -> Span:
        """Its range, with the command or document that contains it."""

    @property
    def openings(self) -> tuple[int, ...]:
        """The bytes at which it begins, or a part of it, or code that it belongs to."""

    @property
    def outer(self) -> "PlacedLiteral | None":
        """The literal that it is nested in."""


class UnreadSpot(NamedTuple):
    """A place that was not read, as suppressions need it; its length is unknown."""

    place: Span
    extent: Span
    openings: tuple[int, ...]
    outer: PlacedLiteral | None


@dataclass
class Directive:
    """A suppression in a comment."""

    comment: Comment
    reach: Reach = Reach.IGNORE
    rules: dict[str, str] = field(default_factory=dict)
    """Codes, each with its spelling: a code or a name."""
    unknown: dict[str, str] = field(default_factory=dict)
    """Unknown rules as written, each with a message."""
    ends: dict[str, int] = field(default_factory=dict)
    """For `disable`, the byte of the file where each code is enabled again."""
    lines: range = range(0)
    """Lines of the file, for `ignore` and `ignore-next-line`."""
    problem: str = ""
    """Why it cannot suppress anything."""
    is_beside: bool = False
    """For `ignore`, whether prompts have a line in common with it: then it is about these."""
    used: set[str] = field(default_factory=set)
    """Codes that it suppressed."""
    closes: dict[str, list["Directive"]] = field(default_factory=dict)
    """For `enable`, what suppresses each code up to here."""

    def codes_for(self, literal: PlacedLiteral, lines: LineIndex) -> set[str]:
        """Return the codes to suppress for a prompt."""
        place = literal.place
        if self.reach is Reach.DISABLE:
            behind = self.comment.end <= place.start
            return {code for code, end in self.ends.items() if behind and place.start < end}
        return set(self.rules) if self._covers(literal, lines) else set()

    def reach_in(self, lines: LineIndex) -> Span | None:
        """Return the byte range of the file in which it applies; None if it applies nowhere."""
        match self.reach:
            case Reach.FILE:
                first, last = 1, lines.count
            case Reach.DISABLE:
                return Span(self.comment.end, max(self.ends.values(), default=self.comment.end))
            case Reach.ENABLE:
                return None
            case _:
                first, last = self.lines[0], min(self.lines[-1], lines.count)
        return Span(lines.span_of(first).start, lines.span_of(last).end) if first <= last else None

    def is_used(self, code: str) -> bool:
        """Return whether it suppressed a code, or ends a directive that did."""
        return code in self.used or any(code in each.used for each in self.closes.get(code, ()))

    def _covers(self, literal: PlacedLiteral, lines: LineIndex) -> bool:
        if self.reach not in (Reach.IGNORE, Reach.NEXT_LINE):
            return self.reach is Reach.FILE
        if self.reach is Reach.IGNORE and _meet(self.lines, _lines_of(literal.place, lines)):
            return True
        if any(lines.line_of(at) in self.lines for at in literal.openings) and not self.is_beside:
            return True
        around: PlacedLiteral | None = None if self.is_beside else literal
        while around and not self._is_on(around, lines):
            around = around.outer
        return around is not None

    def _is_on(self, around: PlacedLiteral, lines: LineIndex) -> bool:
        """Return whether it stands next to a literal, on a line of the code that holds this."""
        if around.place.start < self.comment.start < around.place.end:
            return False
        if self.reach is Reach.IGNORE and _meet(self.lines, _lines_of(around.extent, lines)):
            return True
        return any(lines.line_of(at) in self.lines for at in around.openings)


def code_of(word: str) -> str:
    """Return the code for a word of a suppression; raises `ConfigError` if it is no rule."""
    return word if word == UNREAD else find_rule(word).code


def unread_spot(start: int, around: PlacedLiteral | None) -> UnreadSpot:
    """Return the place at a byte, in the literal that contains it."""
    here = Span(start, start + 1)
    return UnreadSpot(here, here, (start,), around)


def passing(
    spot: UnreadSpot,
    directives: Iterable[Directive],
    suppressions: Iterable[Suppression],
    lines: LineIndex,
) -> list[Directive | Suppression]:
    """Return what suppresses that a place was not read."""
    line = lines.line_of(spot.place.start)
    return [
        *(each for each in directives if UNREAD in each.codes_for(spot, lines)),
        *(each for each in suppressions if UNREAD in each.rules and each.at == line),
    ]


def judged(settings: Settings) -> frozenset[str]:
    """Return the codes of which an unused suppression is one in vain."""
    return selected(settings.select, settings.ignore) | {UNREAD}


def settle(directives: Iterable[Directive], prompts: Iterable[Span], lines: LineIndex) -> None:
    """Note which comments have a line in common with some of the prompts, by their places."""
    taken = {line for place in prompts for line in _lines_of(place, lines)}
    for directive in directives:
        if directive.reach is Reach.IGNORE:
            directive.is_beside = not taken.isdisjoint(directive.lines)


def _lines_of(place: Span, lines: LineIndex) -> range:
    return range(lines.line_of(place.start), lines.line_of(max(place.start, place.end - 1)) + 1)


def _meet(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop


def directives(
    comments: Sequence[Comment], data: bytes, lines: LineIndex, *, require_reason: bool
) -> list[Directive]:
    """Return the suppressions in a file's comments, in order."""
    directives_read = [
        _read(own, require_reason) for comment in comments if (own := _own_part(comment, data))
    ]
    alone = _lines_of_comments(comments, data, lines)
    for number, directive in enumerate(directives_read):
        directive.lines = _lines_of(Span(*directive.comment[:2]), lines)
        if directive.reach is Reach.NEXT_LINE:
            target = directive.lines.stop
            while target in alone:
                target += 1
            directive.lines = range(
                target, target + (2 if _opens_fence(data, lines, target) else 1)
            )
        elif directive.reach is Reach.DISABLE:
            later = directives_read[number + 1 :]
            directive.ends = {
                code: _enabled(code, directive, later, len(data)) for code in directive.rules
            }
    return directives_read


def _own_part(comment: Comment, data: bytes) -> Comment | None:
    """Return the part of a comment that is for flaglift; it may follow those of other tools."""
    if comment.text.startswith("flaglift:"):
        return comment
    behind = _BEHIND_OTHERS.match(comment.text)
    own = behind and data.rfind(behind["own"].encode(), comment.start, comment.end)
    if not behind or not own or own < 0:
        return None
    return Comment(own, comment.end, behind["text"].strip())


def _read(comment: Comment, require_reason: bool) -> Directive:
    match = _DIRECTIVE.fullmatch(comment.text)
    if not match:
        words = "`flaglift: ignore[FL402] reason`, or `ignore-next-line`, `disable`, `enable`"
        return Directive(comment, problem=f"it cannot be read: write {words} or `file-ignore`")
    directive = Directive(comment, Reach(match[1]))
    for word in filter(None, (word.strip() for word in match[2].split(","))):
        try:
            directive.rules[code_of(word)] = word
        except ConfigError as error:
            directive.unknown[word] = str(error)
    if not directive.rules and not directive.unknown:
        directive.problem = "it names no rule: write codes or names between the brackets"
    elif require_reason and directive.reach is not Reach.ENABLE and not match[3].strip(" -:—–"):
        directive.problem = "it gives no reason, which `require-reason` asks for: add one after it"
        directive.rules.clear()
    return directive


def _lines_of_comments(comments: Iterable[Comment], data: bytes, lines: LineIndex) -> set[int]:
    """Return the lines that contain only comments."""
    taken: set[int] = set()
    for start, end, _ in comments:
        own = _lines_of(Span(start, end), lines)
        before = data[lines.span_of(own[0]).start : start]
        after = data[end : lines.span_of(own[-1]).end]
        if not before.strip() and not after.strip():
            taken.update(own)
    return taken


def _opens_fence(data: bytes, lines: LineIndex, line: int) -> bool:
    """Return whether a line opens a fenced block of Markdown; it is not part of the block."""
    return line <= lines.count and _FENCE.match(data, lines.span_of(line).start) is not None


def _enabled(code: str, disabling: Directive, later: Iterable[Directive], end: int) -> int:
    """Return where a code is enabled again."""
    for other in later:
        if other.reach is Reach.ENABLE and code in other.rules:
            other.closes.setdefault(code, []).append(disabling)
            return other.comment.start
    return end
