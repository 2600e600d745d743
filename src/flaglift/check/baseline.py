"""The baseline: findings that a project lives with, by prompt and rule.

An entry is the fingerprint of a prompt's AST and a rule's code. So a prompt that is moved, copied
or re-quoted keeps its entry, and a fix and a regression elsewhere do not cancel out.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from flaglift.errors import InputError, reason
from flaglift.report.record import Record

DEFAULT_NAME = "flaglift-baseline.json"
_VERSION = 1


class Key(NamedTuple):
    """What an entry is about."""

    prompt: str
    """The fingerprint."""
    code: str


@dataclass
class Baseline:
    """A baseline file's entries, each with what it was about when it was written."""

    entries: dict[Key, dict[str, Any]]

    @property
    def keys(self) -> frozenset[Key]:
        """What the entries are about."""
        return frozenset(self.entries)

    def without(self, keys: Collection[Key]) -> "Baseline":
        """Return the baseline less some entries."""
        return Baseline({key: each for key, each in self.entries.items() if key not in keys})

    def text(self) -> str:
        """Return the file's content: one entry a line, in an order that changes little."""
        rows = [
            json.dumps({"prompt": key.prompt, "rule": key.code, **entry}, ensure_ascii=False)
            for key, entry in sorted(self.entries.items())
        ]
        body = ",".join(f"\n    {row}" for row in rows)
        return f'{{\n  "version": {_VERSION},\n  "findings": [{body}\n  ]\n}}\n'


def key_of(record: Record) -> Key:
    """Return what a baseline entry for a record is about."""
    return Key(record.fingerprint, record.finding.code)


def baseline_of(records: Iterable[Record]) -> Baseline:
    """Return a baseline with the findings of prompts among these records."""
    entries: dict[Key, dict[str, Any]] = {}
    for record in records:
        if record.fingerprint:
            about = {"name": record.finding.rule, "path": record.path}
            entries.setdefault(key_of(record), about)
    return Baseline(entries)


def read_baseline(path: Path) -> Baseline:
    """Return a baseline file's entries.

    Raises `InputError` where it cannot be read, or is no baseline of this version.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        hint = "; `flaglift baseline write` makes one" if not path.exists() else ""
        raise InputError(f"{path}: {reason(error)}{hint}") from None
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON: {error}") from None
    wrong = InputError(f"{path}: is no baseline of version {_VERSION}")
    if not isinstance(document, dict) or document.get("version") != _VERSION:
        raise wrong
    entries = {}
    try:
        for each in document["findings"]:
            rest = {name: value for name, value in each.items() if name not in ("prompt", "rule")}
            entries[Key(str(each["prompt"]), str(each["rule"]))] = rest
    except (KeyError, TypeError, AttributeError):
        raise wrong from None
    return Baseline(entries)
