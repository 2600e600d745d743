"""Fixes the prompts of one file, and removes its unused suppressions."""

from collections.abc import Callable, Collection

from flaglift.check.document import FilePrompt, PromptFile
from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.inspecting import MOVED, inspect, moved
from flaglift.check.job import Fixed, Wanted
from flaglift.check.unused import without_unused
from flaglift.diagnostics import Applicability, Severity
from flaglift.rules import UNUSED_SUPPRESSION

_MOST_ROUNDS = 10
"""A limit that only fixes undoing each other would reach."""


def fix_file(file: PromptFile, wanted: Wanted) -> tuple[PromptFile, Fixed]:
    """Return a file with the wanted changes that can be proved; nothing else changes.

    A change may enable another one, so changed prompts are inspected again until
    nothing is left to do.
    """
    result = Fixed(file.data)
    notes: list[str] = []
    fixed: set[int] = set()
    moved: set[int] = set()
    todo: Collection[int] = range(len(file.candidates))
    renumbered = False
    steps = [(_fixed, fixed), (_moved, moved)] if wanted.moves else [(_fixed, fixed)]
    for _ in range(_MOST_ROUNDS):
        changed: set[int] = set()
        for make, done in steps:
            count = len(file.candidates)
            file, now = _rewritten(file, notes, wanted, make, todo)
            changed |= now
            if not renumbered or make is _moved:
                done.update(now)  # what is fixed later on was changed, and counted, before
            # A text without flags is no prompt any more, and a new field may be one.
            renumbered = renumbered or len(file.candidates) != count
            todo = range(len(file.candidates)) if renumbered else todo
        if not changed:
            break
        todo = todo if renumbered else changed
    result.fixed, result.moved = len(fixed - moved), len(moved)
    result.notes = list(dict.fromkeys(notes))
    result.data = file.data
    if file.directives and UNUSED_SUPPRESSION.code in file.judged:
        inspect(file)  # marks the used ones
        result.data, result.taken_out = without_unused(
            result.data, file.host, file.directives, file.judged
        )
    if result.data != file.data:
        file = PromptFile(result.data, file.host, file.job)
    return file, result


_Make = Callable[[FilePrompt, PromptFile, Wanted], LiteralChange | str]


def _rewritten(
    file: PromptFile, notes: list[str], wanted: Wanted, make: _Make, todo: Collection[int]
) -> tuple[PromptFile, set[int]]:
    """Return a file with some prompts changed, by number, and the numbers of those that differ.

    It is parsed again only if it differs.
    """
    changes: dict[int, LiteralChange] = {}
    for number, prompt in enumerate(file.prompts()):
        if number not in todo:
            continue
        made = make(prompt, file, wanted)
        if isinstance(made, LiteralChange):
            changes[number] = made
        elif made:
            notes.append(_note(file, prompt.literal, made))
    data, refused = rewrite(file.data, file.host, list(changes.values()))
    notes += [_note(file, each.change.literal, each.reason) for each in refused]
    if data == file.data:
        return file, set()
    left = {id(each.change) for each in refused}
    changed = {number for number, change in changes.items() if id(change) not in left}
    return PromptFile(data, file.host, file.job), changed


def _fixed(prompt: FilePrompt, document: PromptFile, wanted: Wanted) -> LiteralChange | str:
    literal = prompt.literal
    fixed = fix_literal(
        literal, document.job.settings, unsafe=wanted.unsafe, suppressed=_let_be(prompt, wanted)
    )
    return fixed.refused if fixed.text == literal.text else LiteralChange(literal, fixed.text)


def _moved(prompt: FilePrompt, document: PromptFile, wanted: Wanted) -> LiteralChange | str:
    if MOVED not in document.judged or MOVED in _let_be(prompt, wanted):
        return ""
    if _is_doubtful(prompt, document, wanted):
        return ""
    made = moved(prompt.literal, document.job)
    return made if isinstance(made, LiteralChange) else ""


def _is_doubtful(prompt: FilePrompt, document: PromptFile, wanted: Wanted) -> bool:
    """Return whether something has to be fixed before the flags are moved.

    With unsafe fixes on, that means something that one of them should have fixed but could not.
    """
    for finding in lint_literal(prompt.literal, document.job.settings):
        fixable = finding.fix and finding.fix.applicability is not Applicability.DISPLAY_ONLY
        serious = finding.severity is not Severity.INFO
        if serious and (fixable or not wanted.unsafe):
            return True
    return False


def _let_be(prompt: FilePrompt, wanted: Wanted) -> set[str]:
    """Return the codes whose fixes are not applied to a prompt."""
    accepted = {code for identity, code in wanted.accepted if identity == prompt.fingerprint}
    return accepted | set(prompt.suppressing)


def _note(document: PromptFile, literal: Literal, reason: str) -> str:
    line = document.lines.line_of(literal.place.start)
    return f"{document.job.shown}:{line}: not fixed: {reason}"
