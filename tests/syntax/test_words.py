import pytest

from flaglift.errors import LoweringError
from flaglift.syntax import Quoting
from flaglift.syntax.words import (
    ends_word,
    escapes,
    following_value,
    is_escaped,
    quote,
    quoting,
    split_words,
    unquote,
    word_at,
)


@pytest.mark.parametrize(
    ("raw", "text", "style"),
    [
        ("", "", Quoting.NONE),
        ("smile", "smile", Quoting.NONE),
        ("'a\xa0b'", "'a\xa0b'", Quoting.NONE),
        ('""', "", Quoting.QUOTED),
        ('"a b"', "a b", Quoting.QUOTED),
        ('"6\\" heel"', '6" heel', Quoting.QUOTED),
        ('"a\\\\b"', "a\\b", Quoting.QUOTED),
        ('"a\\b\\\n"', "a\\b\\\n", Quoting.QUOTED),
        ('"a""b"', "ab", Quoting.MIXED),
        ('a"b c"d', "ab cd", Quoting.MIXED),
        ('"a"b', "ab", Quoting.MIXED),
        ('\\"a\\ b\\\\', '"a b\\', Quoting.MIXED),
        ("a\\\nb", "a\nb", Quoting.MIXED),
        ('"a', '"a', Quoting.MIXED),
        ("a\\", "a\\", Quoting.MIXED),
    ],
)
def test_a_word_reads(raw: str, text: str, style: Quoting) -> None:
    assert unquote(raw) == text
    assert quoting(raw) is style


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("smile", "smile"),
        ("it's", "it's"),
        ("X", "X"),
        ("a\xa0b", "a\xa0b"),
        ("", '""'),
        ("a b", '"a b"'),
        ("a\n", '"a\n"'),
        ('6"', '"6\\""'),
        ("a\\b", '"a\\\\b"'),
        ("-5", '"-5"'),
        ("--video", '"--video"'),
        ("a-b", "a-b"),
    ],
)
def test_a_text_is_quoted_where_it_must_be(text: str, written: str) -> None:
    assert quote(text) == written
    assert unquote(written) == text


def test_two_dashes_cannot_be_written() -> None:
    with pytest.raises(
        LoweringError, match=r"^the value `--` cannot be written: it ends the flags \(2\.9\)$"
    ):
        quote("--")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("", []),
        (" \t\r\n", []),
        (" a  b", [(1, "a"), (4, "b")]),
        ("a\xa0b\x0bc", [(0, "a\xa0b\x0bc")]),
        ('"a b"c\\ d e', [(0, '"a b"c\\ d'), (10, "e")]),
        ('a "b c', [(0, "a"), (2, '"b'), (5, "c")]),
        ("a \\", [(0, "a"), (2, "\\")]),
    ],
)
def test_split_words(raw: str, expected: list[tuple[int, str]]) -> None:
    assert split_words(raw) == expected


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [("a b", 1, False), ("a\\ b", 2, True), ("a\\\\ b", 3, False), ("\\\\\\ ", 3, True)],
)
def test_is_escaped(text: str, position: int, expected: bool) -> None:
    assert is_escaped(text, position) is expected


def test_ends_word() -> None:
    assert [n for n in range(6) if ends_word("ab\xa0 c", n)] == [3, 5]


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [('a "b c"d e', 2, '"b c"d'), ("a b", 1, ""), ("a b", 3, ""), ('a "b', 2, "")],
)
def test_word_at(text: str, position: int, expected: str) -> None:
    assert word_at(text, position) == expected


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("--v  a b", 3, (5, "a")),
        ('--v "a b"', 3, (4, '"a b"')),
        ("--v -5", 3, (4, "-5")),
        ("--v --w", 3, None),
        ('--v "--w"', 3, (4, '"--w"')),
        ("--v ", 3, None),
        ("--v", 3, None),
        ("--v,a", 3, None),
        ('--v "a', 3, None),
    ],
)
def test_following_value(text: str, position: int, expected: tuple[int, str] | None) -> None:
    assert following_value(text, position, len(text)) == expected


def test_no_value_follows_behind_the_end() -> None:
    assert following_value("--v a", 3, 4) is None
    assert following_value("--v a", 3, 5) == (4, "a")


def test_characters_are_escaped_up_to_a_quote_that_is_not_closed() -> None:
    assert [*escapes(r"""a\'b "c\'d" \e""")] == [(1, r"\'"), (12, r"\e")]
    assert [*escapes(r"""a\'b "c \'d \e""")] == [(1, r"\'")]
