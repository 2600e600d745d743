import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.lossless.spans import (
    Edit,
    Span,
    apply_edits,
    changed,
    common_ends,
    common_length,
    conflicting,
    difference,
    with_splices,
)

TEXT = st.text(max_size=12)


@st.composite
def edits_of(draw: st.DrawFn, text: str) -> list[Edit]:
    """Edits of a text that do not conflict, in any order."""
    ends = st.integers(0, len(text))
    places = sorted(draw(st.lists(ends, max_size=6, unique=True)))
    pairs = zip(places[::2], places[1::2], strict=False)
    edits = [Edit(start, end, draw(st.text(max_size=3))) for start, end in pairs]
    return draw(st.permutations(edits))


TEXT_WITH_EDITS = TEXT.flatmap(lambda text: st.tuples(st.just(text), edits_of(text)))


def test_a_span_is_a_part_of_the_text() -> None:
    assert Span(2, 5).of("abcdefg") == "cde"
    assert Span(2, 5).shifted(-2) == Span(0, 3)


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([], False),
        ([Edit(0, 2, "")], False),
        ([Edit(0, 2, ""), Edit(2, 3, "")], False),
        ([Edit(2, 3, ""), Edit(0, 2, "")], False),
        ([Edit(0, 2, ""), Edit(1, 3, "")], True),
        ([Edit(0, 9, ""), Edit(1, 2, ""), Edit(3, 4, "")], True),
        ([Edit(0, 2, ""), Edit(0, 2, "")], True),
        ([Edit(1, 1, "a"), Edit(1, 1, "b")], True),
        ([Edit(1, 1, "a"), Edit(1, 2, "b")], False),
        ([Edit(0, 1, "a"), Edit(1, 1, "b")], False),
        ([Edit(0, 3, "a"), Edit(1, 1, "b")], True),
    ],
)
def test_conflicting(edits: list[Edit], expected: bool) -> None:
    assert conflicting(edits) is expected


@pytest.mark.parametrize(
    ("text", "edits", "expected"),
    [
        ("abc", [], "abc"),
        ("abc", [Edit(1, 2, "")], "ac"),
        ("abc", [Edit(3, 3, "d"), Edit(0, 0, "_")], "_abcd"),
        ("abc", [Edit(1, 2, "B"), Edit(1, 1, "_")], "a_Bc"),
        ("a\U0001f600\ud800", [Edit(1, 2, "")], "a\ud800"),
    ],
)
def test_apply_edits(text: str, edits: list[Edit], expected: str) -> None:
    assert apply_edits(text, edits) == expected


@pytest.mark.parametrize("edit", [Edit(-1, 1, ""), Edit(2, 1, ""), Edit(1, 4, ""), Edit(4, 4, "")])
def test_an_edit_outside_the_text_raises(edit: Edit) -> None:
    with pytest.raises(ValueError, match="outside a text of 3"):
        apply_edits("abc", [edit])


def test_edits_that_overlap_raise() -> None:
    with pytest.raises(ValueError, match=r"^edits overlap$"):
        apply_edits("abc", [Edit(0, 2, ""), Edit(1, 3, "")])


@given(TEXT_WITH_EDITS)
def test_what_no_edit_touches_is_copied(text_and_edits: tuple[str, list[Edit]]) -> None:
    text, edits = text_and_edits
    assert not conflicting(edits)
    expected = text
    for edit in sorted(edits, reverse=True):
        expected = expected[: edit.start] + edit.content + expected[edit.end :]
    assert apply_edits(text, edits) == expected


@given(TEXT_WITH_EDITS)
def test_bytes_are_spliced_as_texts_are_edited(text_and_edits: tuple[str, list[Edit]]) -> None:
    text, edits = text_and_edits
    splices = [
        (edit.start, edit.end, edit.content.encode("utf-32-le", "surrogatepass"))
        for edit in sorted(edits)
    ]
    data = text.encode("utf-32-le", "surrogatepass")
    spliced = with_splices(data, [(4 * start, 4 * end, content) for start, end, content in splices])
    assert spliced.decode("utf-32-le", "surrogatepass") == apply_edits(text, edits)


@given(st.text("abc"), st.text("abc"))
@example("abcabc", "abcxabc")
@example("xcbabc", "ycbbbc")
def test_the_differing_part(old: str, new: str) -> None:
    start, end, content = difference(old, new)
    assert old[:start] + content + old[end:] == new
    removed = old[start:end]
    if removed and content:
        assert removed[0] != content[0]
        assert removed[-1] != content[-1]
    else:
        assert max(len(removed), len(content)) == abs(len(old) - len(new))


@given(st.text("abc"), st.text("abc"))
@example("xcbabc", "ycbbbc")
def test_the_changed_part(old: str, new: str) -> None:
    start, end = changed(old, new)
    same_end = len(new) - end
    before, after = old[start : len(old) - same_end], new[start:end]
    assert old[:start] + after + old[len(old) - same_end :] == new
    if before and after:
        assert before[0] != after[0]
        assert before[-1] != after[-1]
    else:
        assert max(len(before), len(after)) == abs(len(old) - len(new))


@given(st.binary(max_size=9), st.lists(st.binary(max_size=4), min_size=2, max_size=2), st.binary())
def test_the_ends_of_bytes_are_compared_as_one_after_the_other(
    start: bytes, middles: list[bytes], end: bytes
) -> None:
    one, other = (start + middle + end for middle in middles)
    first = common_length(one, other)
    last = common_length(one[first:][::-1], other[first:][::-1])
    assert common_ends(one, other) == (first, last)
