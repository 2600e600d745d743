import pytest

from flaglift.lossless.spans import Span, apply_edits
from flaglift.syntax import parse
from flaglift.syntax.lift import image_prompt, lift_edits


def lifted(text: str) -> str:
    return apply_edits(text, lift_edits(text, [flag.span for flag in parse(text).flags]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("a  cat ", "a  cat "),
        ("--video", ""),
        (" --video\n", ""),
        ("a cat --video", "a cat"),
        ("--video a cat", "a cat"),
        ("a --video cat", "a cat"),
        ("a  --video \t cat", "a cat"),
        ("a --video\ncat", "a\ncat"),
        ("a\r\n--video cat", "a\r\ncat"),
        ("a --video\n\n\ncat", "a\ncat"),
        ("a\r--video cat", "a\rcat"),
        ("a --video --duration 5 cat", "a cat"),
        ("a --video\n--duration 5 cat", "a\ncat"),
        ("a --video --duration 5\ncat", "a\ncat"),
        ("a\n--video --duration 5 cat", "a\ncat"),
        ("a --video sat --duration 5 down", "a sat down"),
        ('"a  b" --video c\xa0', '"a  b" c\xa0'),
        ("a\xa0 --video \xa0b", "a\xa0 \xa0b"),
        ("a\\  --video", "a\\ "),
        ("a\\  --video b", "a\\  b"),
        ("a\\\n\n--video b", "a\\\n\nb"),
        ("a\\\\  --video b", "a\\\\ b"),
        ("a \\ --video", "a \\ --video"),
    ],
)
def test_what_lifting_leaves(text: str, expected: str) -> None:
    assert lifted(text) == expected


def test_only_the_part_given_counts_as_the_text() -> None:
    text = "a\n--video b --video\nc"
    assert lift_edits(text, [Span(2, 9), Span(12, 19)], Span(2, 19)) == [(2, 10, ""), (11, 19, "")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  --video  b\nc", "a b\nc"),
        ("a\nb  --video  c", "a\nb c"),
        ("a --video  \nb", "a\nb"),
    ],
)
def test_only_a_line_end_beside_the_flag_is_left_in_its_place(text: str, expected: str) -> None:
    assert lifted(text) == expected


def test_what_stands_side_by_side_is_lifted_as_one() -> None:
    text = "a <1><2> b"
    assert lift_edits(text, [Span(2, 5), Span(5, 8)]) == [(1, 9, " ")]


def test_a_span_at_a_backslash_is_lifted_whole() -> None:
    assert apply_edits("a\\b c", lift_edits("a\\b c", [Span(2, 3)])) == "a\\ c"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a cat --video", "a cat"),
        ("a  \xa0cat\n--video", "a cat"),
        ('a "tall  cat" \\"x\\" --video', 'a tall cat "x"'),
        ("<lora:1:1>a cat <faceid:2> --video", "a cat"),
        ('"<lora:my style:1> a" cat --video', "a cat"),
        ("a --mask_prompt fg cat --fill --video", "a cat"),
        ("a --foo cat --video", "a --foo cat"),
        ("a -- cat", "a -- cat"),
        ("--video_prompt smile --fill", ""),
        ("--video -- a --duration 5", "-- a --duration 5"),
    ],
)
def test_the_image_prompt(text: str, expected: str) -> None:
    assert image_prompt(parse(text).segments[0]) == expected
