"""FL901 for suppressions: finds those without effect, and the edits that remove them."""

import re
from collections.abc import Collection, Iterable, Iterator

from flaglift.check.directives import Directive, Reach
from flaglift.check.hosts.base import ByteEdit, Host
from flaglift.check.hosts.edits import apply
from flaglift.check.hosts.finding import leaves
from flaglift.diagnostics import Applicability, Diagnostic, Fix
from flaglift.lossless.spans import Span
from flaglift.report.places import LineIndex
from flaglift.report.record import LocatedFinding, Replacement, record_at
from flaglift.rules import UNUSED_SUPPRESSION

_BRACKETS = re.compile(rb"(flaglift:[^\[]*\[)([^\]]*)\]")
_MOST_READINGS = 200
"""How often a file is read to prove edits: hardly any file has one that changes its prompts."""
_VAIN = dict.fromkeys(Reach, "is suppressed here and reports nothing") | {
    Reach.ENABLE: "is enabled here and ends no suppression that is needed"
}
_TAKEN_OUT = Fix("remove it", Applicability.SAFE, ())


def finding(message: str, *, fixable: bool = True) -> Diagnostic:
    """Return a finding on a suppression; it has no place in a prompt."""
    fix = _TAKEN_OUT if fixable else None
    return UNUSED_SUPPRESSION.report(Span(0, 0), message, fix=fix)


def unused_codes(directive: Directive, judged: Collection[str]) -> list[str]:
    """Return the codes of a directive that suppressed no finding."""
    return sorted(
        code for code in directive.rules if code in judged and not directive.is_used(code)
    )


def unused_records(
    directives: Iterable[Directive],
    judged: Collection[str],
    path: str,
    data: bytes,
    lines: LineIndex,
) -> Iterator[LocatedFinding]:
    """Yield one record for each code that a directive cannot suppress, or suppresses in vain.

    `judged` are the codes of the rules that ran.
    """
    for directive in directives:
        place = Span(directive.comment.start, directive.comment.end)
        for sentence in (*directive.unknown.values(), directive.problem):
            if sentence:
                said = finding(f"this suppression has no effect: {sentence}", fixable=False)
                yield record_at(path, lines, place, said)
        unused = unused_codes(directive, judged)
        edit = removal(directive, unused, data, lines) if unused else None
        replacements = tuple(_replacements(edit, lines) if edit else ())
        for code in unused:
            message = f"{directive.rules[code]} {_VAIN[directive.reach]}; remove it"
            yield record_at(path, lines, place, finding(message), replacements=replacements)


def _replacements(edit: ByteEdit, lines: LineIndex) -> Iterator[Replacement]:
    yield Replacement(lines.region(Span(edit.start, edit.end)), edit.content.decode())


def removal(
    directive: Directive, unused: Collection[str], data: bytes, lines: LineIndex
) -> ByteEdit | None:
    """Return the edit that removes codes from a directive, or all of it if none is left.

    None if the comment is not contiguous in the file.
    """
    start, end, _ = directive.comment
    kept = [word for code, word in directive.rules.items() if code not in unused]
    kept += directive.unknown
    if kept:
        match = _BRACKETS.search(data, start, end)
        return ByteEdit(*match.span(2), ", ".join(kept).encode()) if match else None
    first, last = lines.line_of(start), lines.line_of(max(start, end - 1))
    line = Span(lines.span_of(first).start, lines.span_of(last).end)
    before, after = data[line.start : start], data[end : line.end]
    if not before.strip() and not after.strip():
        return ByteEdit(*line, b"")
    if not after.strip():
        start = line.start + len(before.rstrip(b" \t"))
    return ByteEdit(start, end, b"")


def without_unused(
    data: bytes, host: Host, directives: Iterable[Directive], judged: Collection[str]
) -> tuple[bytes, int]:
    """Return a file without its unneeded suppressions, and how many comments were changed.

    The edits are proved by reading the file again: the prompts must be the same. Where they are
    not, halves are tried, down to single edits; those that are not proved are not made.
    """
    lines = LineIndex(data)
    edits = {
        removal(directive, unused, data, lines)
        for directive in directives
        if (unused := unused_codes(directive, judged))
    }
    prompts = _texts(data, host)
    # The last ones of the file are made first, so that the places of the others still hold.
    waiting = [sorted(filter(None, edits))]
    count = 0
    for _ in range(_MOST_READINGS):
        if not waiting:
            break
        part = waiting.pop()
        new = apply(data, part)
        if _texts(new, host) == prompts:
            data = new
            count += len(part)
        elif len(part) > 1:
            half = len(part) // 2
            waiting += part[:half], part[half:]
    return data, count


def _texts(data: bytes, host: Host) -> list[str]:
    return [literal.text for literal in leaves(host.literals(data))]
