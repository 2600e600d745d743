"""Texts of JSX: lines are joined as React joins them, and expressions are holes."""

import pytest

from flaglift.check.hosts.base import HOLE, Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite

BAD = "ohwx cat --video --video_model kling25 --duration 7"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each, said in candidates(source.encode(), host_named(name)) if said.taken]


@pytest.mark.parametrize("name", ["javascript", "tsx"])
@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x = <p>BAD</p>;", BAD),
        ("x = <>\n  BAD\n  <b>c</b>\n</>;", BAD),
        ("x = <p>\r\n\tsks &lt;\r\n\r\n\tBAD </p>;", f"sks < {BAD} "),
        ("x = <p>{/* c */}it's {y} BAD</p>;", f"{HOLE}it's {HOLE} {BAD}"),
        ("x = <p>sks{' '}\n  BAD{\" \"}\n  <b>x</b></p>;", f"sks  {BAD} "),
        ("x = <A b={<i>BAD</i>}>{c}</A>;", BAD),
        ("x = <A>{c ? <i>BAD</i> : null}</A>;", BAD),
    ],
)
def test_a_text_is_read_as_it_is_shown(name: str, source: str, text: str) -> None:
    source = source.replace("BAD", BAD)
    (literal,) = prompts(name, source)
    assert literal.text == text
    change = LiteralChange(literal, text.replace("--duration 7", "--duration 5"))
    new, refused = rewrite(source.encode(), host_named(name), [change])
    assert not refused
    assert new.decode() == source.replace("--duration 7", "--duration 5")


def test_what_markup_reads_otherwise_is_escaped_or_refused() -> None:
    source = f"x = <p>{BAD}</p>;"
    (literal,) = prompts("javascript", source)
    host = host_named("javascript")
    new, refused = rewrite(source.encode(), host, [LiteralChange(literal, "a {b} <c> & --video")])
    assert not refused
    assert new == b"x = <p>a &#123;b&#125; &#60;c&#62; &#38; --video</p>;"
    new, refused = rewrite(source.encode(), host, [LiteralChange(literal, "a\n--video")])
    assert refused
    assert new.decode() == source


def test_a_text_in_code_that_does_not_parse_is_not_edited() -> None:
    (literal,) = prompts("javascript", f"x = {{; y = <p>{BAD}</p>;")
    assert literal.locked
