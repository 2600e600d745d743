"""Fixes in any order: one at a time, rule by rule, or all at once, as people make them."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from flaglift import Applicability, Diagnostic, parse
from flaglift.api import UNKNOWN, fix, lint, translate
from flaglift.emit.translation import TranslationStatus, read_values
from flaglift.linting.engine import examine
from flaglift.linting.fixing import stated_values
from flaglift.lossless.spans import apply_edits
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax.flags import FlagName
from strategies import prompts

MOST_STEPS = 60


def fields(text: str) -> Sequence[Mapping[str, Any]] | None:
    return read_values(examine(text, DEFAULT, UNKNOWN).subjects)


def safe(text: str) -> list[Diagnostic]:
    """Return the findings whose fixes anybody may make; none where no fields can be read."""
    if fields(text) is None:
        return []
    found = lint(text)
    return [each for each in found if each.fix and each.fix.applicability is Applicability.SAFE]


def made(text: str, finding: Diagnostic) -> str:
    return apply_edits(text, finding.fix.edits if finding.fix else ())


def stated(text: str) -> dict[FlagName, list[str]]:
    return stated_values(parse(text).segments[0])


class AnyOrder(RuleBasedStateMachine):
    """A prompt whose fixes are made in whatever order; what it says never gets lost."""

    text = ""
    kept: Sequence[Mapping[str, Any]] | None = None
    """The fields as long as only safe fixes were made."""
    only_safe = True

    @initialize(text=prompts())
    def begin(self, text: str) -> None:
        self.text = self.first = text
        self.kept = fields(text)
        self.named = stated(text)

    @precondition(lambda self: bool(safe(self.text)))
    @rule(data=st.data())
    def one_safe_fix(self, data: st.DataObject) -> None:
        chosen = data.draw(st.sampled_from(range(len(safe(self.text)))))
        self.text = made(self.text, safe(self.text)[chosen])

    @precondition(lambda self: any(each.fix for each in lint(self.text)))
    @rule(data=st.data())
    def all_of_one_rule(self, data: st.DataObject) -> None:
        codes = sorted({each.code for each in lint(self.text) if each.fix})
        only = Settings(select=(data.draw(st.sampled_from(codes)),))
        new = fix(self.text, only, unsafe=True).text
        self.only_safe &= new == self.text
        self.text = new

    @rule()
    def all_safe_ones(self) -> None:
        self.text = fix(self.text).text
        assert fix(self.text).text == self.text

    @invariant()
    def safe_fixes_keep_the_fields(self) -> None:
        if self.only_safe:
            assert fields(self.text) == self.kept

    @invariant()
    def what_is_stated_stays(self) -> None:
        assert self.named.keys() <= stated(self.text).keys()

    @invariant()
    def what_is_translated_stays_so(self) -> None:
        if translate(self.first).status is TranslationStatus.TRANSLATED:
            assert translate(self.text).status is not TranslationStatus.REFUSED

    def teardown(self) -> None:
        """Fix the rest: what is left is clean, and says what was said."""
        end = fix(self.text, unsafe=True).text
        assert fix(end, unsafe=True).text == end
        assert self.named.keys() <= stated(end).keys()
        # Safe fixes one at a time, the last one first, end in the words that all at once end in.
        text = self.text
        for _ in range(MOST_STEPS):
            left = safe(text)
            if not left:
                break
            text = made(text, left[-1])
        assert not safe(text)
        assert fix(text).text == text
        assert sorted(text.split()) == sorted(fix(self.text).text.split())


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=8, deadline=None)
