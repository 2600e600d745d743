"""Inspects one file: its prompts, its findings, its suppressions."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from flaglift.check.directives import UNREAD, Directive, code_of
from flaglift.check.document import FilePrompt, PromptFile
from flaglift.check.file_settings import Suppression
from flaglift.check.hosts.base import ByteEdit, Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal, only_made_fixes
from flaglift.check.hosts.edits import apply
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.rewriting import edits_of_each
from flaglift.check.hosts.unread import not_read
from flaglift.check.job import FileInspection, FileJob, Unused
from flaglift.check.unused import unused_records
from flaglift.diagnostics import Applicability, Diagnostic, Fix
from flaglift.lossless.spans import Edit, Span, apply_edits, difference
from flaglift.report.record import Frame, LocatedFinding, Replacement, record_at
from flaglift.rules import UNUSED_SUPPRESSION

MOVED = "FL001"
"""The rule whose fix, in structured files, moves the flags to fields next to the prompt."""


_Used = tuple[int, str]
"""The number of a suppression in the configuration, and a code that it suppressed."""


def inspect(document: PromptFile, *, replacements: bool = False) -> FileInspection:
    """Return the result of inspecting a file.

    With `replacements`, each record includes the changes that its fix makes to the file.
    """
    job = document.job
    result = FileInspection()
    used: set[_Used] = set()
    identities: dict[Literal, str] = {}
    located: list[_Found] = []
    for prompt in document.prompts():
        identities[prompt.literal] = prompt.fingerprint
        findings = lint_literal(prompt.literal, job.settings)
        for finding in only_made_fixes(prompt.literal, findings, job.settings, prompt.suppressing):
            suppressing = prompt.suppressing.get(finding.code, ())
            _mark(suppressing, finding.code, used)
            if not suppressing:
                located.append(_record(document, prompt, finding))
    missed = []
    for place, suppressing in document.unread():
        _mark(suppressing, UNREAD, used)
        if not suppressing:
            missed.append(place)
    if missed:
        result.unread = f"{document.lines.line_of(missed[0].start)}: {not_read(missed)}"
    result.records += (
        _with_replacements(document, located) if replacements else (record for record, _ in located)
    )
    if UNUSED_SUPPRESSION.code in document.judged:
        result.records += unused_records(
            document.directives, document.judged, job.shown, document.data, document.lines
        )
        result.unused = list(_unused(document, used))
    result.records.sort(key=lambda record: (record.region, record.finding))
    result.candidates = [
        document.describe(each, identities.get(each.literal)) for each in document.candidates
    ]
    return result


def _mark(suppressing: Iterable[Directive | Suppression], code: str, used: set[_Used]) -> None:
    """Note that these suppressed a code."""
    for each in suppressing:
        if isinstance(each, Suppression):
            used.add((each.number, code))
        else:
            each.used.add(code)


def _unused(document: PromptFile, used: Collection[_Used]) -> Iterator[Unused]:
    for suppression in document.job.suppressions:
        codes = {rule: code_of(rule) for rule in suppression.rules}
        idle = tuple(
            rule
            for rule, code in codes.items()
            if code in document.judged and (suppression.number, code) not in used
        )
        if idle:
            yield Unused(suppression, idle)


class ProposedFix(NamedTuple):
    """A finding with its fix for a file, and what that changes there."""

    finding: Diagnostic
    literal: Literal
    edits: Sequence[Edit] = ()
    move: LiteralChange | None = None

    @property
    def change(self) -> LiteralChange | None:
        """The change of the prompt; not made before, because it repeats the whole text."""
        if self.edits:
            return LiteralChange(self.literal, apply_edits(self.literal.text, self.edits))
        return self.move


_Found = tuple[LocatedFinding, ProposedFix]


def proposal(literal: Literal, finding: Diagnostic, job: FileJob) -> ProposedFix:
    """Return a finding with its fix for this file."""
    fix = finding.fix
    if fix is None:
        return ProposedFix(finding, literal)
    if literal.locked and fix.applicability is not Applicability.DISPLAY_ONLY:
        title = f"{fix.title} (not fixed: {literal.locked})"
        shown = Fix(title, Applicability.DISPLAY_ONLY, fix.edits)
        return ProposedFix(replace(finding, fix=shown), literal)
    move = _movable(literal, job) if finding.code == MOVED else ""
    if isinstance(move, LiteralChange):
        fields = ", ".join(f"{name}={value}" for name, value in move.fields.items())
        fix = Fix(f"move them to fields next to the prompt: {fields}", Applicability.UNSAFE, ())
        return ProposedFix(replace(finding, fix=fix), literal, move=move)
    if move:
        said = Fix(f"{fix.title} (not moved: {move})", fix.applicability, fix.edits)
        return ProposedFix(replace(finding, fix=said), literal)
    return ProposedFix(finding, literal, fix.edits)


def _record(document: PromptFile, prompt: FilePrompt, finding: Diagnostic) -> _Found:
    literal = prompt.literal
    proposed = proposal(literal, finding, document.job)
    finding = proposed.finding
    record = record_at(
        document.job.shown,
        document.lines,
        literal.locate(finding.span),
        finding,
        Frame(literal.text, finding.start, finding.end - finding.start, literal.holes),
        offset=document.lines.code_points(literal.locate(Span(0, 0)).start),
        fingerprint=prompt.fingerprint,
        host=" > ".join(literal.hosts),
        pointer=literal.pointer,
    )
    return record, proposed


def _with_replacements(
    document: PromptFile, findings: Sequence[_Found]
) -> Iterator[LocatedFinding]:
    """Yield records with the file changes of their fixes; without any if these are impossible."""
    changes = [proposed.change for _, proposed in findings]
    edits = iter(edits_of_each(document.data, document.host, [*filter(None, changes)]))
    for (record, _), change in zip(findings, changes, strict=True):
        made = next(edits) if change else ()
        yield replace(record, replacements=(_replacement(document, made),)) if made else record


def _replacement(document: PromptFile, edits: Sequence[ByteEdit]) -> Replacement:
    """Return edits of a file combined into one replacement, as small as possible."""
    first, last = edits[0].start, edits[-1].end
    moved = [edit._replace(start=edit.start - first, end=edit.end - first) for edit in edits]
    old = document.data[first:last]
    text = old.decode()
    start, end, content = difference(text, apply(old, moved).decode())
    begin = first + len(text[:start].encode())
    span = Span(begin, begin + len(text[start:end].encode()))
    return Replacement(document.lines.region(span), content)


def moved(literal: Literal, job: FileJob) -> LiteralChange | str:
    """Return the change that moves a prompt's flags to fields; a string says why there is none.

    The string is empty if there is no mapping to move them to. The change has not been proved yet.
    """
    if literal.locked or literal.siblings is None:
        return literal.locked
    return lift_literal(literal, job.settings, job.sent)


def _movable(literal: Literal, job: FileJob) -> LiteralChange | str:
    """Return that change, or why it cannot be made; the fields must have a place."""
    change = moved(literal, job)
    if isinstance(change, str) or literal.siblings is None:
        return change
    edits = literal.siblings.insert(change.fields)
    return edits if isinstance(edits, str) else change
