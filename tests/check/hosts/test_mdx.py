"""MDX: Markdown, and in it imports and exports, tags and expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.hosts.formats.mdx import MARKS
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.check.hosts.unread import unread
from flaglift.settings import DEFAULT

HOST = host_named("mdx")
BAD = "a cat --video --video_model kling25 --duration 7"


def prompts(source: str) -> list[Literal]:
    found = candidates(source.encode(), HOST)
    return [each.literal for each in found if each.decision.taken]


def fixed(source: str) -> str:
    changes = [
        LiteralChange(each, each.text.replace("duration 7", "duration 5"))
        for each in prompts(source)
    ]
    done = rewrite(source.encode(), HOST, changes)
    assert not done.refused
    return done.data.decode()


PLACES = {
    'export const p = "BAD"\n': "mdx tsx",
    'import X from "x"\nexport const p = `BAD`;\n': "mdx tsx",
    'export const p = {\n  a: 1,\n\n  text: "BAD"\n}\n': "mdx tsx",
    '<Prompt text="BAD" n={1} />\n': "mdx tsx",
    "<Prompt text={'BAD'}>\n  body\n</Prompt>\n": "mdx tsx",
    '<Prompt\n  text="BAD"\n>\n  body *x*\n</Prompt>\n': "mdx tsx",
    'Words <My.Prompt text="BAD" /> and more.\n': "mdx tsx",
    'Words {f("BAD", {a: 1})} and more.\n': "mdx tsx",
    "Words {`BAD`}.\n": "mdx tsx",
    "- item\n  <C text={`BAD`} />\n": "mdx tsx",
    "| a | b |\n|---|---|\n| <C text='BAD' /> | x |\n": "mdx tsx",
    '> quote <C text={"BAD"} />\n': "mdx tsx",
    "# Head <C text='BAD'></C>\n": "mdx tsx",
    "`BAD`\n": "mdx",
    "a < b, `{` and `BAD` and c > d\n": "mdx",
    "```js\nx = 'BAD'\n```\n": "mdx javascript",
    "---\nprompt: BAD\n---\n\n# Head\n": "mdx yaml",
}


@pytest.mark.parametrize("source", PLACES)
def test_a_prompt_is_found_and_changed_in_place(source: str) -> None:
    expected = PLACES[source]
    source = source.replace("BAD", BAD)
    (literal,) = prompts(source)
    assert literal.text == BAD
    assert literal.hosts == tuple(expected.split())
    assert {each.code for each in lint_literal(literal, DEFAULT)} == {"FL001", "FL402", "FL601"}
    assert fixed(source) == source.replace("7", "5")


@given(st.lists(st.sampled_from(list(PLACES)[:-1]), max_size=4))
def test_every_prompt_of_a_document_is_found_once(parts: list[str]) -> None:
    source = "\n".join(part.replace("BAD", BAD) for part in parts)
    assert [each.text for each in prompts(source)] == [BAD] * len(parts)
    assert fixed(source) == source.replace("duration 7", "duration 5")


def test_what_stands_in_words_is_no_prompt() -> None:
    source = f"Write {BAD} or run a<b.\n\n\\{{ x\n\nsub-export {BAD}\n"
    assert prompts(source) == []
    assert prompts(f"{{ 'it {BAD}\n") == []


def test_an_expression_over_lines_of_a_quote_is_not_edited() -> None:
    (literal,) = prompts(f'> {{f(\n>   "{BAD}")}}\n')
    assert literal.outer is not None
    assert literal.outer.locked == MARKS
    assert literal.locked


def test_a_suppression_in_a_comment_of_an_expression() -> None:
    source = "a\n\n{/* flaglift: ignore */}\n\n<!-- b -->\n"
    assert [each.text for each in comments(source.encode(), HOST)] == ["flaglift: ignore", "b"]


def test_an_export_that_never_parses_ends_somewhere() -> None:
    source = "export const p = (\n\n" + "a\n\n" * 60 + f"`{BAD}`\n"
    assert [each.text for each in prompts(source)] == [BAD]


@pytest.mark.parametrize("opening", ["{f(", "<Gen a={", "<Gen b"])
def test_what_follows_an_expression_without_an_end_is_said(opening: str) -> None:
    bad = "ohwx cat --video --video_model kling25 --duration 7"
    source = f"a {opening} '{bad}'\n\n{{'{bad}'}}\n"
    data = source.encode()
    found = candidates(data, host_named("mdx"))
    assert [literal.place.start for literal, _ in found] == [source.rindex("'ohwx")]
    assert [place.start for place in unread(data, host_named("mdx"))][:1] == [source.index("--")]
