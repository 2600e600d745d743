"""What a configuration says about files, as values."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from flaglift.check.patterns import Patterns

LARGEST = 10_000_000
"""Bytes of the largest file that is read, unless configured."""


class Suppression(NamedTuple):
    """Rules that are let pass for one prompt of a file, for hosts without comments."""

    source: Path
    """The configuration file."""
    number: int
    """Which of the file's suppressions it is, from 0."""
    path: str
    """The file, absolute."""
    at: str | int | None
    """The JSON pointer to the prompt, or the line that it begins in; None for any place."""
    prompt: str | None
    """The prompt's fingerprint; None for any prompt."""
    rules: tuple[str, ...]
    """Codes or names."""
    reason: str


@dataclass(frozen=True)
class FileSettings:
    """The keys of a configuration that are about files."""

    exclude: Patterns | None = None
    force_exclude: bool = False
    """Whether `exclude` counts for files that the user names too."""
    per_file_ignores: tuple[tuple[Patterns, tuple[str, ...]], ...] = ()
    """Codes, beginnings of codes or names of rules not to run on the files matched."""
    hosts: tuple[tuple[Patterns, str], ...] = ()
    """How the files matched are read, whatever they are called."""
    max_file_size: int = LARGEST
    """In bytes."""
    baseline: Path | None = None
    require_reason: bool = False
    """Whether a suppression counts only if it says why it is there."""
    suppressions: tuple[Suppression, ...] = ()

    def ignores(self, path: str) -> tuple[str, ...]:
        """Return what is not to be run on a file, by its absolute path."""
        matching = [codes for patterns, codes in self.per_file_ignores if patterns.match(path)]
        return tuple(code for codes in matching for code in codes)

    def host(self, path: str) -> str | None:
        """Return the host that is configured for a file, by its absolute path; the last counts."""
        return next((name for patterns, name in self.hosts[::-1] if patterns.match(path)), None)

    def excludes(self, path: str) -> bool:
        """Tell whether a file, by its absolute path, is excluded."""
        return self.exclude is not None and self.exclude.match(path)
