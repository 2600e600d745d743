"""A rule's page, as it is read from the class."""

from typing import ClassVar

import pytest

from flaglift.diagnostics import Applicability, Diagnostic
from flaglift.rules.base import Invalid, Rule, Subject, Valid
from flaglift.rules.pages import fix_kind, sections, summary


class Paged(Rule):
    """
    What it does
        Finds version 1.5 of
        a thing. And more.

    Why
        First.

            indented

        Last.
    """

    VALID: ClassVar[tuple[Valid, ...]] = ()
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid("a", "first", fixed="b", applicability=Applicability.UNSAFE),
        Invalid("a", "second", fixed="b", applicability=Applicability.DISPLAY_ONLY),
        Invalid("a", "third", applicability=Applicability.SAFE),
        Invalid("a", "fourth", fixed="", applicability=Applicability.UNSAFE),
    )

    def check(self, subject: Subject) -> list[Diagnostic]:
        raise NotImplementedError(subject)


class Bare(Paged):
    INVALID: ClassVar[tuple[Invalid, ...]] = ()


Bare.__doc__ = None


def test_parts_are_found_by_their_headings() -> None:
    assert sections(Paged()) == {
        "What it does": "Finds version 1.5 of\na thing. And more.",
        "Why": "First.\n\n    indented\n\nLast.",
    }


def test_a_class_without_a_docstring_has_no_parts() -> None:
    assert sections(Bare()) == {}


def test_the_first_sentence_ends_at_a_full_stop_before_a_blank() -> None:
    assert summary(Paged()) == "Finds version 1.5 of a thing."


@pytest.mark.parametrize(("rule", "kind"), [(Paged(), "display-only, unsafe"), (Bare(), "")])
def test_the_kind_of_fix_is_what_examples_with_a_fix_show(rule: Rule, kind: str) -> None:
    assert fix_kind(rule) == kind
