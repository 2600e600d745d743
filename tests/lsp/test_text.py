"""Positions and edits of a text, in every unit, with everything that splits lines elsewhere."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol.types import Position, Range

from flaglift.lossless.spans import Span
from flaglift.lsp.text import EditorText
from lossless.timing import growth

UNITS = ("utf-8", "utf-16", "utf-32")
SIGNS = ["a", "é", "猫", "😀", "\u200d", "\u0301", "\n", "\r\n", "\r", "\u2028", "\x85", "\v", "\f"]
TEXTS = st.lists(st.sampled_from(SIGNS), max_size=12).map("".join)


def width(sign: str, unit: str) -> int:
    return {
        "utf-8": len(sign.encode("utf-8", "surrogatepass")),
        "utf-16": len(sign.encode("utf-16-le", "surrogatepass")) // 2,
        "utf-32": 1,
    }[unit]


def places(text: str, unit: str) -> list[Position]:
    """Where each code point is, counted one after the other; between CR and LF is no place."""
    found = [Position(0, 0)]
    for sign, following in pairwise([*text, ""]):
        last = found[-1]
        if sign == "\n" or (sign == "\r" and following != "\n"):
            found.append(Position(last.line + 1, 0))
        elif sign == "\r":
            found.append(last)
        else:
            found.append(Position(last.line, last.character + width(sign, unit)))
    return found


@given(TEXTS, st.sampled_from(UNITS))
def test_positions(text: str, unit: str) -> None:
    held = EditorText(text, unit)
    for number, place in enumerate(places(text, unit)):
        offset = len(text[:number].encode())
        assert held.position(offset) == place
        between = text[number - 1 : number + 1] == "\r\n"
        assert held.offset(place) == offset - between


@given(TEXTS, TEXTS, st.sampled_from(UNITS), st.data())
def test_edits(text: str, new: str, unit: str, data: st.DataObject) -> None:
    inside = [n for n in range(len(text) + 1) if text[n - 1 : n + 1] != "\r\n" or n == 0]
    start = data.draw(st.sampled_from(inside))
    end = data.draw(st.sampled_from([n for n in inside if n >= start]))
    known = places(text, unit)
    result = EditorText(text, unit).edited(Range(known[start], known[end]), new)
    assert result.data.decode() == text[:start] + new + text[end:]


@pytest.mark.parametrize("unit", UNITS)
def test_places_in_long_lines(unit: str) -> None:
    text = "a\n" + "猫😀\ud83dé\u200da" * 100 + "\nb"
    held = EditorText(text, unit)
    for number, place in enumerate(places(text, unit)):
        offset = len(text[:number].encode("utf-8", "surrogatepass"))
        assert (held.position(offset), held.offset(place)) == (place, offset)
    inside = held.position(len("a\n猫😀".encode()) - 1)
    assert inside == places(text, unit)[3]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("sign", ["a", "😀"])
def test_places_in_one_line_are_found_in_linear_time(unit: str, sign: str) -> None:
    def find(data: bytes) -> None:
        held = EditorText(data, unit)
        for place in [held.position(offset) for offset in range(0, len(data), 100)]:
            held.offset(place)

    assert growth(find, sign.encode() * 20_000, sign.encode() * 200_000) < 30


@pytest.mark.parametrize("unit", UNITS)
def test_a_place_that_is_none_is_the_nearest_one_before(unit: str) -> None:
    held = EditorText("a\n😀b", unit)
    assert held.offset(Position(7, 0)) == len(held.data)
    assert held.offset(Position(0, 9)) == 1
    assert held.offset(Position(1, 1)) == (2 if unit != "utf-32" else 6)
    assert held.edited(Range(Position(1, 9), Position(0, 0)), "c").data == "a\n😀bc".encode()


def test_halves_of_a_surrogate_pair_become_the_character_when_both_are_there() -> None:
    first = EditorText("a", "utf-16").edited(Range(Position(0, 1), Position(0, 1)), "\ud83d")
    assert first.data.decode() == "a\ufffd"
    assert first.position(4) == Position(0, 2)
    both = first.edited(Range(Position(0, 2), Position(0, 2)), "\ude00b")
    assert both.data.decode() == "a😀b"
    assert both.range(Span(5, 6)) == Range(Position(0, 3), Position(0, 4))
    assert EditorText("\ud83d\ude00", "utf-16").data.decode() == "😀"
    assert EditorText("\ude00", "utf-8").offset(Position(0, 3)) == 3
