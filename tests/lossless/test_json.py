"""JSON with places: Python's `json` and the package `json5` are the judges of what it says."""

import json
import re
from collections.abc import Iterator
from typing import Any

import json5
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.lossless.json_members import (
    closing,
    elements,
    members,
    parse_path,
    sites,
    validate,
    value_end,
    value_of,
)
from flaglift.lossless.json_reader import read
from flaglift.lossless.json_tokens import (
    JSON,
    JSON5,
    PYTHON,
    Grammar,
    decoded,
    encoded,
    is_identifier,
    skip_blanks,
)
from lossless.timing import growth

SOUP = st.lists(
    st.sampled_from(
        [
            "{", "}", "[", "]", ",", ":", " ", "\n", "\r\n", '"a"', '"b"', "'a'", '"', "'", "\\",
            '"\\u00e9"', '"\\ud83d\\ude00"', '"\\ud800"', '"\\u12"', '"\\q"', '"\\x41"', '"\\/"',
            '"a\nb"', "'a\\\nb'", '"\\1"', '"\x01"', '"\x7f"', '"\u2028"', "é", "1", "-1", "01",
            "1.5", ".5", "1.", "1e+7", "1E-2", "+1", "-", "0x1f", "NaN", "-Infinity", "true",
            "null", "nul", "a", "$b", "\\u0061", "//", "/*", "*/", "/* a */", "// b\n", "\ufeff",
            "\u2028", "\u00a0", "\t", "\x0b", "#", '{"a": 1}', '"a": 1', "[1, 2]", ",]", ",}",
        ]
    ),
    max_size=9,
).map("".join)  # fmt: skip


def accepts(document: str, grammar: Grammar) -> bool:
    documents = read(document.encode(), grammar).documents
    return len(documents) == 1 and not documents[0].fault


def refuse(name: str) -> str:
    raise ValueError(name)


@example("1e+7")
@example('{"a": 1,}')
@example("[1")
@given(SOUP)
def test_what_is_valid_is_what_python_reads(document: str) -> None:
    for grammar, constant in ((JSON, refuse), (PYTHON, str)):
        try:
            json.loads(document, parse_constant=constant)
        except ValueError:
            valid = False
        else:
            valid = True
        assert accepts(document, grammar) == valid
        if valid:
            validate(document.encode(), grammar)
            assert accepts(document, JSON5)
        else:
            with pytest.raises(ValueError, match="not valid JSON"):
                validate(document.encode(), grammar)


@example("{a: 'b', /* c */ $d: [+1, 0x1F, .5,], }")
@given(SOUP)
def test_what_is_valid_json5_is_what_its_package_reads(document: str) -> None:
    try:
        values = list(strings(json5.loads(document, object_pairs_hook=Pairs)))
    except (ValueError, RecursionError):
        assert not accepts(document, JSON5)
    else:
        assert accepts(document, JSON5)
        assert texts(document.encode()) == values


class Pairs(list[tuple[str, Any]]):
    """An object with its repeated keys."""


def strings(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the strings of a document that Python has read, each with its path."""
    if isinstance(value, str):
        # The package `json5` does not join the halves of a surrogate pair.
        yield path, value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    elif isinstance(value, Pairs):
        for key, inner in value:
            yield from strings(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from strings(inner, (*path, number))


def texts(data: bytes) -> list[tuple[Any, ...]]:
    (document,) = read(data).documents
    return [(text.path(data), decoded(data[text.start : text.end])) for text in document.texts]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
)


@st.composite
def spelt(draw: st.DrawFn, values: st.SearchStrategy[Any] = VALUES) -> bytes:
    """Return a value in one of the spellings that programs write."""
    value = draw(values)
    text = json.dumps(
        value,
        ensure_ascii=draw(st.booleans()),
        indent=draw(st.sampled_from([None, 0, 2, "\t"])),
        separators=draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")])),
    )
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


@given(spelt())
def test_every_string_is_found_at_its_place(data: bytes) -> None:
    assert texts(data) == list(strings(json.loads(data, object_pairs_hook=Pairs)))


@given(spelt())
def test_members_and_elements_are_what_python_reads(data: bytes) -> None:
    value = json.loads(data)
    start = skip_blanks(data, 0)
    assert value_end(data, start) == len(data)
    if isinstance(value, dict):
        inside = members(data, start)
        found = {member.key: value_of(data, member) for member in inside}
        assert repr(found) == repr(value)
        assert all(decoded(data[m.start : m.key_end]) == m.key for m in inside)
        assert not inside or closing(data, inside) == len(data) - 1
    elif isinstance(value, list):
        ends = [value_end(data, each) for each in elements(data, start)]
        found_list = [
            json.loads(data[begin:end])
            for begin, end in zip(elements(data, start), ends, strict=True)
        ]
        assert repr(found_list) == repr(value)


@given(spelt(st.dictionaries(st.text(), VALUES) | st.lists(VALUES)))
def test_a_value_that_is_cut_off_does_not_end(data: bytes) -> None:
    cuts = range(0, len(data), 1 + len(data) // 100)  # all of them in most
    assert {value_end(data[:cut], 0) for cut in cuts} == {None}


@given(VALUES, st.booleans())
def test_what_is_written_is_read_again(value: Any, ascii_only: bool) -> None:
    assert repr(json.loads(encoded(value, ascii_only=ascii_only))) == repr(value)


@given(SOUP, st.integers(0, 40))
def test_what_is_broken_is_read_in_order(document: str, cut: int) -> None:
    data = document.encode()[:cut]
    documents = read(data).documents
    spans = [(text.start, text.end) for each in documents for text in each.texts]
    assert spans == sorted(spans)
    assert all(a < b for a, b in spans)
    assert all(each.fault or each.end > each.start for each in documents)
    for each in documents:
        assert all(isinstance(text.path(data), tuple) for text in each.texts)
        assert all(isinstance(text.nearest_key(data), str) for text in each.texts)


@pytest.mark.parametrize(
    ("document", "faults"),
    [
        ('{"a": "x" "b": "y"}', ["a key is not expected here"]),
        ('{"a": "x\n "b": "y"}', ["a string that is not closed"]),
        ('["a" "b"]', ["a value is not expected here"]),
        ('{"a"}', ["a value is missing"]),
        ('{"a":}', ["a value is missing"]),
        ("[1,,2]", ["a comma is not expected here"]),
        (":", ["a colon is not expected here"]),
        ("]", ["a closing bracket that was not opened"]),
        ("[}]", ["a closing bracket that was not opened"]),
        ("/* a", ["a comment that is not closed"]),
        ("/*/", ["a comment that is not closed"]),
        ("[\x01]", ["a character that is not expected here"]),
        ('["a', ["a string that is not closed"]),
        ("[1", ["it ends too early"]),
        ("{{ a }}", ["a value is not expected here"]),
        ('{"a": 1} {"b": 2}', ["", ""]),
        ('{"a": 1} ] {"b": 2}', ["", "a closing bracket that was not opened"]),
        ('["\\u12"]', ["an escape or a character that a string cannot hold"]),
        ("[nul]", ["a word that is not a value"]),
    ],
)
def test_the_first_fault_is_told(document: str, faults: list[str]) -> None:
    assert [each.fault for each in read(document.encode()).documents] == faults


@pytest.mark.parametrize(
    ("document", "at"),
    [
        ('{"a": "x" ¡"b": "y"}', 10),
        ('["a" ¡"b"]', 5),
        ('{"a": ¡}', 6),
        ("[1, ¡, 2]", 4),
        ("[1 ¡: 2]", 3),
        ('{"a": 1} ¡]', 9),
        ("[1] ¡/* a", 4),
        ("[¡\x01]", 1),
        ('["b", ¡"a', 6),
        ("[1, ¡nul]", 4),
        ('["a", ¡"\\u12"]', 6),
        ("[1 ¡", 3),
    ],
)
def test_the_place_of_the_first_fault(document: str, at: int) -> None:
    assert document.index("¡") == at
    assert read(document.replace("¡", "").encode()).documents[-1].at == at


@pytest.mark.parametrize(
    ("document", "keys"),
    [
        (b'"a"', [""]),
        (b'["a", ["b"]]', ["", ""]),
        (b'{"k": "a", "l": ["b", ["c"]], m: {"n": [{"o": "d"}, "e"]}}', ["k", "l", "l", "o", "n"]),
        (b'[{"k\\u006b": ["a"]}, "b"]', ["kk", ""]),
        (b'{"k\xff": "a", "\\u12": "b"}', ['"k\ufffd"', '"\\u12"']),
        (b'{"a" "b"}', ["a"]),
        (b'{: "b"}', [""]),
    ],
)
def test_the_nearest_key(document: bytes, keys: list[str]) -> None:
    texts = read(document).documents[0].texts
    assert [each.nearest_key(document) for each in texts] == keys


@pytest.mark.parametrize(
    ("word", "is_name"),
    [
        (b"a1", True),
        (b"1a", False),
        (b"$", True),
        (b"_a$", True),
        ("a\u200cb\u200d".encode(), True),
        ("\u200c".encode(), False),
        (rb"\u0061b", True),
        (rb"\u0020b", False),
        (b"a\xff", False),
        (b"a-b", False),
    ],
)
def test_what_may_be_a_key_without_quotes(word: bytes, is_name: bool) -> None:
    assert is_identifier(word) is is_name


def test_comments_are_found_outside_of_strings() -> None:
    data = b'// a\n{"b": "// no", /* c\n */ "d": 1} // e\xe2\x80\xa8/**/'
    found = [data[slice(*span)] for span in read(data).comments]
    assert found == [b"// a", b"/* c\n */", b"// e", b"/**/"]


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'"\\ud83d\\ude00"', "😀"),
        (b"'\\x41\\v\\0\\\r\nb'", "A\v\0b"),
        ("'a\\\u2028b'".encode(), "ab"),
        (b"\\u0061b", "ab"),
        (rb"'it\'s \q'", "it's q"),
        (b'"\\u12"', None),
        (b'"\xff"', None),
    ],
)
def test_strings_stand_for_texts(raw: bytes, text: str | None) -> None:
    assert decoded(raw) == text


DEEP = 20_000
"""Far more than a reader could reach that calls itself."""


@pytest.mark.parametrize(
    "data",
    [
        b"[" * DEEP + b'"a"' + b"]" * DEEP,
        b'{"a":' * DEEP + b'"a"' + b"}" * DEEP,
        b'[{"a":[' * (DEEP // 3) + b'"a"' + b"]}]" * (DEEP // 3),
    ],
)
@pytest.mark.no_cover
def test_any_depth_is_read(data: bytes) -> None:
    validate(data)
    ((text,),) = (document.texts for document in read(data).documents)
    assert data[text.start : text.end] == b'"a"'
    assert len(text.path(data)) >= DEEP * 2 // 3
    assert value_end(data, 0) == len(data)
    with pytest.raises(ValueError, match="it ends too early at byte"):
        validate(data[:-1])
    with pytest.raises(ValueError, match="extra data at byte"):
        validate(data + b" 1")


def test_members_of_what_is_cut_off_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^a value does not end$"):
        members(b'{"a": "b', 0)


@pytest.mark.no_cover
def test_a_path_may_be_as_long_as_the_document_is_deep() -> None:
    steps = ["a"] * 2_000
    data = b'{"a":' * 2_000 + b'"b"' + b"}" * 2_000
    (site,) = sites(data, steps)
    assert value_of(data, site.members[0]) == "b"


BROKEN = {
    "comments": b"/* ",
    "quotes": b'"a\n',
    "openings": b'{"a":[',
    "closings": b"]}",
    "blanks": b'  "a"  ',
    "slashes": b"/ ",
    "escapes": b'"\\',
    "objects": b'{"a": "b", "c": [1, 2.5, "d e f"]}\n',
    "strings": b'"a" /* b */ ',
}


@pytest.mark.parametrize("piece", BROKEN.values(), ids=BROKEN)
@pytest.mark.no_cover
def test_time_grows_with_the_bytes(piece: bytes) -> None:
    small = piece * (10_000 // len(piece))
    assert growth(read, small, small * 10) < 30  # a quadratic one: 100


@pytest.mark.parametrize(
    ("document", "path", "places"),
    [
        ('{"a": {"text": 1}}', "a.text", ["a.text"]),
        ('{"a": null}', "a.text", []),
        ('{"b": {"text": 1}}', "a.text", []),
        (
            '{"a": [{"text": 1}, null, {"b": 2}, {"text": 3}]}',
            "a[].text",
            ["a[0].text", "a[3].text"],
        ),
        ('{"a": null}', "a[].text", []),
        ('{"a": [[{"text": 1}]]}', "a[][].text", ["a[0][0].text"]),
        ('[{"text": 1}, {"text": 2}]', "[].text", ["[0].text", "[1].text"]),
        ('{"a.b": {"c\\nd": 1}}', "a\\.b.c\\\nd", ["a.b.c\nd"]),
        ('{"a[]": {"text": 1}}', r"a\[\].text", ["a[].text"]),
    ],
)
def test_a_path_leads_to_objects_and_nowhere_from_null(
    document: str, path: str, places: list[str]
) -> None:
    assert [site.place for site in sites(document.encode(), parse_path(path))] == places


@pytest.mark.parametrize(
    ("document", "path", "sentence"),
    [
        ('{"a": {"text": 1}}', "a[].text", "`a` is not a list"),
        ('{"a": [1]}', "a.text", "`a` is not an object"),
        ('{"a": [1]}', "a[].text", r"`a\[0\]` is not an object"),
        ("[1]", "text", "^it is not an object$"),
        ('{"a": {"b": [1]}}', "a.b.text", r"^`a\.b` is not an object$"),
        ('{"a": {"b": [1]}}', "a.b.c.text", r"^`a\.b` is not an object$"),
        ('{"a": {"text": 1}, "a": {"text": 2}}', "a.text", "a"),
        ('{"text": 1, "text": 2}', "text", "text"),
    ],
)
def test_a_path_that_does_not_fit_the_document(document: str, path: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        sites(document.encode(), parse_path(path))


@pytest.mark.parametrize(
    "path", ["", ".", "a.", ".a", "a..b", "a[]", "[]", "a[", "a]b", "a[0]", "a\\"]
)
def test_what_is_no_path(path: str) -> None:
    with pytest.raises(ValueError, match=f"^`{re.escape(path)}` is not a path to a text such as"):
        parse_path(path)


def test_the_object_of_a_path_is_where_its_brace_is() -> None:
    document = b'{"a": [{"text": 1}, {"b": 2, "text": 3}]}'
    found = sites(document, parse_path("a[].text"))
    assert [document[each.opening : each.opening + 5] for each in found] == [b'{"tex', b'{"b":']


def test_a_constant_that_json_has_not_is_named() -> None:
    validate(b"[NaN]")
    with pytest.raises(ValueError, match=r"^not valid JSON: NaN is not a value of it$"):
        validate(b"[NaN]", JSON)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"a": }', "not valid JSON: expecting value at column 7"),
        (b"1 2", "not valid JSON: extra data at column 3"),
        (b'{"a": "x', "not valid JSON: unterminated string starting at column 7"),
        (b'["\n"]', "not valid JSON: invalid control character at column 3"),
        (b"[" * 60_000 + b"]" * 60_000 + b" 1", "not valid JSON: extra data at byte 120002"),
        (
            b"[" * 60_000 + b"x" + b"]" * 60_000,
            "not valid JSON: a word that is not a value at byte 60001",
        ),
        (b'"\xff', "not UTF-8: byte 2 is 0xff"),
    ],
)
def test_why_a_value_is_not_valid_is_said_with_the_place(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        validate(data)


def test_a_word_of_pythons_json_is_no_value_elsewhere_however_deep_it_is() -> None:
    for depth in (1, 60_000):
        data = b"[" * depth + b"NaN" + b"]" * depth
        validate(data)
        with pytest.raises(ValueError, match="not valid JSON"):
            validate(data, JSON)
