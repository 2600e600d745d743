"""Lints and fixes prompts, those with holes included.

The text of a prompt with holes is unknown, so it is read as each of several possible texts
(`readings`), and their findings are combined:

- findings of all of them are certain, and reported unchanged;
- findings of more than half of them are possible, and reported as a warning at most;
- all others are dropped, and so are findings about a hole itself, unless it is a number and the
  text next to it is the mistake (`{n}s`), and those that disappear once a hole contains the flags
  that the text lacks;
- a fix is applied only if it has the same result for every reading and touches no hole.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Any, NamedTuple

from flaglift.catalog import load_catalog
from flaglift.check.hosts.base import HOLE, Literal
from flaglift.check.hosts.holes import (
    MARK,
    FilledTemplate,
    is_number,
    may_end_flags,
    readings,
    template,
)
from flaglift.check.hosts.pieces import SEVERAL, PromptText
from flaglift.check.hosts.templates import PLACEHOLDER
from flaglift.context import UNSTATED, Context, stated
from flaglift.diagnostics import Applicability, Diagnostic, Fix, Severity
from flaglift.linting.engine import fields_beside, find_rule, selected
from flaglift.linting.fixing import FixResult
from flaglift.lossless.spans import Edit, Span
from flaglift.settings import Settings
from flaglift.shapes import shortcut_for


class FixedLiteral(NamedTuple):
    """A literal's text after fixing."""

    text: str
    """Decoded, with `HOLE` for each interpolation; unchanged if nothing is fixed."""
    unfixed: Collection[Diagnostic]
    """The remaining findings, with places in the text before fixing."""
    refused: str = ""
    """Why available fixes were not applied; empty if all were."""


def lint_literal(literal: Literal, settings: Settings) -> list[Diagnostic]:
    """Return the findings of a literal, sorted by place in its decoded text and code.

    Fields that stand next to the literal are part of the request. Raises as `flaglift.lint` does.
    """
    if literal.doubt:
        return _lint_each(literal, settings)
    context = _context_of(literal)
    if not literal.holes:
        return shortcut_for(settings, context).lint(literal.text, literal.prompt)
    read = readings(literal, load_catalog(settings.edition, settings.overlay))
    shortcut = shortcut_for(settings, context)
    said = [(each, shortcut.lint(each.text, each.prompt)) for each in read]
    needed = [{finding.code for finding in findings} for each, findings in said if each.complete]
    votes: dict[tuple[Span, str], list[tuple[FilledTemplate, Diagnostic]]] = defaultdict(list)
    for reading, findings in said:
        for finding in findings if not reading.complete else ():
            votes[reading.back(finding.start, finding.end), finding.code].append((reading, finding))
    plain = len(read) - len(needed)
    return sorted(
        _merged(literal, voters, certain=len(voters) >= plain)
        for (span, code), voters in votes.items()
        if 2 * len(voters) > plain
        and not (literal.touches_hole(span) and _is_about_hole(code, span.of(literal.text)))
        and all(code in codes for codes in needed)
    )


def _is_about_hole(code: str, place: str) -> bool:
    """Return whether a finding is about a hole in its place, not about a unit after a number."""
    return code != find_rule("malformed-duration").code or not is_number(place.strip('"'))


def _lint_each(literal: Literal, settings: Settings) -> list[Diagnostic]:
    """Return the possible findings of a literal that may not be a single prompt.

    Findings of each prompt that it may be are possible only, and have no fix.
    """
    parts = [literal.part(spans) for spans in literal.possible]
    findings = {
        _possible(finding, part.back(finding.span))
        for part in parts
        for finding in lint_literal(part.literal, settings)
    }
    rule = find_rule("repeated-flag")
    if literal.doubt == SEVERAL and rule.code in selected(settings.select, settings.ignore):
        message = (
            f"this may be {len(parts)} prompts, because flags are repeated after words of their"
            " own: nothing in it is fixed; give each prompt a string of its own"
        )
        findings.add(rule.report(literal.possible[1][0], message))
    return sorted(findings)


def _possible(finding: Diagnostic, place: Span) -> Diagnostic:
    """Return a possible finding: a warning at most, without a fix, at another place."""
    severity = Severity.WARNING if finding.severity is Severity.ERROR else finding.severity
    return replace(finding, start=place.start, end=place.end, severity=severity, fix=None)


def _merged(
    literal: Literal, voters: Sequence[tuple[FilledTemplate, Diagnostic]], *, certain: bool
) -> Diagnostic:
    """Merge the findings that several readings have in one place."""
    reading, finding = voters[0]
    message = _common([other.message for _, other in voters])
    if not message or MARK in message:
        message = _message(literal, reading, message or finding.message)
    severity = finding.severity
    if not certain and severity is Severity.ERROR:
        severity = Severity.WARNING
    start, end = reading.back(finding.start, finding.end)
    fixes = {_fix(each, other) for each, other in voters}
    return replace(
        finding,
        start=start,
        end=end,
        message=message,
        severity=severity,
        fix=fixes.pop() if len(fixes) == 1 else None,
    )


def _common(messages: Sequence[str]) -> str:
    """Return the clauses that all messages begin with; empty if there are none.

    >>> _common(["flags are old; it costs 10 ¢", "flags are old; it costs 39 ¢", "flags are old"])
    'flags are old'
    """
    columns = zip(*(message.split("; ") for message in messages), strict=False)
    return "; ".join(clauses[0] for clauses in takewhile(lambda each: len({*each}) == 1, columns))


def _message(literal: Literal, reading: FilledTemplate, message: str) -> str:
    """Return a message with holes spelled as in the file."""
    held = dict(reading.values)
    typed = [hole for hole in literal.holes if MARK not in held[hole.at]]
    marked = [hole for hole in literal.holes if hole not in typed]
    if len(marked) == 1:
        message = message.replace(MARK, marked[0].source)
    message = message.replace(MARK, "…")
    given = ", ".join(f"{hole.source} = {held[hole.at]}" for hole in typed)
    return f"with {given}: {message}" if given else message


def _fix(reading: FilledTemplate, finding: Diagnostic) -> Fix | None:
    """Return a finding's fix in template positions; None if it touches a hole."""
    if finding.fix is None:
        return None
    edits = []
    holes = {at for at, _ in reading.values}
    for edit in finding.fix.edits:
        start, end = reading.back(edit.start, edit.end)
        if holes.intersection(range(start, end)) or MARK in edit.content:
            return None
        edits.append(Edit(start, end, edit.content))
    return Fix(finding.fix.title, finding.fix.applicability, tuple(edits))


def fix_literal(
    literal: Literal,
    settings: Settings,
    *,
    unsafe: bool = False,
    suppressed: Collection[str] = (),
) -> FixedLiteral:
    """Return a literal's text with its fixes applied: the safe ones, with `unsafe` all.

    Findings of `suppressed` rules, by code or name, are left alone. Raises as `flaglift.fix` does.
    """
    if suppressed:
        settings = replace(settings, ignore=(*settings.ignore, *suppressed))
    context = _context_of(literal)
    if not literal.holes:
        result = _fix_body(literal, settings, context, unsafe=unsafe)
        return FixedLiteral(result.text + literal.tail, result.unfixed)
    fixable = [each for each in lint_literal(literal, settings) if each.fix]
    if not fixable:
        return FixedLiteral(literal.text, ())
    settings = replace(settings, select=tuple(each.code for each in fixable))
    texts = set()
    for reading in readings(literal, load_catalog(settings.edition, settings.overlay)):
        result = _fix_body(reading, settings, context, unsafe=unsafe)
        texts.add(template(reading, result.text + literal.tail))
    new = texts.pop()
    if texts or new is None or may_end_flags(literal.text):
        spelt = ", ".join(hole.source for hole in literal.holes)
        reason = f"the fix depends on the value of {spelt}"
        return FixedLiteral(literal.text, fixable, reason)
    left = (each.moved(*reading.back(*each.span)) for each in result.unfixed)
    return FixedLiteral(new, tuple(left))


def _fix_body(read: PromptText, settings: Settings, context: Context, *, unsafe: bool) -> FixResult:
    return shortcut_for(settings, context).fix(str(read.body), read.body, unsafe=unsafe)


def only_made_fixes(
    literal: Literal,
    findings: Sequence[Diagnostic],
    settings: Settings,
    suppressed: Collection[str] = (),
) -> list[Diagnostic]:
    """Return findings of a literal without the fixes that `fix_literal` does not apply."""
    kinds = {each.fix.applicability for each in findings if each.fix} - {Applicability.DISPLAY_ONLY}
    pending = {kind: _pending(literal, findings, settings, suppressed, kind) for kind in kinds}
    return [
        replace(each, fix=None)
        if each.fix and each in pending.get(each.fix.applicability, ())
        else each
        for each in findings
    ]


def _pending(
    literal: Literal,
    findings: Sequence[Diagnostic],
    settings: Settings,
    suppressed: Collection[str],
    kind: Applicability,
) -> Collection[Diagnostic]:
    """Return the findings with a fix of a kind that remain after `fix_literal`.

    The fix of another finding may change the text of one, so that it begins where it did but
    ends elsewhere. If it is still unclear which of several remain, all count as remaining.
    """
    unsafe = kind is Applicability.UNSAFE
    unfixed = fix_literal(literal, settings, unsafe=unsafe, suppressed=suppressed).unfixed
    places = {(each.code, each.start) for each in unfixed}
    offered = [each for each in findings if each.fix and each.fix.applicability is kind]
    pending = {each for each in offered if (each.code, each.start) in places}
    resolved = Counter(each.code for each in findings)
    resolved.subtract(each.code for each in unfixed)
    promised = Counter(each.code for each in offered if each not in pending)
    return pending | {each for each in offered if promised[each.code] > resolved[each.code]}


def request_of(literal: Literal) -> Context:
    """Return the values next to a literal; computed ones exist, but are unknown."""
    return Context({name: _known(value) for name, value in literal.beside.items()})


def _context_of(literal: Literal) -> Context:
    """Return the values next to a literal that matter to the rules."""
    request = request_of(literal)
    return replace(request, given=fields_beside(literal.text, request.given))


def _known(value: Any) -> Any:
    unknown = isinstance(value, str) and (HOLE in value or PLACEHOLDER.search(value))
    return UNSTATED if unknown else stated(value)
