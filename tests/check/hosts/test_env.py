"""Files of environment variables, with python-dotenv as the judge."""

import io

import pytest
from dotenv import dotenv_values
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates, comments, leaves
from flaglift.check.hosts.formats.env import DOUBTFUL
from flaglift.check.hosts.registry import host_named, name_for
from flaglift.check.hosts.rewriting import rewrite

HOST = host_named("env")
BAD = "ohwx cat --video --video_model kling25 --duration 7"


def read(source: str) -> list[str]:
    values = dotenv_values(stream=io.StringIO(source, newline=""), interpolate=False)
    return [value for value in values.values() if value is not None]


def only(source: str) -> Literal:
    ((literal, decision),) = candidates(source.encode(), HOST)
    assert decision.taken
    return literal


@pytest.mark.parametrize(
    "source",
    [
        "PROMPT=BAD\n",
        "export PROMPT = BAD   # why\n",
        "PROMPT='BAD' # why\n",
        'PROMPT="BAD"\r\nB=1\r\n',
        "'PROMPT'=\"BAD\nand more\"",
        "# a\n\nA\nPROMPT=BAD --video_prompt ${MORE}",
    ],
)
def test_a_prompt_is_found_and_changed_in_place(source: str) -> None:
    source = source.replace("BAD", BAD)
    literal = only(source)
    assert literal.origin.key == "PROMPT"
    change = LiteralChange(literal, literal.text.replace("7", "5"))
    done = rewrite(source.encode(), HOST, [change])
    assert not done.refused
    assert done.data.decode() == source.replace("7", "5")
    assert [each.replace("7", "5") for each in read(source)] == read(done.data.decode())


VALUES = st.lists(
    st.sampled_from(
        ["a", "--video", " ", "#", " #", "'", '"', "\\", "\\n", "\\'", '\\"', "\\\\", "\n", "\r\n",
         "$x", "${x}", "=", "é", "\t", "`"]
    ),
    max_size=8,
).map("".join)  # fmt: skip
QUOTES = st.sampled_from(["", "'", '"'])


@given(VALUES, QUOTES, st.sampled_from(["", " # c", "  ", "\n# d"]))
@example("\n\\'=", "", "")  # an apostrophe inside a name
def test_values_are_what_the_reader_says(value: str, quote: str, behind: str) -> None:
    source = f"A=1\nB={quote}{value}{quote}{behind}\nC=2\n"
    literals = HOST.literals(source.encode())
    texts = [each.text for each in literals]
    assert texts == read(source)


@given(VALUES, QUOTES, VALUES)
def test_what_is_written_reads_as_intended(value: str, quote: str, new: str) -> None:
    source = f"A=1\nB={quote}{value}{quote}\nC=2\n"
    before = HOST.literals(source.encode())
    if len(before) != 3:
        return  # the value is no value
    _, literal, _ = before
    done = rewrite(source.encode(), HOST, [LiteralChange(literal, new)])
    if done.refused:
        assert done.data.decode() == source
    else:
        assert read(done.data.decode()) == ["1", new, "2"]


@pytest.mark.parametrize(
    "value", ['"a\\t --video"', '"$x --video"', "'a\\' --video'", "a#b --video", "it's --video"]
)
def test_a_value_that_readers_take_for_different_ones_is_not_edited(value: str) -> None:
    (literal,) = leaves(HOST.literals(f"A={value}\n".encode()))
    assert literal.locked == DOUBTFUL


def test_comments() -> None:
    source = b"# a\nA=1 # b\nB='x' #c\nC=\"#\"\n  # d\nE=x#y\n"
    assert [each.text for each in comments(source, HOST)] == ["a", "b", "c", "d"]


def test_a_broken_line_is_no_value() -> None:
    assert read("A='x' y\n") == []
    assert HOST.literals(b"A='x' y\nB='z\n") == []


def test_names() -> None:
    names = [".env", ".env.local", "a/.ENV", "prod.env", ".env.json", ".envrc", "env", ".envs.x"]
    hosts = ["env", "env", "env", "env", "json", None, None, None]
    assert [name_for(name) for name in names] == hosts
