"""What the workers are given and what they give back. It loads no parser."""

from dataclasses import dataclass, field

from flaglift.check.file_settings import Suppression
from flaglift.check.inspection import Inspection
from flaglift.check.walking import Problem
from flaglift.settings import Settings


@dataclass(frozen=True)
class Job:
    """A file to check, and how."""

    path: str
    """As it is opened; `-` is standard input."""
    shown: str
    """As it is shown."""
    raw: bytes = field(repr=False)
    """Its content."""
    host: str
    settings: Settings
    named: bool = False
    """Whether the user named it."""
    require_reason: bool = False
    suppressions: tuple[Suppression, ...] = ()
    """Those of the configuration that are about this file."""


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
class Outcome:
    """What became of a file."""

    job: Job
    inspection: Inspection = field(default_factory=Inspection)
    """Of the file as it is afterwards."""
    fixed: Fixed | None = None
    diff: str = ""
    output: bytes | None = None
    """The fixed content of standard input."""
    problem: Problem | None = None
