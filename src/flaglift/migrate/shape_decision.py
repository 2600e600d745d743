"""Decides on prompts by their shapes, for stores that write many records at once.

Like `columns`, without Arrow. A store asks this only for a prompt next to which no value affects
the result, and decides on all others one by one: those without a shape, those that are refused or
unchanged, and all prompts where the outcome is more than a translation.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from flaglift.context import Context
from flaglift.emit.translation import TranslationStatus
from flaglift.linting.engine import fields_beside
from flaglift.migrate.decision import decider_of
from flaglift.migrate.job import Job
from flaglift.migrate.records import Verdict, joined_codes
from flaglift.shapes import Case, ShapedPrompt, shortcut_for
from flaglift.syntax.flags import FlagName

VIDEO_PROMPT = FlagName.VIDEO_PROMPT.field
_OWN = ("text", VIDEO_PROMPT)
"""The fields whose values are a prompt's own."""
MOST_OUTCOMES = 10_000
Read = Callable[[str], ShapedPrompt | None]


@dataclass(frozen=True, slots=True, eq=False)  # to count by it
class SharedOutcome:
    """What all prompts of a shape are translated to, text and video prompt aside."""

    verdict: Verdict
    codes: str
    """The codes of the rules with findings, separated by spaces."""
    fields: Mapping[str, Any]
    """The fields next to the text, in order; the value of the video prompt is a prompt's own."""


class ShapeDecider:
    """Decides on the prompts of one store with one job."""

    def __init__(self, job: Job, targets: Collection[str] | None) -> None:
        """`targets` are the fields that the store can hold; None for any."""
        self._job = job
        self._decider = decider_of(job, targets)
        self._takes_prompts = targets is None or VIDEO_PROMPT in targets
        self._outcomes: dict[tuple[Case, tuple[str, ...]], SharedOutcome | None] = {}

    @property
    def shares(self) -> bool:
        """Whether prompts of a shape may have an outcome in common."""
        return self._takes_prompts and self._decider.shares

    def reader(self, context: Collection[str]) -> tuple[Read, Collection[str]]:
        """Return what reads prompts next to which there are these other request fields.

        It returns None for a prompt to be decided on by itself. Also return the fields that have
        to be empty, as all targets have to.

        The first prompt of a shape is read like all others of it, so that it does not depend on
        what a process read before how a record is decided on.
        """
        beside = fields_beside("", dict.fromkeys(context))
        given = Context({**beside, **dict.fromkeys(self._job.targets)})
        look = shortcut_for(self._job.settings, given).first_of_its_shape

        def read(text: str) -> ShapedPrompt | None:
            # Next to a settings block, all of these fields count.
            return None if "\n" in text and "=" in text else look(text)

        return read if context else look, beside.keys()

    def __call__(self, prompt: ShapedPrompt) -> SharedOutcome | None:
        """Return the outcome for a prompt; None if it has to be decided on by itself."""
        shape = prompt.shape
        key = shape.case, shape.codes
        if key not in self._outcomes:
            if len(self._outcomes) > MOST_OUTCOMES:
                self._outcomes.clear()
            self._outcomes[key] = self._outcome(shape.case, shape.codes)
        return self._outcomes[key]

    def _outcome(self, case: Case, codes: tuple[str, ...]) -> SharedOutcome | None:
        is_translated = case.status is TranslationStatus.TRANSLATED
        if not (is_translated and self.shares and VIDEO_PROMPT in case.values):
            return None
        values = {field: value for field, value in case.values.items() if field not in _OWN}
        verdict = self._decider.shared(values, codes)
        fields = {field: value for field, value in case.values.items() if field != "text"}
        return verdict and SharedOutcome(verdict, joined_codes(codes), fields)
