"""Changes to a prompt before it is translated: renamed models, and fixes."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from flaglift.api import fix
from flaglift.context import Context
from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.lossless.spans import Edit, apply_edits
from flaglift.settings import Settings
from flaglift.syntax import Prompt
from flaglift.syntax.flags import FlagName
from flaglift.syntax.words import quote


@dataclass(frozen=True)
class Mending:
    """The changes that the user allows. They apply only to prompts that can then be translated."""

    models: Mapping[str, str] = field(default_factory=dict)
    """New model names by the names in prompts."""
    safe: bool = False
    """Whether safe fixes are applied."""
    unsafe: tuple[str, ...] | None = None
    """The codes or names of rules whose unsafe fixes are applied, too; empty for all."""

    def __bool__(self) -> bool:
        return bool(self.models) or self.safe or self.unsafe is not None

    def __call__(
        self,
        text: str,
        read: Callable[[str], Prompt],
        findings: Sequence[Diagnostic],
        settings: Settings,
        context: Context,
    ) -> str:
        """Return a prompt with the changes applied, given what parses it, and its findings."""
        renamed = self._renamed(text, read)
        if not self.safe and self.unsafe is None:
            return renamed
        if renamed == text and not any(map(_is_fixable, findings)):
            return text  # trying fixes is by far the slowest step, and most prompts have none
        unsafe = self.unsafe or self.unsafe is not None
        return fix(renamed, settings, context, unsafe=unsafe).text

    def _renamed(self, text: str, read: Callable[[str], Prompt]) -> str:
        values = [
            flag.value
            for segment in (read(text).segments if self.models else ())
            for flag in segment.flags
            if flag.name is FlagName.VIDEO_MODEL and flag.value
        ]
        return apply_edits(
            text,
            [
                Edit(value.start, value.end, quote(self.models[value.text]))
                for value in values
                if value.text in self.models
            ],
        )

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "Mending":
        """Return what `to_dict` wrote."""
        unsafe = values["unsafe"]
        return cls(**{**values, "unsafe": None if unsafe is None else tuple(unsafe)})


def _is_fixable(finding: Diagnostic) -> bool:
    return finding.fix is not None and finding.fix.applicability is not Applicability.DISPLAY_ONLY


NOTHING = Mending()
"""Prompts are translated unchanged."""
