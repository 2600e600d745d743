"""JSON files that are not plain JSON, and those of which a part is broken."""

import json
from itertools import pairwise

import pytest

from flaglift.check.hosts.base import DivisibleHost, Literal, LiteralChange
from flaglift.check.hosts.finding import leaves
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.lossless.spans import Span
from flaglift.settings import DEFAULT

PROMPT = "a cat --video --video_model kling25"


def prompts(name: str, source: str) -> list[Literal]:
    return [each for each in leaves(host_named(name).literals(source.encode())) if each.text]


def moved(name: str, source: str) -> str:
    data, host = source.encode(), host_named(name)
    changes = [lift_literal(each, DEFAULT, [""]) for each in prompts(name, source)]
    made = rewrite(data, host, [each for each in changes if isinstance(each, LiteralChange)])
    assert not made.refused
    return made.data.decode()


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        (
            "json",
            '[{"t": 1e+7, "u": 1E+2}, {"text": "P", "n": -0.5e+1}]',
            '[{"t": 1e+7, "u": 1E+2}, {"text": "a cat", "video_model": "kling25",'
            ' "video_prompt": "a cat", "n": -0.5e+1}]',
        ),
        (
            "jsonl",
            '{"t": 1.7e+18}\n{"text": "P"}\n{"t": NaN}\n',
            '{"t": 1.7e+18}\n{"text": "a cat", "video_model": "kling25", "video_prompt": "a cat"}\n'
            '{"t": NaN}\n',
        ),
        (
            "json",
            "{\n  // one\n  'prompt': {text: 'P', hex: 0x1F,},\n}",
            "{\n  // one\n  'prompt': {text: 'a cat', video_model: \"kling25\","
            " video_prompt: \"a cat\", hex: 0x1F,},\n}",
        ),
        (
            "json",
            '{\n  "text": "P", /* two */\n}',
            '{\n  "text": "a cat", /* two */\n  "video_model": "kling25",\n'
            '  "video_prompt": "a cat",\n}',
        ),
        # a line that is broken says nothing of the others
        (
            "jsonl",
            '{"text": "P"\n{"text": "P"}\n{"a": 1} {"text": "P"}\n{"text": "P",\n',
            '{"text": "P"\n{"text": "a cat", "video_model": "kling25", "video_prompt": "a cat"}\n'
            '{"a": 1} {"text": "P"}\n{"text": "P",\n',
        ),
        # documents over several lines, one after the other
        (
            "jsonl",
            '{\n"text": "P"\n}\n{\n"text": "b"}\n',
            '{\n"text": "a cat",\n"video_model": "kling25",\n"video_prompt": "a cat"\n}\n'
            '{\n"text": "b"}\n',
        ),
    ],
)  # fmt: skip
def test_what_a_reader_takes_is_moved_and_all_else_stays(
    name: str, before: str, after: str
) -> None:
    assert moved(name, before.replace("P", PROMPT)) == after.replace('"P"', f'"{PROMPT}"')


@pytest.mark.parametrize(
    ("name", "source", "reason"),
    [
        ("json", '{"text": "P" "b": 1}', "not valid JSON: a key is not expected here (line 1)"),
        ("json", '{"text": "P"}\n\n}', "a closing bracket that was not opened (line 3)"),
        ("json", '[{"text": "P"}, {{ more }}]', "a value is not expected"),
        ("json", '{"text": "P', "a string that is not closed"),
        ("json", '{"text": "P", "text": "a quiet dog"}', "the key `text` is there twice"),
        ("json", '{"text": "P", "te\\u0078t": "a quiet dog"}', "the key `text` is there twice"),
        ("jsonl", '{"a": 1} {"text": "P"}\n', "more than one value in a line"),
        ("jsonl", '{"b": 1}\n{"text": "P",\n', "it ends too early (line 2)"),
    ],
)
def test_what_is_in_doubt_is_reported_and_stays(name: str, source: str, reason: str) -> None:
    source = source.replace("P", PROMPT)
    assert reason in prompts(name, source)[0].locked
    assert moved_or_refused(name, source) == source


def moved_or_refused(name: str, source: str) -> str:
    data, host = source.encode(), host_named(name)
    changes = [LiteralChange(each, "a cat") for each in prompts(name, source)]
    return rewrite(data, host, changes).data.decode()


@pytest.mark.no_cover
def test_a_document_may_be_deep() -> None:
    source = '{"a":' * 50_000 + json.dumps({"text": PROMPT}) + "}" * 50_000
    (literal,) = prompts("json", source)
    assert not literal.locked
    assert len(literal.origin.path) == 50_001
    assert PROMPT not in moved("json", source)


def test_the_elements_of_a_list_stand_for_themselves() -> None:
    host = host_named("json")
    assert isinstance(host, DivisibleHost)
    data = b'[\n  {"text": "a --video"},\n  {"text": "b"}\n]\n'
    _, cut = host.cuts(data)
    first, last = (host.literals_in(data, Span(*p)) for p in ((0, cut), (cut, len(data))))
    assert first is not None
    assert last is not None
    assert [each.text for each in (*first, *last)] == ["a --video", "b"]
    assert [each.pointer for each in (*first, *last)] == ["/0/text", "/0/text"]


@pytest.mark.parametrize(
    "data",
    [
        b'[\n  {"text": "a --video"},\n  {"text": "b"}\n',  # it does not end
        b'[\n  {"a": "x --video"} {"a": 1},\n  2\n]',  # two values without a comma
        b'[\n  {"a": [\n  1,\n  2]}\n]',  # as much indentation, deeper
        b"[\n  1,\n  ,\n  2\n]",
        b'[\n  1 // a comment,\n  "x --video"\n]',
        b'{\n  "a": "x --video", "b": 1,\n  "c": 2\n}',  # two members in a line
    ],
)
def test_elements_that_are_none_by_themselves(data: bytes) -> None:
    host = host_named("json")
    assert isinstance(host, DivisibleHost)
    edges = [*host.cuts(data), len(data)]
    assert (
        None in [host.literals_in(data, Span(*each)) for each in pairwise(edges)] or not edges[1:]
    )
