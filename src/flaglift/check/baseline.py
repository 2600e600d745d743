"""The baseline: findings that a project accepts, by prompt and rule.

An entry is the fingerprint of a prompt's AST and a rule's code. So a prompt that is moved, copied
or re-quoted keeps its entry, and a fix and a regression elsewhere do not cancel out.
"""

import json
import os
import re
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flaglift.check.reading import read_named
from flaglift.check.unused import finding
from flaglift.errors import InputError, reason
from flaglift.files import read_regular
from flaglift.linting.engine import selected
from flaglift.lossless.spans import Span
from flaglift.report.escaping import as_json
from flaglift.report.paths import as_text
from flaglift.report.places import LineIndex
from flaglift.report.record import LocatedFinding, record_at
from flaglift.rules import UNUSED_SUPPRESSION
from flaglift.settings import Settings

DEFAULT_NAME = "flaglift-baseline.json"
_VERSION = 1
_LARGEST = 1 << 30
_BEGINNING = re.compile(rb"\s*+(?:\{\s*+\"version\"|\Z)")


class BaselineKey(NamedTuple):
    """The key of an entry."""

    prompt: str
    """The fingerprint."""
    code: str


@dataclass
class Baseline:
    """A baseline file's entries, each with its description when it was written."""

    entries: dict[BaselineKey, dict[str, Any]]

    @property
    def keys(self) -> frozenset[BaselineKey]:
        """The keys of the entries."""
        return frozenset(self.entries)

    def without(self, keys: Collection[BaselineKey]) -> "Baseline":
        """Return the baseline without some entries."""
        return Baseline({key: each for key, each in self.entries.items() if key not in keys})

    def text(self) -> str:
        """Return the file's content: one entry a line, in an order that changes little."""
        rows = [
            as_json({"prompt": key.prompt, "rule": key.code, **entry})
            for key, entry in sorted(self.entries.items())
        ]
        body = ",".join(f"\n    {row}" for row in rows)
        return f'{{\n  "version": {_VERSION},\n  "findings": [{body}\n  ]\n}}\n'


def key_of(record: LocatedFinding) -> BaselineKey:
    """Return the key of a baseline entry for a record."""
    return BaselineKey(record.fingerprint, record.finding.code)


def baseline_of(records: Iterable[LocatedFinding]) -> Baseline:
    """Return a baseline with the findings of prompts among these records."""
    entries: dict[BaselineKey, dict[str, Any]] = {}
    for record in records:
        if record.fingerprint:
            about = {"name": record.finding.rule, "path": as_text(record.path)}
            entries.setdefault(key_of(record), about)
    return Baseline(entries)


def read_baseline(path: Path) -> Baseline:
    """Return a baseline file's entries.

    Raises `InputError` if it cannot be read, or is not a baseline of this version.
    """
    try:
        document = json.loads(read_regular(path, _LARGEST))
    except OSError as error:
        hint = "; `flaglift baseline write` makes one" if not os.path.exists(path) else ""
        raise InputError(f"{path}: {reason(error)}{hint}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not valid JSON: {error}") from None
    wrong = InputError(f"{path}: is not a baseline of version {_VERSION}")
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise wrong
    entries = {}
    try:
        for each in document["findings"]:
            rest = {name: value for name, value in each.items() if name not in ("prompt", "rule")}
            entries[BaselineKey(str(each["prompt"]), str(each["rule"]))] = rest
    except (KeyError, TypeError, AttributeError):
        raise wrong from None
    return Baseline(entries)


def refuse_other_files(path: Path) -> None:
    """Raise `InputError` if a file is no baseline, not even one with conflicts of a merge.

    Where nothing can be read, writing it tells why.
    """
    with suppress(OSError):
        if not _BEGINNING.match(read_regular(path, _LARGEST)):
            raise InputError(
                f"{path}: is not a baseline, so it is not replaced; give the baseline a name of "
                "its own, or delete the file"
            )


def stale_records(
    path: Path, stale: Collection[BaselineKey], settings: Settings
) -> Iterator[LocatedFinding]:
    """Yield one record of FL901 for each entry that is stale, if its rule ran."""
    judged = selected(settings.select, settings.ignore)
    data = read_named(str(path)) or b""
    lines = LineIndex(data)
    for key in sorted(stale):
        if key.code in judged and UNUSED_SUPPRESSION.code in judged:
            message = (
                f"{key.code} is in the baseline for a prompt where nothing reports it any more; "
                "`flaglift baseline prune` removes it"
            )
            start = max(0, data.find(json.dumps(key.prompt).encode()))
            span = Span(start, start + len(key.prompt) + 2)
            said = finding(message, fixable=False)
            yield record_at(os.path.relpath(path), lines, span, said)
