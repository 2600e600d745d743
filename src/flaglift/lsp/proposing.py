"""The changes that are offered for a document: fixes, moves to fields, suppression comments."""

import json
import os
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from flaglift.check.directives import judged
from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.checking import only_made_fixes
from flaglift.check.hosts.edits import apply
from flaglift.check.hosts.pieces import ByteEdit
from flaglift.check.hosts.rewriting import edits_of_each
from flaglift.check.inspecting import MOVED, proposal
from flaglift.check.unused import removal, unused_codes
from flaglift.diagnostics import Applicability, Fix
from flaglift.lsp.dividing import PartReader
from flaglift.lsp.parts import DocumentFinding, DocumentPrompt
from flaglift.lsp.reading import DocumentReading, read_document, suppressed
from flaglift.rules import UNUSED_SUPPRESSION

_MOST_PROMPTS = 20
"""The most prompts in a selection to make proposals for: each proposal must be proved."""

_SAID = {Applicability.SAFE: "safe fix", Applicability.UNSAFE: "unsafe fix"}

_HASH, _SLASHES, _DASHES, _MARKUP = "# {}", "// {}", "-- {}", "<!-- {} -->"
_COMMENTS = {
    "python": _HASH, "yaml": _HASH, "toml": _HASH, "ruby": _HASH, "bash": _HASH,
    "javascript": _SLASHES, "typescript": _SLASHES, "tsx": _SLASHES, "php": _SLASHES,
    "go": _SLASHES, "env": _HASH, "http": _HASH, "mdx": "{{/* {} */}}",
    "sql": _DASHES,
    "html": _MARKUP, "vue": _MARKUP, "svelte": _MARKUP, "markdown": _MARKUP,
}  # fmt: skip
"""The comment syntax of each host that has comments."""


class Proposal(NamedTuple):
    """A change of a document that resolves a finding."""

    about: DocumentFinding
    title: str
    is_safe: bool
    is_move: bool
    edits: Sequence[ByteEdit]


def proposals(reading: DocumentReading, about: Sequence[DocumentFinding]) -> Iterator[Proposal]:
    """Yield the possible fixes of findings, each proved by reading the document again."""
    if reading.host is None:
        return
    prompts = list({id(each.prompt): each.prompt for each in about if each.prompt}.values())
    made = [item for prompt in prompts[:_MOST_PROMPTS] for item in _made(reading, prompt, about)]
    all_edits = edits_of_each(reading.data, reading.host, [change for _, _, change in made])
    for (each, fix, _), edits in zip(made, all_edits, strict=True):
        if edits:
            title = f"{fix.title} ({_SAID[fix.applicability]})"
            safe = fix.applicability is Applicability.SAFE
            yield Proposal(each, title, safe, each.finding.code == MOVED, edits)
    yield from _removals(reading, about)


def _made(
    reading: DocumentReading, prompt: DocumentPrompt, about: Sequence[DocumentFinding]
) -> Iterator[tuple[DocumentFinding, Fix, LiteralChange]]:
    """Yield the results of fixing the findings of one prompt."""
    literal, job = prompt.literal, reading.job
    own = [each for each in about if each.prompt is prompt]
    findings = only_made_fixes(
        literal,
        [each.finding for each in own],
        job.settings,
        suppressed(prompt, reading, reading.directives),
    )
    for each, finding in zip(own, findings, strict=True):
        said = proposal(literal, finding, job)
        fix, change = said.finding.fix, said.change
        if change and fix and fix.applicability in _SAID:
            yield each, fix, change


def _removals(reading: DocumentReading, about: Sequence[DocumentFinding]) -> Iterator[Proposal]:
    """Yield the edits that remove suppressions without effect."""
    codes = judged(reading.job.settings)
    for each in about:
        if each.finding.code != UNUSED_SUPPRESSION.code or not each.finding.fix:
            continue
        for directive in reading.directives:
            if directive.comment.start == each.span.start:
                unused = unused_codes(directive, codes)
                edit = removal(directive, unused, reading.data, reading.lines)
                if edit:
                    yield Proposal(each, "remove it (safe fix)", True, False, [edit])


def comment_against(reading: DocumentReading, about: DocumentFinding) -> ByteEdit | None:
    """Return the edit that adds a comment which suppresses a finding, and nothing else.

    None if the host has no comments, or none can be placed there.
    """
    if about.prompt is None:
        return None
    hosts = about.prompt.literal.hosts
    cell = hosts[0] == "notebook"
    style = _COMMENTS.get(hosts[1] if cell else hosts[0])
    if style is None:
        return None
    code = about.finding.code
    why = " say why" if reading.job.require_reason else ""
    enclosure = about.prompt.enclosure
    while enclosure.outer and (enclosure.outer.outer or not cell):
        enclosure = enclosure.outer
    lines, data = reading.lines, reading.data
    number = lines.line_of(enclosure.extent.start)
    line, before = lines.span_of(number), lines.span_of(max(1, number - 1))
    text = data[line.start : line.end]
    indent = text[: len(text) - len(text.lstrip(b' \t"' if cell else b" \t"))]
    end = b'\\n",\n' if cell else b"\r\n" if text.endswith(b"\r\n") else b"\n"
    above = style.format(f"flaglift: ignore-next-line[{code}]{why}").encode()
    last = lines.span_of(lines.line_of(max(enclosure.place.start, enclosure.place.end - 1)))
    after = last.start + len(_content(data[last.start : last.end], cell=cell))
    behind = style.format(f"flaglift: ignore[{code}]{why}").encode()
    edits = [
        ByteEdit(line.start, line.start, indent + above + end),
        ByteEdit(before.start, before.start, above + end),  # a code fence begins there
        ByteEdit(after, after, b"  " + behind),
    ]
    if _content(data[before.start : before.end], cell=cell).endswith(b"\\"):
        del edits[:2]  # the line is continued, and a comment would become a part of it
    return next((edit for edit in edits if _suppresses_only(reading, about, edit)), None)


def _content(line: bytes, *, cell: bool) -> bytes:
    """Return a line without its end; in a notebook cell, without the end inside its string."""
    line = line.rstrip(b"\r\n")
    ends = (b",", b'"', b"\\n", b"\\r") if cell else ()
    for end in ends:
        line = line.removesuffix(end)
    return line


def _suppresses_only(reading: DocumentReading, about: DocumentFinding, edit: ByteEdit) -> bool:
    """Return whether an edit removes this finding and changes no other."""
    job = replace(reading.job, raw=apply(reading.data, [edit]))
    parts = reading.parts
    reader = PartReader(job.settings, parts.accepted if parts else ())
    after = read_document(job, reader, parts)
    if [p.facts.fingerprint for p in after.prompts] != [
        p.facts.fingerprint for p in reading.prompts
    ]:
        return False
    gone, new = _said(reading), _said(after)
    both = gone & new
    return not new - both and set(gone - both) == {_identity(about)}


def _said(reading: DocumentReading) -> Counter[tuple[str, str]]:
    return Counter(_identity(each) for each in reading.findings)


def _identity(about: DocumentFinding) -> tuple[str, str]:
    return about.prompt.facts.fingerprint if about.prompt else "", about.finding.code


def suppression_in(source: Path, text: str, path: str, about: DocumentFinding) -> str | None:
    """Return the text to append to a configuration in order to suppress a finding."""
    if about.prompt is None:
        return None
    table = "tool.flaglift.suppressions" if source.name == "pyproject.toml" else "suppressions"
    shown = Path(os.path.relpath(path, source.parent)).as_posix()
    added = (
        f"\n[[{table}]]\n"
        f"path = {json.dumps(shown)}\n"
        f'prompt = "{about.prompt.facts.fingerprint}"\n'
        f'rules = ["{about.finding.code}"]\n'
        'reason = "say why"\n'
    )
    added = added if text.endswith("\n") or not text else "\n" + added
    try:
        tomllib.loads(text + added)
    except ValueError:  # the configuration has them in a different form
        return None
    return added
