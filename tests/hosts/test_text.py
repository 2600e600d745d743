"""Prompts in text files: which they are, and that nothing else in a file ever changes."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.config import DEFAULT
from flaglift.hosts.checking import fix_file, lint_file
from flaglift.hosts.text import Form, Located, prompts, rewrite
from strategies import prompts as generated

FORMS = st.sampled_from(list(Form))
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
        (Form.LINES, "", []),
        (Form.LINES, "\n \r\n\t\n", []),
        (Form.LINES, "a", [Located(0, "a")]),
        (Form.LINES, "a\r\nb\nc\r", [Located(0, "a"), Located(3, "b"), Located(5, "c\r")]),
        (Form.LINES, " a \n", [Located(0, " a ")]),
        (Form.LINES, "a\rb\x0bc\u2028d\n", [Located(0, "a\rb\x0bc\u2028d")]),
        (Form.LINES, "\ufeffa\n\ufeffb", [Located(1, "a"), Located(3, "\ufeffb")]),
        (Form.WHOLE, "", []),
        (Form.WHOLE, "\ufeff\n", []),
        (Form.WHOLE, "a\nb\n", [Located(0, "a\nb")]),
        (Form.WHOLE, "\ufeffa\r\n\r\n", [Located(1, "a\r\n")]),
        (Form.BLOCKS, "a\nar=1:1\n\n \nb\r\nc\n", [Located(0, "a\nar=1:1"), Located(12, "b\r\nc")]),
        (Form.BLOCKS, "\n\na", [Located(2, "a")]),
        (Form.BLOCKS, "\ufeffa\n\t\nb", [Located(1, "a"), Located(5, "b")]),
    ],
)
def test_prompts(form: Form, text: str, expected: list[Located]) -> None:
    assert prompts(text, form) == expected


@given(FILES, FORMS)
def test_prompts_are_in_the_text_in_order_and_hold_no_blank_ends(text: str, form: Form) -> None:
    end = 0
    for start, prompt in prompts(text, form):
        assert start >= end
        end = start + len(prompt)
        assert text[start:end] == prompt
        assert prompt.strip()
        assert form is Form.WHOLE or not prompt.endswith("\n")
        assert form is not Form.LINES or "\n" not in prompt


@given(FILES, FORMS)
def test_what_is_in_no_prompt_is_blank(text: str, form: Form) -> None:
    position = 0
    for start, prompt in [*prompts(text, form), Located(len(text), "")]:
        assert not text[position:start].removeprefix("\ufeff").strip()
        position = start + len(prompt)


@given(FILES, FORMS)
def test_no_change_gives_the_same_text(text: str, form: Form) -> None:
    assert rewrite(text, form, lambda prompt: prompt) == text


def between(text: str, found: list[Located]) -> list[str]:
    ends = [0, *(start + len(prompt) for start, prompt in found)]
    starts = [*(start for start, _ in found), len(text)]
    return [text[end:start] for end, start in zip(ends, starts, strict=True)]


@given(FILES, FORMS, st.lists(CHANGES, min_size=1, max_size=4))
@example("a\n", Form.LINES, ["b\r"])
@example("a\n\n", Form.WHOLE, ["b\n"])
@example("a", Form.LINES, ["\ufeffb"])
@example("a\nb", Form.BLOCKS, ["c\n\nd"])
def test_only_prompts_change_and_only_into_what_is_read_back(
    text: str, form: Form, changes: list[str]
) -> None:
    old = prompts(text, form)
    wanted = iter(changes * (len(old) + 1))
    asked: list[tuple[str, str]] = []

    def change(prompt: str) -> str:
        asked.append((prompt, next(wanted)))
        return asked[-1][1]

    result = rewrite(text, form, change)
    new = prompts(result, form)
    assert [prompt for prompt, _ in asked] == [prompt for _, prompt in old]
    assert between(result, new) == between(text, old)
    for (before, intended), (_, after) in zip(asked, new, strict=True):
        assert after in (before, intended)


@given(FILES, FORMS)
def test_a_change_that_fits_is_made(text: str, form: Form) -> None:
    changed = rewrite(text, form, lambda prompt: f"x{prompt}")
    assert [prompt for _, prompt in prompts(changed, form)] == [
        f"x{prompt}" for _, prompt in prompts(text, form)
    ]


@given(FILES, FORMS, st.booleans())
def test_fixing_a_file_fixes_its_prompts(text: str, form: Form, unsafe: bool) -> None:
    fixed = fix_file(text, form, DEFAULT, unsafe=unsafe)
    before, after = prompts(text, form), prompts(fixed.text, form)
    assert between(fixed.text, after) == between(text, before)
    pairs = zip(before, after, strict=True)
    assert fixed.changed == sum(old.text != new.text for old, new in pairs)
    assert (fixed.changed == 0) == (fixed.text == text)
    assert fix_file(fixed.text, form, DEFAULT, unsafe=unsafe) == (fixed.text, 0)


@given(FILES, FORMS)
def test_findings_are_in_the_prompts_in_order(text: str, form: Form) -> None:
    found = lint_file(text, form, DEFAULT)
    spans = {start: len(prompt) for start, prompt in prompts(text, form)}
    assert [offset for offset, _ in found] == sorted(offset for offset, _ in found)
    for offset, finding in found:
        assert 0 <= finding.start <= finding.end <= spans[offset]


def test_a_file_of_many_prompts() -> None:
    text = "a cat\n\n" * 20_000
    assert rewrite(text, Form.LINES, str.upper) == text.upper()
    assert rewrite(text, Form.BLOCKS, str.upper) == text.upper()
