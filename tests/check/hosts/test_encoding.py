"""Files in other encodings are read, and written back in theirs, or it is said why not."""

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.check.hosts.encoding import ByteOffsets, decode
from flaglift.errors import InputError
from flaglift.lossless.spans import Span


@pytest.mark.parametrize(
    ("raw", "suffix", "text"),
    [
        (b"", "", ""),
        ("é".encode(), "", "é"),
        (codecs.BOM_UTF8 + b"a", "", "a"),
        (codecs.BOM_UTF16_LE + "aé\U0001f600".encode("utf-16-le"), ".txt", "aé\U0001f600"),
        (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), "", "a"),
        (codecs.BOM_UTF32_LE + "a".encode("utf-32-le"), "", "a"),
        (codecs.BOM_UTF32_BE + "a".encode("utf-32-be"), "", "a"),
        (
            "# -*- coding: latin-1 -*-\n'é'".encode("latin-1"),
            ".py",
            "# -*- coding: latin-1 -*-\n'é'",
        ),
        ("#!x\n# encoding: cp1252\n'€'".encode("cp1252"), ".rb", "#!x\n# encoding: cp1252\n'€'"),
        (b"# coding: utf-8\n", ".py", "# coding: utf-8\n"),
    ],
)
def test_declared_encodings_are_honoured(raw: bytes, suffix: str, text: str) -> None:
    decoded = decode(raw, suffix)
    assert decoded.data.decode() == text
    assert decoded.restore(decoded.data) == raw


@pytest.mark.parametrize(
    ("raw", "suffix", "message"),
    [
        (b"a\n\xe9", ".txt", "not UTF-8: byte 2 (line 2), and no other encoding is declared"),
        (b"# coding: latin-1\n\n\xe9", ".txt", "not UTF-8: byte 19 (line 3), and no other"),
        (b"a\0b", "", "is binary, so it is not read"),
        (codecs.BOM_UTF16_LE + b"a", "", "not UTF-16-LE: byte 2 (line 1)"),
        (b"# coding: nonesuch\n", ".py", "declares an unknown encoding, nonesuch"),
        (b"# coding: ascii\n\xe9", ".py", "not ASCII: byte 16 (line 2)"),
        (b"# coding: utf-7\n'+AGE-'", ".py", "has several spellings"),
        (b"# coding: rot13\n", ".py", "declares an unknown encoding, rot13"),
    ],
)
def test_what_cannot_be_read_is_said(raw: bytes, suffix: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        decode(raw, suffix)
    assert message in str(caught.value)


def test_what_an_encoding_cannot_hold_is_not_written() -> None:
    decoded = decode("# coding: latin-1\n'é'".encode("latin-1"), ".py")
    with pytest.raises(UnicodeEncodeError):
        decoded.restore("€".encode())


@given(st.binary(max_size=20), st.sampled_from(["", ".py", ".rb", ".txt"]))
def test_reading_and_writing_back_changes_nothing(raw: bytes, suffix: str) -> None:
    try:
        decoded = decode(raw, suffix)
    except InputError:
        return
    assert decoded.restore(decoded.data) == raw


PIECES = st.sampled_from(
    ["", "a", "é", "猫", "\U0001f600", "é" * 100, "é" * 101, "a" * 300, "猫" * 250]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.data())
def test_offsets_in_bytes_and_back(text: str, data: st.DataObject) -> None:
    offsets = ByteOffsets(text)
    index = data.draw(st.integers(0, len(text)))
    offset = len(text[:index].encode())
    assert offsets[index] == offset
    assert offsets.code_points(Span(0, offset)) == Span(0, index)
