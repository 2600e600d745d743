"""What a rule says about a prompt, and the change it proposes."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Any

from flaglift.lossless.spans import Edit, Span


class Severity(StrEnum):
    """How bad it is. The exit code counts from warnings on, unless asked otherwise."""

    ERROR = "error"
    """The prompt cannot do what it says."""
    WARNING = "warning"
    """It does something else than it seems to, certainly or probably."""
    INFO = "info"
    """Worth knowing; nothing is wrong."""

    @property
    def rank(self) -> int:
        """Return 0 for the worst, and one more for each step down."""
        return list(Severity).index(self)


class Applicability(StrEnum):
    """Who may apply a fix."""

    SAFE = "safe"
    """Anyone: the prompt translates into the same fields before and after."""
    UNSAFE = "unsafe"
    """The user, by asking for it: the fields change, to what was probably meant."""
    DISPLAY_ONLY = "display-only"
    """Nobody: shown as a proposal, because the text alone cannot hold the change."""


@dataclass(frozen=True, slots=True, eq=False)
class Fix:
    """Edits that belong together, and what they do, in a few words."""

    title: str
    applicability: Applicability
    edits: tuple[Edit, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the fix as JSON-ready values; positions in code points."""
        return {
            "title": self.title,
            "applicability": self.applicability.value,
            "edits": [edit._asdict() for edit in self.edits],
        }

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fix) and _content(self) == _content(other)

    def __hash__(self) -> int:
        return hash(_content(self))


def _content(fix: Fix) -> tuple[str, Applicability, tuple[Edit, ...]]:
    return fix.title, fix.applicability, fix.edits


class PendingFix(Fix):
    """A fix whose title and edits are made when they are first asked for: most never are."""

    def __init__(
        self, applicability: Applicability, make: Callable[..., Fix], *arguments: Any
    ) -> None:
        object.__setattr__(self, "applicability", applicability)
        self.__dict__["_source"] = make, arguments

    @cached_property
    def _fix(self) -> Fix:
        make, arguments = self.__dict__["_source"]
        made: Fix = make(*arguments)
        return made

    @property
    def title(self) -> str:
        """What it does, in a few words."""
        return self._fix.title

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that belong together."""
        return self._fix.edits

    def __repr__(self) -> str:
        return repr(self._fix)

    def __reduce__(self) -> tuple[Any, ...]:
        return Fix, _content(self)


@dataclass(frozen=True, order=True, init=False)
class Diagnostic:
    """One finding. Findings sort by place, then code."""

    start: int
    """First code point of what it is about."""
    end: int
    """The code point after the last one."""
    code: str
    """`FL` and three digits."""
    rule: str
    """The rule's name."""
    message: str = field(compare=False)
    """One sentence: what is the matter, and what happens because of it."""
    severity: Severity = field(compare=False)
    fix: Fix | None = field(compare=False)
    refuses: bool = field(compare=False)
    """Whether the prompt is not translated because of it."""

    def __init__(  # noqa: PLR0913, PLR0917 (the fields)
        self,
        start: int,
        end: int,
        code: str,
        rule: str,
        message: str,
        severity: Severity,
        fix: Fix | None = None,
        refuses: bool = False,
    ) -> None:
        # Written out, because what a frozen dataclass makes takes three times as long.
        held = self.__dict__
        held["start"] = start
        held["end"] = end
        held["code"] = code
        held["rule"] = rule
        held["message"] = message
        held["severity"] = severity
        held["fix"] = fix
        held["refuses"] = refuses

    def __getattr__(self, name: str) -> Any:
        # Only asked for what is not there yet.
        make = self.__dict__.get(f"_make_{name}")
        if make is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        made = self.__dict__[name] = make(self)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        values = self.start, self.end, self.code, self.rule, self.message
        return Diagnostic, (*values, self.severity, self.fix, self.refuses)

    @classmethod
    def of(cls, held: dict[str, Any]) -> "Diagnostic":
        """Return a finding that holds these attributes.

        `_make_fix` and `_make_message` in place of the fix and the message are called with the
        finding when these are first asked for.
        """
        finding = object.__new__(cls)
        object.__setattr__(finding, "__dict__", held)
        return finding

    def moved(self, start: int, end: int) -> "Diagnostic":
        """Return the same finding about another place, without a fix."""
        return Diagnostic.of({**self.__dict__, "start": start, "end": end, "fix": None})

    @property
    def span(self) -> Span:
        """What it is about."""
        return Span(self.start, self.end)

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as JSON-ready values; positions in code points."""
        return {
            "code": self.code,
            "rule": self.rule,
            "severity": self.severity.value,
            "message": self.message,
            "start": self.start,
            "end": self.end,
            "fix": self.fix.to_dict() if self.fix else None,
        }


PLACE = attrgetter("start", "end", "code", "rule")
"""The key that sorts findings as they sort by themselves, and sooner."""
