"""What every rule is made of. A rule file imports this, and what it looks at."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Flag, auto
from typing import ClassVar

from flaglift.context import UNSTATED, Context
from flaglift.diagnostics import Applicability, Diagnostic, Fix, PendingFix, Severity
from flaglift.lossless.spans import Edit, Span
from flaglift.rules.subject import Subject
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax.prompt import Feature

__all__ = [
    "UNSTATED",
    "Applicability",
    "Context",
    "Diagnostic",
    "Edit",
    "Feature",
    "Fix",
    "Invalid",
    "Iterator",
    "PendingFix",
    "Reads",
    "Rule",
    "Settings",
    "Severity",
    "Span",
    "Subject",
    "Valid",
]


@dataclass(frozen=True, slots=True)
class Valid:
    """A prompt that the rule leaves alone, and why it does."""

    text: str
    why: str
    settings: Settings = DEFAULT
    context: Context = field(default_factory=Context)
    suppressed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Invalid:
    """A prompt that the rule reports, why, and what its first fix makes of it, if it has one."""

    text: str
    why: str
    fixed: str | None = None
    applicability: Applicability = Applicability.UNSAFE
    settings: Settings = DEFAULT
    context: Context = field(default_factory=Context)
    suppressed: tuple[str, ...] = ()


class Reads(Flag):
    """What a rule looks at, apart from the catalog and the settings.

    A prompt is examined by itself if a rule that runs on it reads the words of its body or of its
    quoted video prompt. All others share what is found out about the first prompt with the same
    flags (`flaglift.shapes`).
    """

    FLAGS = auto()
    """Which flags there are, how they are written, and whether there is any text."""
    FIRST = auto()
    """Which flag comes first: a finding is there, or is not shared. Whether there is one depends
    on other things."""
    ORDER = auto()
    """In which order the flags are. Prompts with the same flags in another one share nothing."""
    MODEL = auto()
    DURATION = auto()
    REQUEST = auto()
    """What the request holds besides the text."""
    BODY = auto()
    """The words that are not flags, and the blanks around them."""
    VALUE = auto()
    """The words of a quoted video prompt."""
    EVERYTHING = FLAGS | FIRST | ORDER | MODEL | DURATION | REQUEST | BODY | VALUE


class Rule(ABC):
    """One rule. Its docstring is its page; its examples are its tests."""

    code: ClassVar[str]
    """`FL` and three digits; the first says what it is about."""
    name: ClassVar[str]
    """The pattern it reports, as in "allow this"."""
    severity: ClassVar[Severity]
    """The usual severity; `report` may say another."""
    trigger: ClassVar[Feature]
    """The rule runs on prompts with any of these features."""
    reads: ClassVar[Reads] = Reads.EVERYTHING
    """What its findings depend on. Saying too much makes it slow, saying too little is a bug that
    the property tests of `shapes` find."""
    quotes: ClassVar[Reads] = Reads(0)
    """What the message of a finding shows, apart from what the rule reads."""
    refuses: ClassVar[bool] = False
    """Whether a finding keeps the prompt from being translated."""
    needs_request: ClassVar[bool] = False
    """Whether it looks only at prompts with a settings block, or whose request is known."""
    request_fields: ClassVar[tuple[str, ...]] = ()
    """The fields of a request that it looks at, apart from those of the prompt's flags and of its
    settings block."""
    once: ClassVar[bool] = False
    """Whether it looks at the whole prompt once, not at each segment of a keyframe prompt."""

    VALID: ClassVar[tuple[Valid, ...]]
    INVALID: ClassVar[tuple[Invalid, ...]]

    def reads_with(self, request: Context) -> Reads:  # noqa: ARG002
        """Return what its findings depend on where the request is known to hold this."""
        return self.reads

    @abstractmethod
    def check(self, subject: Subject) -> Iterable[Diagnostic]:
        """Yield what is to be said about the subject. Pure: no I/O, nothing changed."""

    def report(
        self,
        span: Span,
        message: str,
        *,
        fix: Fix | None = None,
        severity: Severity | None = None,
        refuses: bool | None = None,
    ) -> Diagnostic:
        """Return a finding of this rule."""
        return Diagnostic(
            start=span.start,
            end=span.end,
            code=self.code,
            rule=self.name,
            message=message,
            severity=severity or self.severity,
            fix=fix,
            refuses=self.refuses if refuses is None else refuses,
        )


def safe(title: str, *edits: Edit) -> Fix:
    """Return a fix that leaves the translated fields as they are."""
    return Fix(title, Applicability.SAFE, edits)


def unsafe(title: str, *edits: Edit) -> Fix:
    """Return a fix that changes what the service reads, to what was probably meant."""
    return Fix(title, Applicability.UNSAFE, edits)


def display_only(title: str, *edits: Edit) -> Fix:
    """Return a proposal that is shown and never applied."""
    return Fix(title, Applicability.DISPLAY_ONLY, edits)


MOST_SHOWN = 40
"""Code points of a value that a message shows."""


def excerpt(value: object) -> str:
    r"""Return a value as a message shows it: in one line, visible, and not too long.

    >>> excerpt("it sits"), excerpt("a\nb"), excerpt("x" * 50)
    ('it sits', 'a\\nb', 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…')
    """
    text = str(value)
    if len(text) > MOST_SHOWN:
        text = text[: MOST_SHOWN - 1] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def cents(price: Decimal | float) -> str:
    """Return a price as people write it.

    >>> from decimal import Decimal
    >>> cents(Decimal("19.60")), cents(Decimal(100))
    ('19.6 ¢', '100 ¢')
    """
    return f"{excerpt(f'{price:.2f}'.rstrip('0').rstrip('.'))} ¢"


def named(subject: Subject) -> str:
    """Return the model's name as a message begins with it, and what names it if no flag does."""
    name = f"`{excerpt(subject.named_model)}`" if subject.named_model else "an empty model name"
    return f"{name}, from {subject.model_origin}," if subject.model_origin else name
