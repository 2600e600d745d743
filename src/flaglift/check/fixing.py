"""Fixes the prompts of one file, and takes out its suppressions that suppress nothing."""

from collections.abc import Callable

from flaglift.check.document import FilePrompt, PromptFile
from flaglift.check.hosts.base import Change, Host, Literal
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.inspecting import MOVED, inspect, moved
from flaglift.check.job import FileJob, Fixed, Wanted
from flaglift.check.unused import without_unused
from flaglift.diagnostics import Severity
from flaglift.rules import UNUSED_SUPPRESSION


def fix_file(data: bytes, host: Host, job: FileJob, wanted: Wanted) -> Fixed:
    """Return a file with the changes wanted that can be proved; nothing else in it moves."""
    result = Fixed(data)
    document = PromptFile(data, host, job)
    document, result.fixed = _rewritten(document, result.notes, wanted, _fixed)
    if wanted.moves:
        document, result.moved = _rewritten(document, result.notes, wanted, _moved)
    result.data = document.data
    if document.directives and UNUSED_SUPPRESSION.code in document.judged:
        inspect(document)  # tells which are used
        result.data, result.taken_out = without_unused(
            result.data, host, document.directives, document.judged
        )
    return result


_Make = Callable[[FilePrompt, PromptFile, Wanted], Change | str]


def _rewritten(
    document: PromptFile, notes: list[str], wanted: Wanted, make: _Make
) -> tuple[PromptFile, int]:
    """Return a file with its prompts changed, and how many are others now.

    It is read again only if it is another one.
    """
    changes = []
    for prompt in document.prompts():
        made = make(prompt, document, wanted)
        if isinstance(made, Change):
            changes.append(made)
        elif made:
            notes.append(_note(document, prompt.literal, made))
    data, refused = rewrite(document.data, document.host, changes)
    notes += [_note(document, each.change.literal, each.reason) for each in refused]
    new = document if data == document.data else PromptFile(data, document.host, document.job)
    return new, len(changes) - len(refused)


def _fixed(prompt: FilePrompt, document: PromptFile, wanted: Wanted) -> Change | str:
    literal = prompt.literal
    fixed = fix_literal(
        literal, document.job.settings, unsafe=wanted.unsafe, suppressed=_let_be(prompt, wanted)
    )
    return fixed.refused if fixed.text == literal.text else Change(literal, fixed.text)


def _moved(prompt: FilePrompt, document: PromptFile, wanted: Wanted) -> Change | str:
    if MOVED not in document.judged or MOVED in _let_be(prompt, wanted):
        return ""
    if not wanted.unsafe and _is_doubtful(prompt.literal, document):
        return ""  # a fix that nobody asked for would come first
    made = moved(prompt.literal, document)
    return made if isinstance(made, Change) else ""


def _is_doubtful(literal: Literal, document: PromptFile) -> bool:
    found = lint_literal(literal, document.job.settings)
    return any(each.severity is not Severity.INFO for each in found)


def _let_be(prompt: FilePrompt, wanted: Wanted) -> set[str]:
    """Return the codes whose fixes are not made in a prompt."""
    accepted = {code for identity, code in wanted.accepted if identity == prompt.fingerprint}
    return accepted | set(prompt.suppressing)


def _note(document: PromptFile, literal: Literal, reason: str) -> str:
    line = document.lines.line_of(literal.place.start)
    return f"{document.job.shown}:{line}: not fixed: {reason}"
