"""Pairs of URL-encoded text: Python's `urllib` is the judge of what they hold."""

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from flaglift.lossless.urlencoded import decoded, encoded, is_broken, pairs
from lossless.timing import growth

BODY = st.text(alphabet="ab=&+%4é[]", max_size=20).map(str.encode)


@given(BODY)
def test_pairs_are_what_python_reads(data: bytes) -> None:
    found = [(decoded(p.name(data)), decoded(data[p.value : p.end])) for p in pairs(data)]
    read = parse_qsl(data.decode(), keep_blank_values=True, max_num_fields=None)
    if None not in [text for pair in found for text in pair]:
        assert [pair for pair in found if pair != ("", "")] == [p for p in read if p != ("", "")]


@given(BODY)
def test_pairs_join_to_what_they_were_parted_from(data: bytes) -> None:
    assert b"&".join(data[pair.start : pair.end] for pair in pairs(data)) == data


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_what_is_written_is_read_again(fields: list[tuple[str, str]]) -> None:
    written = b"&".join(encoded(name) + b"=" + encoded(value) for name, value in fields)
    assert written.decode() == urlencode(fields)
    assert not is_broken(written)
    found = [(decoded(p.name(written)), decoded(written[p.value : p.end])) for p in pairs(written)]
    assert found == fields


def test_what_is_kept_is_not_escaped() -> None:
    assert encoded("prompt[text]", keep="[]") == b"prompt[text]"
    assert encoded("prompt[text]") == b"prompt%5Btext%5D"


def test_time_grows_with_the_bytes() -> None:
    assert growth(lambda data: list(pairs(data)), b"a=1&" * 5_000, b"a=1&" * 50_000) < 30
    assert growth(lambda data: list(pairs(data)), b"&" * 5_000, b"&" * 50_000) < 30
