"""The grammar as it is opened."""

from pathlib import Path

import lark
import pytest

from flaglift.syntax import parse
from flaglift.syntax.grammar import check_flags, expression
from flaglift.syntax.lalr import opened


def test_the_flags_of_the_table_are_those_of_the_grammar() -> None:
    words = {"VIDEO": "--video", "VIDEO_MODEL": "--video_model", "VIDEO_PROMPT": "--video_prompt"}
    check_flags({**words, "DURATION": "--duration"})
    with pytest.raises(ValueError, match=r"has --duration, which is not what .* DURATION matches"):
        check_flags({**words, "DURATION": "--length"})
    with pytest.raises(ValueError, match="has --duration"):
        check_flags(words)


def test_an_expression_is_that_of_the_first_terminal_that_matches() -> None:
    pieces = expression("GROUP", "ESCAPED").finditer('a "b c" \\d')
    assert [(piece.lastgroup, piece[0]) for piece in pieces] == [
        ("GROUP", '"b c"'),
        ("ESCAPED", "\\d"),
    ]


def test_a_start_rule_of_one_keyframe_gives_places_of_the_whole_text() -> None:
    text = "a --video\n---\nb --duration 5 -- --video"
    second = parse(text).segments[1]
    for flag in (*second.flags, *second.late):
        assert flag.span.of(text) == flag.raw
        assert flag.value is None or flag.value.span.of(text) == flag.value.raw


@pytest.mark.parametrize("text", ["", "aa", "ab-", "abb"])
def test_what_is_no_sentence_of_another_grammar_is_an_error_of_larks(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "__init__.py").touch()
    (tmp_path / "half" / "half.lark").write_text('pairs: (A B)+\nA: "a"\nB: "b"\n')
    monkeypatch.syspath_prepend(tmp_path)
    read, terminals = opened(("half", "half.lark"), ["pairs"], object())
    assert terminals == {"A": "a", "B": "b"}
    assert [token.start_pos for token in read("abab", "pairs").children] == [0, 1, 2, 3]
    with pytest.raises(lark.UnexpectedInput):
        read(text, "pairs")
