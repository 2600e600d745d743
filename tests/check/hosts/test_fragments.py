"""Flags alone in a constant are checked; code of an unread language is not edited; extents."""

import pytest

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.pieces import FRAGMENT, UNREAD
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.diagnostics import Severity
from flaglift.settings import DEFAULT


def prompts(name: str, source: str) -> list[Literal]:
    return [
        lit for lit, decision in candidates(source.encode(), host_named(name)) if decision.taken
    ]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("javascript", "const FLAGS = ' --video --video_model kling25 --duration 7'"),
        ("python", "FLAGS = '--video --video_model kling25 --duration 7'"),
        ("ruby", "FLAGS = ' --video --video_model kling25 --duration 7'\n"),
        ("bash", "FLAGS='--video --video_model kling25 --duration 7'\n"),
    ],
)
def test_flags_alone_in_a_constant_are_checked_as_flags_without_a_text(
    name: str, source: str
) -> None:
    (literal,) = prompts(name, source)
    assert literal.locked == FRAGMENT
    found = [each for each in lint_literal(literal, DEFAULT) if each.severity is not Severity.INFO]
    assert [each.code for each in found] == ["FL402"]
    assert source.encode()[slice(*literal.locate(found[0].span))] == b"7"
    new, refused = rewrite(
        source.encode(), host_named(name), [LiteralChange(literal, literal.text)]
    )
    assert new.decode() == source
    assert [each.reason for each in refused] == [FRAGMENT]


@pytest.mark.parametrize(
    "source",
    ["FLAGS = '--video --video_model svd --duration 7'", "FLAGS = '--video --duration 7'",
     "f('--video --video_model kling25')", "x = ['--video', '--video_model kling25']"],
)  # fmt: skip
def test_flags_of_other_programs_are_not(source: str) -> None:
    for literal in prompts("python", source):
        assert {each.severity for each in lint_literal(literal, DEFAULT)} <= {Severity.INFO}


def test_code_in_a_language_that_is_not_read_is_not_edited() -> None:
    source = '```rust\nlet p = "ohwx cat --video --video_model kling25 --duration 7";\n```\n'
    ((literal, _),) = candidates(source.encode(), host_named("markdown"))
    assert literal.locked == UNREAD


@pytest.mark.parametrize(
    ("name", "source", "opener"),
    [
        ("ruby", "f(1)\nprompt = <<~T\n  BAD\nT\n", "<<~T"),
        ("bash", "f 1\ncat <<EOF > prompts.txt\nBAD\nEOF\n", "EOF"),
        ("bash", "f 1\ncurl -s \\\n  -F 'prompt[text]=BAD' \\\n  u\n", "curl"),
        ("markdown", "| a |\n|---|\n| `BAD` |\n", "| a |"),
        ("python", "f(1)\nx = ('a '\n  'BAD')\n", "'a '"),
        ("markdown", "See `BAD` there.\n", "`BAD"),
        ("json", '{"prompt": "BAD"}', '"BAD'),
    ],
)
def test_a_literal_extends_from_what_opens_it(name: str, source: str, opener: str) -> None:
    source = source.replace("BAD", "ohwx cat --video --video_model kling25 --duration 7")
    opener = opener.replace("BAD", "ohwx cat --video")
    ((literal, _),) = candidates(source.encode(), host_named(name))
    around: Literal | None = literal
    starts = []
    while around is not None:
        starts.append(around.extent.start)
        around = around.outer
    assert source.encode().index(opener.encode()) in starts
    assert literal.extent.end == literal.place.end
