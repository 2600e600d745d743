"""Unused suppressions of a configuration: reported, and removed."""

import os
import re
import tomllib
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from flaglift.check.configuration import Configuration
from flaglift.check.file_settings import READERS, Suppression
from flaglift.check.job import Unused
from flaglift.check.reading import read_named
from flaglift.check.unused import finding
from flaglift.check.writing import ChangedMeanwhileError, write_file
from flaglift.diagnostics import Diagnostic
from flaglift.linting.engine import selected
from flaglift.lossless.spans import Span
from flaglift.report.places import LineIndex
from flaglift.report.record import LocatedFinding, record_at
from flaglift.rules import UNUSED_SUPPRESSION

_HEADER = re.compile(
    rb"^[ \t]*\[\[[ \t]*(?:tool\.flaglift\.)?suppressions[ \t]*\]\][^\n]*\n?", re.MULTILINE
)
_MOST_TRIES = 10
_NEXT = re.compile(rb"^[ \t]*\[", re.MULTILINE)


def unused_records(unused: Iterable[Unused]) -> Iterator[LocatedFinding]:
    """Yield one record for each rule that a configuration suppresses needlessly."""
    for suppression, rules in unused:
        whole = len(rules) == len(suppression.rules) and bool(_blocks(_read(suppression.source)))
        for rule in rules:
            path = _shown(suppression.path)
            message = f"{rule} is suppressed for {path} and reports nothing there"
            yield _record(suppression, finding(f"{message}; remove it", fixable=whole))


def lost_records(configurations: Iterable[Configuration]) -> Iterator[LocatedFinding]:
    """Yield a record for each suppression of a configuration for a file that is not there.

    It is not removed: a file may be missing for a while, as in a sparse checkout.
    """
    for settings, files, _ in configurations:
        if UNUSED_SUPPRESSION.code in selected(settings.select, settings.ignore):
            for each in files.suppressions:
                if not os.path.lexists(each.path):
                    message = (
                        f"there is no file {_shown(each.path)}; correct the path, or remove it"
                    )
                    yield _record(each, finding(message, fixable=False))


def _record(suppression: Suppression, said: Diagnostic) -> LocatedFinding:
    """Return a finding at the first line of a suppression."""
    data = _read(suppression.source)
    lines, blocks = LineIndex(data), _blocks(data)
    place = blocks[suppression.number] if suppression.number < len(blocks) else Span(0, 0)
    start, end = place.start, place.start + len(data[place.start : place.end].split(b"\n")[0])
    return record_at(_shown(str(suppression.source)), lines, Span(start, end), said)


def take_out(unused: Iterable[Unused]) -> int:
    """Remove suppressions whose rules report nothing from their files; return how many.

    Rereading the file proves that the meaning of the rest is unchanged. Raises
    `InputError` if a file cannot be written.
    """
    idle: dict[Path, set[Suppression]] = {}
    for suppression, rules in unused:
        if rules == suppression.rules:
            idle.setdefault(suppression.source, set()).add(suppression._replace(number=0))
    return sum(_retried(path, each) for path, each in idle.items())


def _retried(path: Path, idle: Collection[Suppression]) -> int:
    """Retry if another process removed its own meanwhile, as batches of a hook do."""
    for _ in range(_MOST_TRIES):
        with suppress(ChangedMeanwhileError):
            return _take_out(path, idle)
    return 0


def _take_out(path: Path, idle: Collection[Suppression]) -> int:
    raw = _read(path)
    document = tomllib.loads(raw.decode("utf-8-sig"))
    table = document if path.name != "pyproject.toml" else document["tool"]["flaglift"]
    # By content: another process may have removed some since they were read.
    there = READERS["suppressions"](table.get("suppressions", []), "suppressions", path)
    numbers = [each.number for each in there if each._replace(number=0) in idle]
    blocks = _blocks(raw)
    if not numbers or len(blocks) != len(there):
        return 0
    new = raw
    for number in reversed(numbers):
        start, end = blocks[number]
        new = new[:start] + new[end:]
    table["suppressions"] = [
        each for i, each in enumerate(table["suppressions"]) if i not in numbers
    ]
    try:
        as_intended = _pruned(tomllib.loads(new.decode("utf-8-sig"))) == _pruned(document)
    except ValueError:
        as_intended = False
    if not as_intended:
        return 0
    write_file(str(path), new, instead_of=raw)
    return len(numbers)


def _blocks(data: bytes) -> list[Span]:
    """Return the bytes of each suppression's table, up to its last key and blank lines after it.

    Comments below that belong to what follows.
    """
    blocks = []
    for header in _HEADER.finditer(data):
        following = _NEXT.search(data, header.end())
        stop = following.start() if following else len(data)
        end = position = header.end()
        for line in data[position:stop].splitlines(keepends=True):
            position += len(line)
            if not line.strip().startswith(b"#") and (line.strip() or end == position - len(line)):
                end = position
        blocks.append(Span(header.start(), end))
    return blocks


def _pruned(value: Any) -> Any:
    """Return a document without empty tables and lists."""
    if isinstance(value, dict):
        pruned = {key: _pruned(each) for key, each in value.items()}
        return {key: each for key, each in pruned.items() if each not in ({}, [])}
    return value


def _read(path: Path) -> bytes:
    return read_named(str(path)) or b""


def _shown(path: str) -> str:
    shown = os.path.relpath(path)
    return path if shown.startswith(os.pardir) else shown
