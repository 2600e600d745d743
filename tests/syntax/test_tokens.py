"""What is written down of the grammar is the grammar's."""

import pytest

from flaglift.syntax.tokens import LEVELS, parsed_terminals, terminals


@pytest.mark.parametrize("level", LEVELS)
def test_the_terminals_are_those_of_the_grammar(level: str) -> None:
    # If this fails, the grammar has changed: `make grammar`.
    assert list(terminals(level).items()) == list(parsed_terminals(level).items())
