"""Texts of JSX: lines are joined as React joins them, and expressions are holes."""

import pytest

from flaglift.check.hosts.base import HOLE, Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.pieces import DIVIDED, MARKED_UP
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread

FLAGS = "--video --video_model kling25 --duration 7"
BAD = f"ohwx cat {FLAGS}"


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
        ("x = <p>sks{' '}\n  BAD{\" \"}\n  <b>x</b></p>;", f"sks  {BAD} x"),
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


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (f"<p>a <b>cat</b><br />\n  {FLAGS}</p>", f"a cat\n{FLAGS}"),
        (f"<p>a <i>{{x}}</i> cat {FLAGS}</p>", f"a \ufffc cat {FLAGS}"),
        (f"<><pre>a <b>cat</b> {FLAGS}</pre> x</>", f"a cat {FLAGS}"),
        (f"<>x<Card>\n  {BAD}\n</Card></>", BAD),
        (f"<p>a <Bold>cat</Bold> {FLAGS}</p>", None),
        ("<p>a cat --video --video_model <b>kling25</b>\n{x} --duration 7</p>", None),
        (f"<p><span>Copy</span>\n<span>{BAD}</span>\n<span>x</span></p>", BAD),
        ("<p>\n  a cat --video\n  <b>--video_model kling25</b>\n  --duration 7\n</p>", None),
    ],
)
def test_lines_and_components_of_jsx(source: str, text: str | None) -> None:
    source = f"x = {source};"
    assert [each.text for each in prompts("javascript", source)] == ([text] if text else [])
    said = {reason for _, reason in unread(source.encode(), host_named("javascript"))}
    assert said == (set() if text else {DIVIDED})


def test_texts_around_code_of_jsx_that_does_not_parse_are_not_joined() -> None:
    source = f"x = <p>a <b>cat</b> {FLAGS}{{;}}</p>;"
    assert all(each.locked for each in prompts("javascript", source))
    assert prompts("javascript", source) or unread(source.encode(), host_named("javascript"))


def test_a_text_is_added_between_expressions() -> None:
    source = f"x = <p>\n  {{a}}{{b}} <b>cat</b>\n  <i>c</i> sks {FLAGS}</p>;"
    host = host_named("javascript")
    (literal,) = prompts("javascript", source)
    assert literal.text == f"c sks {FLAGS}"
    source = f"x = <p>{{a}}{{b}} <b>cat</b> {FLAGS}</p>;"
    (literal,) = prompts("javascript", source)
    change = LiteralChange(literal, f"\ufffc of \ufffc cat {FLAGS}")
    changed, refused = rewrite(source.encode(), host, [change])
    assert (changed.decode(), refused) == (source.replace("{a}{b}", "{a} of {b}"), ())


def test_an_edit_reaches_across_no_tag_of_jsx() -> None:
    source = f"x = <p>a <b>cat</b> {FLAGS}</p>;"
    (literal,) = prompts("javascript", source)
    change = LiteralChange(literal, f"adog {FLAGS}")
    changed, (refused,) = rewrite(source.encode(), host_named("javascript"), [change])
    assert (changed.decode(), refused.reason) == (source, MARKED_UP)
