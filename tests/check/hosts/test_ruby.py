"""Ruby, judged by Ruby 3.4: its readings are recorded in `data/ruby.jsonl`, one case a line.

Each case is a source with a literal between two others, the literal's value (`x` holds the sign of
a hole), and for some an edit of it and the source that it makes, which Ruby has read as intended.
"""

import json
from pathlib import Path

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite

LINES = (Path(__file__).parents[2] / "data" / "ruby.jsonl").read_text(encoding="utf-8").split("\n")
CASES = [json.loads(line) for line in LINES if line]
RUBY = host_named("ruby")


def target(source: str) -> Literal:
    data = source.encode()
    at = data.index(b"'before', ") + len(b"'before', ")
    if data.startswith(b"<<", at):
        at = data.index(b"'after']\n") + len(b"'after']\n")
    return next(literal for literal in RUBY.literals(data) if literal.start == at)


def test_there_are_enough_cases_that_can_be_followed() -> None:
    literals = [target(case["source"]) for case in CASES]
    assert len(literals) > 400
    assert sum(bool(literal.unclear) for literal in literals) < 0.05 * len(literals)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["source"][12:])
def test_a_literal_reads_as_ruby_says(case: dict[str, str]) -> None:
    literal = target(case["source"])
    assert literal.text == case["text"] or literal.unclear


@pytest.mark.parametrize(
    "case", [case for case in CASES if "new" in case], ids=lambda case: case["source"][12:]
)
@pytest.mark.no_cover
def test_an_edit_makes_what_ruby_has_judged(case: dict[str, str]) -> None:
    data = case["source"].encode()
    new, refused = rewrite(data, RUBY, [LiteralChange(target(case["source"]), case["new"])])
    assert not refused
    assert new.decode() == case["edited"]
