"""The input and output of workers. Loads no parser, so that the cache can import it cheaply."""

from dataclasses import dataclass, field
from typing import NamedTuple

from flaglift.check.file_settings import Suppression
from flaglift.report.candidates import CandidateReport
from flaglift.report.record import LocatedFinding
from flaglift.settings import Settings


class Unused(NamedTuple):
    """A suppression in the configuration, and those of its rules that suppress no finding."""

    suppression: Suppression
    rules: tuple[str, ...]
    """As they are spelled there."""


@dataclass
class FileInspection:
    """The result of inspecting a file."""

    records: list[LocatedFinding] = field(default_factory=list)
    candidates: list[CandidateReport] = field(default_factory=list)
    """Every candidate, whether it is classified as a prompt or not."""
    unused: list[Unused] = field(default_factory=list)
    """The suppressions in the configuration that have no effect here."""
    unread: str = ""
    """The first line that was not read, with the reason and the number of such places."""


@dataclass(frozen=True)
class FileJob:
    """A file to check, and how."""

    path: str
    """As used to open it; `-` is standard input."""
    shown: str
    """As displayed."""
    raw: bytes = field(repr=False)
    """Its content."""
    host: str
    settings: Settings
    require_reason: bool = False
    suppressions: tuple[Suppression, ...] = ()
    """The suppressions in the configuration that apply to this file."""
    sent: tuple[str, ...] = ()
    """The places in the file that the configuration declares to be sent with their fields."""
    staged: bool = False
    """Whether it is the staged content, which the file itself may not match."""


@dataclass(frozen=True)
class Wanted:
    """Which changes to make."""

    safe: bool = False
    """Whether to make safe fixes; without them, no changes are made at all."""
    unsafe: bool = False
    moves: bool = False
    """Move flags to fields next to the prompt, if there is a place for them."""
    accepted: frozenset[tuple[str, str]] = frozenset()
    """Fingerprints with codes in the baseline: these findings are not fixed."""


@dataclass(frozen=True)
class Task:
    """What to do with every file."""

    wanted: Wanted = Wanted()
    diff: bool = False
    """Show the changes without making them."""
    replacements: bool = False
    """Add to each finding the changes that its fix makes to the file."""

    @property
    def changes(self) -> bool:
        """Whether files are changed, or would be."""
        return self.wanted.safe


@dataclass
class Fixed:
    """A file after fixing."""

    data: bytes
    fixed: int = 0
    """The number of prompts whose text was fixed."""
    moved: int = 0
    """The number of prompts whose flags were moved to fields."""
    taken_out: int = 0
    """The number of suppression comments that were removed or shortened."""
    notes: list[str] = field(default_factory=list)
    """One sentence for each available fix that was not made."""


@dataclass
class FileOutcome:
    """The result for a file."""

    job: FileJob
    inspection: FileInspection = field(default_factory=FileInspection)
    """The inspection of the file after any changes."""
    fixed: Fixed | None = None
    is_unstaged: bool = False
    """Whether the file was rewritten while git still has its earlier content staged."""
    diff: str = ""
    output: bytes | None = None
    """The fixed content of standard input."""
    problem: str = ""
    """One sentence, with the path, on why it was not checked, or not written."""
