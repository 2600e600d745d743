"""What the workers are given and what they give back. It loads no parser, so the cache can too."""

from dataclasses import dataclass, field
from typing import NamedTuple

from flaglift.check.file_settings import Suppression
from flaglift.report.candidates import CandidateReport
from flaglift.report.record import LocatedFinding
from flaglift.settings import Settings


class Unused(NamedTuple):
    """A suppression of the configuration, and those of its rules that report nothing."""

    suppression: Suppression
    rules: tuple[str, ...]
    """As they are written."""


@dataclass
class FileInspection:
    """What is to be said about a file."""

    records: list[LocatedFinding] = field(default_factory=list)
    candidates: list[CandidateReport] = field(default_factory=list)
    """Every candidate, taken for a prompt or not."""
    unused: list[Unused] = field(default_factory=list)
    """Suppressions of the configuration that suppress nothing here."""


@dataclass(frozen=True)
class FileJob:
    """A file to check, and how."""

    path: str
    """As it is opened; `-` is standard input."""
    shown: str
    """As it is shown."""
    raw: bytes = field(repr=False)
    """Its content."""
    host: str
    settings: Settings
    require_reason: bool = False
    suppressions: tuple[Suppression, ...] = ()
    """Those of the configuration that are about this file."""
    sent: tuple[str, ...] = ()
    """The places in the file whose fields are sent with them, by the configuration."""
    staged: bool = False
    """Whether it is what git would commit, which the file itself may not hold."""


@dataclass(frozen=True)
class Wanted:
    """Which changes to make."""

    safe: bool = False
    """Whether the safe fixes are made; without them, nothing is."""
    unsafe: bool = False
    moves: bool = False
    """Move flags to fields next to the prompt, where there is a place for them."""
    accepted: frozenset[tuple[str, str]] = frozenset()
    """Fingerprints with codes that the baseline holds: they are left alone."""


@dataclass(frozen=True)
class Task:
    """What is to be done with every file."""

    wanted: Wanted = Wanted()
    diff: bool = False
    """Show the changes, make none."""
    replacements: bool = False
    """Say of each finding what its fix changes in the file."""

    @property
    def changes(self) -> bool:
        """Whether files may change, or would."""
        return self.wanted.safe


@dataclass
class Fixed:
    """A file after fixing."""

    data: bytes
    fixed: int = 0
    """Prompts whose text was fixed."""
    moved: int = 0
    """Prompts whose flags were moved to fields."""
    taken_out: int = 0
    """Suppressions in comments that were taken out, or made shorter."""
    notes: list[str] = field(default_factory=list)
    """One sentence for each fix that is there and was not made."""


@dataclass
class FileOutcome:
    """What became of a file."""

    job: FileJob
    inspection: FileInspection = field(default_factory=FileInspection)
    """Of the file as it is afterwards."""
    fixed: Fixed | None = None
    is_unstaged: bool = False
    """Whether the file was rewritten, and git still holds what was staged of it before."""
    diff: str = ""
    output: bytes | None = None
    """The fixed content of standard input."""
    problem: str = ""
    """One sentence, with the path: why it was not checked, or not written."""
