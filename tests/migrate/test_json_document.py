"""Prompts in JSON: what is not lifted stays, to the byte."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift import Settings, translate
from flaglift.lossless.json_members import parse_path
from flaglift.migrate.decision import Decider
from flaglift.migrate.job import DEFAULT_TARGETS
from flaglift.migrate.json_document import JsonDocuments
from flaglift.migrate.json_rewriting import JsonRewriter
from flaglift.migrate.records import Problem, StoredRecord

DECIDE = Decider(Settings(), None)
FLAGS = "--video --video_model kling25 --duration 5"


def migrated(line: str, path: str = "text") -> str:
    documents = JsonDocuments(path, DEFAULT_TARGETS)
    data = line.encode()
    verdicts = [DECIDE(stored) for stored in documents.read(data)]
    return documents.write(data, [v for v in verdicts if v.writes]).decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        # numbers, escapes, duplicate keys, spaces
        (
            rb'{"n": 1e400 ,"i":12345678901234567890, "text" : "caf\u00e9 \/ %s b\u0041",'
            rb' "x":1,"x" :-0.0}',
            rb'{"n": 1e400 ,"i":12345678901234567890, "text" : "caf\u00e9 \/ b\u0041",'
            rb' "video_model" : "kling25", "video_prompt" : "caf\u00e9 / bA",'
            rb' "video_duration" : 5, "x":1,"x" :-0.0}',
        ),
        (
            b'{"text":"a %s"}',
            b'{"text":"a","video_model":"kling25","video_prompt":"a","video_duration":5}',
        ),
        (
            b'{\r\n\t"text": "a %s",\r\n\t"id": 1\r\n}',
            b'{\r\n\t"text": "a",\r\n\t"video_model": "kling25",\r\n\t"video_prompt": "a",'
            b'\r\n\t"video_duration": 5,\r\n\t"id": 1\r\n}',
        ),
        (
            b'{"id":1,\n "text":"a %s"\n}',
            b'{"id":1,\n "text":"a",\n "video_model":"kling25",\n "video_prompt":"a",'
            b'\n "video_duration":5\n}',
        ),
        # keys that are there, empty: their values are written, nothing is added
        (
            b'{"video_prompt": "", "text": "a %s", "video_model": null, "video_duration":5}',
            b'{"video_prompt": "a", "text": "a", "video_model": "kling25", "video_duration":5}',
        ),
        # an escaped key; UTF-8 beside; a text that ends up empty
        (
            '{"t\\u0065xt": "猫 %s"}'.encode(),
            (
                '{"t\\u0065xt": "猫", "video_model": "kling25", "video_prompt": "猫",'
                ' "video_duration": 5}'
            ).encode(),
        ),
    ],
)  # fmt: skip
def test_splices(before: bytes, after: bytes) -> None:
    assert migrated(before.decode().replace("%s", FLAGS)) == after.decode()


def test_lists_of_prompts() -> None:
    line = (
        '{"prompts_attributes": [{"text": "a %s"}, {"text": null}, {"no": 1}, null,'
        ' {"text": "b %s"}]}'
    )
    new = json.loads(migrated(line.replace("%s", FLAGS), "prompts_attributes[].text"))
    first, *_, last = new["prompts_attributes"]
    assert (first["text"], last["text"]) == ("a", "b")
    assert first["video_model"] == last["video_model"] == "kling25"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"[1", "not valid JSON"),
        (b"", "not valid JSON"),
        (b'{"text": "a\xff"}', "not UTF-8: byte 12 is 0xff"),
        (b'{"text": 3}', "`text` is not a text"),
        (b'{"text": "a", "text": "b"}', "the key `text` stands in it 2 times"),
        (b'{"text": "a", "video_model": 1, "video_model": 2}', "`video_model` stands in it 2"),
        (b'["a"]', "it is not an object"),
        (b"[" * 100_000 + b"]" * 100_000, "it is not an object"),
        (b"[" * 100_000 + b"]" * 99_999, "not valid JSON: it ends too early at byte 200000"),
    ],
)
def test_what_cannot_be_read_is_said(line: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        JsonDocuments("text", DEFAULT_TARGETS).read(line)


def test_a_path_through_a_value_of_another_kind_is_said() -> None:
    with pytest.raises(ValueError, match="`a` is not a list"):
        JsonDocuments("a[].text", DEFAULT_TARGETS).read(b'{"a": {"text": "b"}}')


@pytest.mark.parametrize(
    ("key", "line", "named"),
    [
        ("id", b'{"id": 7, "text": "a"}', "7"),
        ("meta.id", b'{"meta": {"id": "x"}, "text": "a"}', "x"),
        ("ids[].id", b'{"ids": [{"id": null}], "text": "a"}', "None"),
        ("id", b'{"n": 1, "n": 2, "id": 7, "text": "a"}', "7"),
        ("id", b'{"n": %s, "id": "\\u0061", "text": "a"}' % (b"9" * 5000), "a"),
        (None, b'{"n": 1, "n": 2, "id": 7, "text": "a"}', "12"),
        (None, b'{"id": 7, "text": "a"}', "12"),
    ],
)
def test_a_document_is_named_by_its_key(key: str | None, line: bytes, named: str) -> None:
    record = JsonDocuments("text", DEFAULT_TARGETS, key).record(line, 12, 30, every=True)
    assert isinstance(record, StoredRecord)
    assert (record.key, record.body) == (named, slice(30, 30 + len(line)))
    assert [stored.text for stored in record.prompts] == ["a"]


@pytest.mark.parametrize(
    ("key", "line", "sentence"),
    [
        ("id", b'{"text": "a"}', "there is no single key `id` in it"),
        ("ids[].id", b'{"ids": [{"id": 1}, {"id": 2}], "text": "a"}', "no single key `ids[].id`"),
        ("ids[].id", b'{"ids": [{"id": 1}, {"id": 2}], "n": 1, "n": 2, "text": "a"}', "no single"),
        ("id", b'{"id": 1, "id": 2, "text": "a"}', "the key `id` stands in it 2 times"),
        ("id", b'{"id": %s, "text": "a"}' % (b"9" * 5000), "`id` has more digits than can be read"),
        (None, b'{"video_duration": %s, "text": "a"}' % (b"9" * 5000), "`video_duration` has more"),
    ],
)
def test_a_document_without_a_single_name_is_a_problem(
    key: str | None, line: bytes, sentence: str
) -> None:
    problem = JsonDocuments("text", DEFAULT_TARGETS, key).record(line, 12, 0, every=False)
    assert isinstance(problem, Problem)
    assert problem.key == "12"
    assert sentence in problem.sentence


def test_plain_documents_are_skipped_unless_every_one_is_wanted() -> None:
    documents = JsonDocuments("text", DEFAULT_TARGETS, "id")
    line, flagged = b'{"id": 7, "text": "a"}', b'{"id": 7, "text": "a --video"}'
    taken: list[tuple[int, int]] = []

    def change(data: bytes, document: dict[str, Any], number: int, start: int) -> bool:
        taken.append((number, start))
        return document["text"] == "a --video" and data == flagged

    assert documents.record(line, 1, 0, every=False, change=change) is None
    assert documents.record(flagged, 2, 30, every=False, change=change) is None
    assert taken == [(2, 30)]
    assert documents.record(flagged, 3, 60, every=True, change=change) is not None
    assert documents.record(b'{"id": 7, "text": "b --video"}', 4, 90, every=False, change=change)
    assert taken == [(2, 30), (4, 90)]
    # Values that are known are not read again.
    known = {"id": 8, "text": "a --video"}
    record = documents.record(b"{}", 5, 0, every=False, document=known)
    assert isinstance(record, StoredRecord)
    assert (record.key, record.prompts[0].text) == ("8", "a --video")


@pytest.mark.parametrize("path", ["", ".", "a.", "a..b", "a[]", "a[0].b", "[", "a]b", "a\\"])
def test_paths_that_are_none(path: str) -> None:
    with pytest.raises(ValueError, match="is not a path"):
        parse_path(path)


@example(["."])
@example(["\n", "\\"])
@given(st.lists(st.text(min_size=1), min_size=1))
def test_any_key_can_be_named_in_a_path(keys: list[str]) -> None:
    path = ".".join("".join(f"\\{c}" if c in ".[]\\" else c for c in key) for key in keys)
    assert parse_path(path) == keys


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
WORDS = st.sampled_from(
    ["a", "é", "猫", "\n", "\\", '"x y"', "/", "\x7f", "😀", "<lora:1:1>", "\t"]
)
TEXT = st.builds(
    lambda words, flags, at: " ".join([*words[:at], *flags, *words[at:]]),
    st.lists(WORDS, max_size=6),
    st.sampled_from([[], FLAGS.split(), ["--video"], ["--video", "--video_model", "kling25"]]),
    st.integers(0, 6),
)


@st.composite
def documents(draw: st.DrawFn) -> tuple[str, str]:
    """Return a document with a text in it, spelled in some way, and the text."""
    text = draw(TEXT)
    before = draw(
        st.dictionaries(st.text().filter(lambda k: k not in DEFAULT_TARGETS), JSON, max_size=3)
    )
    before.pop("text", None)
    ascii_only = draw(st.booleans())
    indent = draw(st.sampled_from([None, 1, "\t"]))
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,", " : ")]))
    items: list[tuple[str, Any]] = list(before.items())
    items.insert(draw(st.integers(0, len(items))), ("text", text))
    return json.dumps(
        dict(items), ensure_ascii=ascii_only, indent=indent, separators=separators
    ), text


@given(documents())
def test_everything_but_the_lifted_text_is_identical(document: tuple[str, str]) -> None:
    line, text = document
    new = migrated(line)
    translation = translate(text)
    if translation.status.value != "translated":
        assert new == line
        return
    old_values, new_values = json.loads(line), json.loads(new)
    fields = {"text": "", **translation.values}
    assert {name: new_values.pop(name) for name in fields} == fields
    del old_values["text"]
    assert repr(new_values) == repr(old_values)  # a NaN is unlike itself
    # Taken out of the new line, what was added leaves the old line around the text.
    spelled = [json.dumps(text, ensure_ascii=flag) for flag in (True, False)]
    raw = next(s for s in spelled if s in line)
    head, tail = line.split(raw, 1) if line.count(raw) == 1 else ("", "")
    assert new.startswith(head)
    assert new.endswith(tail)


SLASH = st.sampled_from(["/", r"\/", r"\u002f"])
LOOKALIKES = st.sampled_from(
    ['"text"', '"text": "a"', '", "text": "a"', "text", '{"text": "b"}', '"video_model": 1']
)
INNER = st.recursive(
    LOOKALIKES | st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["text", "video_model", "a", *["\\", '"']]), inner)
    ),
    max_leaves=5,
)


@st.composite
def misleading(draw: st.DrawFn) -> str:
    """Return a document in which the names of members stand in other places, too."""
    keys = draw(st.lists(st.sampled_from(["a", "b", 'c"', "video_model", "video_prompt"])))
    items = [(json.dumps(key), json.dumps(draw(INNER))) for key in dict.fromkeys(keys)]
    name = draw(st.sampled_from(['"text"', '"t\\u0065xt"', '"text" ']))
    raw = json.dumps(draw(TEXT), ensure_ascii=draw(st.booleans()))
    items.insert(draw(st.integers(0, len(items))), (name, raw.replace("/", draw(SLASH))))
    colon, comma = draw(st.sampled_from([(":", ","), (": ", ", "), (" :", ",\n  ")]))
    return "{" + draw(st.sampled_from(["", "\n  "])) + comma.join(map(colon.join, items)) + "}"


@example('{"a": {"text": "x"}, "t\\u0065xt": "b --video --video_model kling25"}')
@given(misleading())
def test_members_found_by_name_are_written_as_those_found_by_a_walk(line: str) -> None:
    data = line.encode()
    documents = JsonDocuments("text", DEFAULT_TARGETS)
    verdicts = [v for v in map(DECIDE, documents.read(data)) if v.writes]
    if verdicts:
        by_places = JsonRewriter(["text"], DEFAULT_TARGETS)._by_places(data, verdicts)
        assert documents.write(data, verdicts) == by_places


SPELLINGS = [
    (separators, ascii_only) for separators in [(", ", ": "), (",", ":")] for ascii_only in (0, 1)
]


@pytest.mark.parametrize(("separators", "ascii_only"), SPELLINGS)
@pytest.mark.parametrize(
    "beside",
    [
        {}, {"a": 1e16, "b": [None, True, {"text": "c"}]}, {"a": "\u00e9\u2028/\x7f"},
        {"video_duration": None, "a": {"video_model": "x"}}, {"a": float("nan")},
        {"a": "\ud800"}, {'":  ': 10**40},
    ],
    ids=["nothing", "values", "signs", "fields", "nan", "surrogate", "colon"],
)  # fmt: skip
@pytest.mark.parametrize("place", [0, 9])
@pytest.mark.parametrize("quoted", ["it yawns", "caf\u00e9 tea"])
def test_documents_in_a_usual_spelling_are_written_as_those_found_by_a_walk(
    separators: tuple[str, str], ascii_only: int, beside: dict[str, Any], place: int, quoted: str
) -> None:
    items = list(beside.items())
    text = f'a "cat" --video --video_model kling25 --duration 5 --video_prompt "{quoted}"'
    items.insert(place, ("text", text))
    line = json.dumps(dict(items), ensure_ascii=bool(ascii_only), separators=separators)
    data = line.encode("utf-8", "surrogatepass" if ascii_only else "backslashreplace")
    documents = JsonDocuments("text", DEFAULT_TARGETS)
    verdicts = [v for v in map(DECIDE, documents.read(data)) if v.writes]
    assert verdicts
    by_places = JsonRewriter(["text"], DEFAULT_TARGETS)._by_places(data, verdicts)
    assert documents.write(data, verdicts) == by_places


@pytest.mark.parametrize(
    "line",
    [
        b'{"a": 1, "a": 1, "text": "%s"}', b'{"a": 1.50, "text": "%s"}', b'{"text": "%s" }',
        b'{"text": "%s", "b": "\\u00e9 \xc3\xa9"}', b'{"a": "\\/", "text": "%s"}',
        b'{"text": "%s","b": 1}', b'[{"text": "%s"}]', b' {"text": "%s"}',
    ],
)  # fmt: skip
def test_documents_in_any_other_spelling_keep_it(line: bytes) -> None:
    data = line % b"a cat --video --video_model kling25"
    documents = JsonDocuments("text" if data[:1] != b"[" else "[].text", DEFAULT_TARGETS)
    verdicts = [v for v in map(DECIDE, documents.read(data)) if v.writes]
    new = documents.write(data, verdicts)
    start, end = line.split(b"%s")
    assert new.startswith(start + b'a cat"')
    assert new.endswith(end[1:])


def test_each_document_keeps_its_own_spacing_however_many_there_are() -> None:
    documents = JsonDocuments("text", {"video_model": "m"})
    for width in range(250):
        gap = " " * width
        data = f'{{"a": 1,{gap}"text":{gap}"a cat {FLAGS}"}}'.encode()
        verdicts = list(map(DECIDE, documents.read(data)))
        new = documents.write(data, verdicts).decode()
        assert new.startswith(f'{{"a": 1,{gap}"text":{gap}"a cat",{gap}"m":{gap}"kling25",')
        # A field that no key was named for has its own name.
        assert json.loads(new)["video_duration"] == 5
