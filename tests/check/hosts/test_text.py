"""Prompts in text files: which they are, and that nothing else in a file ever changes."""

from itertools import cycle

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.checking import fix_literal, lint_literal
from flaglift.check.hosts.finding import candidates, leaves
from flaglift.check.hosts.formats.text import Located, TextForm, TextHost, prompts
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT
from strategies import prompts as generated

FORMS = st.sampled_from(list(TextForm))
PIECES = [
    "a",
    "b c",
    " ",
    "\t",
    "\n",
    "\n",
    "\r\n",
    "\n\n",
    "\r",
    "\ufeff",
    "\x0b",
    "\x85",
    "\u2028",
]
FILES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=12).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), generated()), max_size=6).map("".join),
)
CHANGES = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=5).map("".join),
    st.text(max_size=5),
)


@pytest.mark.parametrize(
    ("form", "text", "expected"),
    [
        (TextForm.LINES, "", []),
        (TextForm.LINES, "\n \r\n\t\n", []),
        (TextForm.LINES, "a", [Located(0, "a")]),
        (TextForm.LINES, "a\r\nb\nc\r", [Located(0, "a"), Located(3, "b"), Located(5, "c\r")]),
        (TextForm.LINES, " a \n", [Located(0, " a ")]),
        (TextForm.LINES, "a\rb\x0bc\u2028d\n", [Located(0, "a\rb\x0bc\u2028d")]),
        (TextForm.LINES, "a\n\ufeffb", [Located(0, "a"), Located(2, "\ufeffb")]),
        (TextForm.WHOLE, "", []),
        (TextForm.WHOLE, "a\nb\n", [Located(0, "a\nb")]),
        (TextForm.WHOLE, "a\r\n\r\n", [Located(0, "a\r\n")]),
        (
            TextForm.BLOCKS,
            "a\nar=1:1\n\n \nb\r\nc\n",
            [Located(0, "a\nar=1:1"), Located(12, "b\r\nc")],
        ),
        (TextForm.BLOCKS, "\n\na", [Located(2, "a")]),
        (TextForm.BLOCKS, "a\n\t\nb", [Located(0, "a"), Located(4, "b")]),
    ],
)
def test_prompts(form: TextForm, text: str, expected: list[Located]) -> None:
    assert prompts(text, form) == expected


@given(FILES, FORMS)
def test_prompts_are_in_the_text_in_order_and_hold_no_blank_ends(text: str, form: TextForm) -> None:
    end = 0
    for start, prompt in prompts(text, form):
        assert start >= end
        end = start + len(prompt)
        assert text[start:end] == prompt
        assert prompt.strip()
        assert form is TextForm.WHOLE or not prompt.endswith("\n")
        assert form is not TextForm.LINES or "\n" not in prompt


@given(FILES, FORMS)
def test_what_is_in_no_prompt_is_blank(text: str, form: TextForm) -> None:
    position = 0
    for start, prompt in [*prompts(text, form), Located(len(text), "")]:
        assert not text[position:start].strip()
        position = start + len(prompt)


def between(text: str, found: list[Located]) -> list[str]:
    ends = [0, *(start + len(prompt) for start, prompt in found)]
    starts = [*(start for start, _ in found), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


@given(FILES, FORMS, st.lists(CHANGES, min_size=1, max_size=4))
@example("a\n", TextForm.LINES, ["b\r"])
@example("a\n\n", TextForm.WHOLE, ["b\n"])
@example("a\nb", TextForm.BLOCKS, ["c\n\nd"])
def test_only_prompts_change_and_only_into_what_is_read_back(
    text: str, form: TextForm, changes: list[str]
) -> None:
    host, data = TextHost(form), text.encode()
    wanted = [
        LiteralChange(literal, new)
        for literal, new in zip(host.literals(data), cycle(changes), strict=False)
    ]
    result, refused = rewrite(data, host, wanted)
    old, new = prompts(text, form), prompts(result.decode(), form)
    assert [change.literal.text for change in wanted] == [prompt for _, prompt in old]
    assert between(result.decode(), new) == between(text, old)
    left = [each.change for each in refused]
    for change, (_, after) in zip(wanted, new, strict=True):
        assert after == (change.literal.text if change in left else change.text)


@given(FILES, FORMS)
def test_a_change_that_fits_is_made(text: str, form: TextForm) -> None:
    host, data = TextHost(form), text.encode()
    changes = [LiteralChange(literal, f"x{literal.text}") for literal in host.literals(data)]
    new, refused = rewrite(data, host, changes)
    assert not refused
    assert [prompt for _, prompt in prompts(new.decode(), form)] == [
        f"x{prompt}" for _, prompt in prompts(text, form)
    ]


@given(FILES, FORMS, st.booleans())
def test_fixing_a_file_fixes_its_prompts_once(text: str, form: TextForm, unsafe: bool) -> None:
    host = TextHost(form)

    def fixed(data: bytes) -> bytes:
        changes = []
        for literal in leaves(host.literals(data)):
            text = fix_literal(literal, DEFAULT, unsafe=unsafe).text
            if text not in (literal.text, "") and not literal.doubt:
                changes.append(LiteralChange(literal, text))
        new, refused = rewrite(data, host, changes)
        assert not refused
        return new

    once = fixed(text.encode())
    before, after = prompts(text, form), prompts(once.decode(), form)
    assert between(once.decode(), after) == between(text, before)
    assert fixed(once) == once


@given(FILES, FORMS)
def test_findings_are_in_the_prompts(text: str, form: TextForm) -> None:
    data = text.encode()
    for literal, _ in candidates(data, TextHost(form)):
        for finding in lint_literal(literal, DEFAULT):
            place = literal.locate(finding.span)
            assert literal.start <= place.start <= place.end <= literal.end
            spelt = literal.spelt(finding.span.of(literal.text))
            assert data[slice(*place)].decode() == spelt


@pytest.mark.no_cover
def test_a_file_of_many_prompts_in_which_some_changes_fail() -> None:
    host, data = TextHost(TextForm.LINES), b"a cat\n\n" * 5_000
    literals = host.literals(data)
    changes = [
        LiteralChange(each, "a\ncat" if n % 1250 == 0 else "A CAT")
        for n, each in enumerate(literals)
    ]
    new, refused = rewrite(data, host, changes)
    assert len(refused) == 4
    assert new.count(b"A CAT\n\n") == 4_996
