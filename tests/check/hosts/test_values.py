"""What a reader of the whole file gets is the same after a change, or what was intended."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.edits import EditPlan
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import ELSEWHERE, rewrite
from flaglift.check.hosts.values import UNREAD, Intention, value_of

P = "a cat --video --video_model kling25 --duration 5"
FIELDS = {"video_model": "kling25", "video_duration": 5}


def blind(literal: Literal) -> Literal:
    """Return a literal whose place says nothing against fields."""
    around = literal.look()
    assert around.siblings is not None
    place = replace(around.siblings, doubts=())  # type: ignore[type-var]
    return replace(literal, look=lambda: around._replace(siblings=place))


def changed(
    name: str, source: str, text: str, fields: Mapping[str, Any] | None = None
) -> tuple[str, list[str]]:
    """Return the document with its first prompt changed, and why not."""
    literal = candidates(source.encode(), host_named(name))[0].literal
    change = LiteralChange(blind(literal) if fields else literal, text, fields or {})
    done = rewrite(source.encode(), host_named(name), [change])
    return done.data.decode(), [each.reason for each in done.refused]


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("yaml", "one:\n  text: &t P\ntwo:\n  text: *t\n"),
        ("yaml", "base: &b\n  text: P\nstill:\n  <<: *b\n  text: a quiet dog\n"),
        ("yaml", "base: &b\n  text: P\nother:\n  <<: *b\n  video_model: seedance2_720p\n"),
        ("yaml", "base: &b\n  text: P\n  n: 1\nother: {<<: [*b], text: P}\n---\na: {b: 1}\n"),
    ],
)
def test_a_move_that_changes_something_else_is_taken_back(name: str, source: str) -> None:
    source = source.replace("P", P)
    assert changed(name, source, "a cat", FIELDS) == (source, [ELSEWHERE])


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("yaml", "one: &m\n  text: P\ntwo: *m\n"),
        ("yaml", "base: &b {text: P}\nother: {<<: *b, n: 1}\n"),
        ("yaml", "- text: P\n- text: a quiet dog\n---\nn: !include x\nm: !a {b: [.nan]}\n"),
        ("json", '[{"text": "P", "n": NaN}, {"text": "a quiet dog"}]'),
        ("toml", "[a]\ntext = 'P'\n[b]\ntext = 'b'\n"),
    ],
)
def test_a_move_that_changes_its_mapping_alone_is_made(name: str, source: str) -> None:
    source = source.replace("P", P)
    new, reasons = changed(name, source, "a cat", FIELDS)
    assert reasons == []
    assert "kling25" in new
    assert P not in new


def test_a_text_is_changed_for_all_that_refer_to_it() -> None:
    source = f"one:\n  text: &t {P}\ntwo:\n  text: *t\n"
    new, reasons = changed("yaml", source, "a cat --video")
    assert reasons == []
    assert yaml.safe_load(new) == {
        "one": {"text": "a cat --video"},
        "two": {"text": "a cat --video"},
    }


def test_a_nested_document_is_a_text_of_the_one_around_it() -> None:
    source = json.dumps({"body": json.dumps({"prompt": {"text": P}})})
    new, reasons = changed("json", source, "a cat", FIELDS)
    assert reasons == []
    assert json.loads(json.loads(new)["body"]) == {"prompt": {"text": "a cat", **FIELDS}}


def test_a_mapping_that_holds_itself_is_read_once() -> None:
    source = f"a: &a\n  b: *a\n  text: {P}\n"
    assert changed("yaml", source, "a cat --video")[1] == []


def test_what_no_reader_takes_has_no_value() -> None:
    for name, data in (
        ("json", b"[1,]"),
        ("yaml", b"a: 2020-99-99"),
        ("toml", b"="),
        ("python", b"1"),
    ):
        assert value_of(name, data) is UNREAD


KEYS = st.sampled_from(["a", "text", "<<", "n"])
NODES = st.sampled_from(
    ["&x P", "*x", "&m {text: P}", "*m", "b", "{<<: *m, text: c}", "[*x, P]", "3"]
)


@given(st.lists(st.tuples(KEYS, NODES), min_size=1, max_size=5), st.booleans())
@example([("text", "&x P"), ("a", "*x")], True)
def test_whatever_is_rewritten_a_reader_gets_what_was_meant(
    pairs: list[tuple[str, str]], move: bool
) -> None:
    source = "".join(f"{key}: {node}\n" for key, node in pairs).replace("P", P)
    before = value_of("yaml", source.encode())
    found = candidates(source.encode(), host_named("yaml"))
    if before is UNREAD or not found:
        return
    text, fields = (
        ("a cat", FIELDS) if move and found[0].literal.siblings else ("a dog --video", None)
    )
    new, reasons = changed("yaml", source, text, fields)
    if reasons:
        assert new == source
        return
    same_but_for(before, value_of("yaml", new.encode()), text, fields)


def same_but_for(old: Any, new: Any, text: str, fields: Mapping[str, Any] | None) -> None:
    """Texts may have changed; with fields, only in the mappings that have all of these now."""
    if isinstance(old, dict):
        added = {key: new[key] for key in new.keys() - old.keys()}
        assert new.keys() >= old.keys()
        if added:
            assert added == fields
            assert (old["text"], new["text"]) == (P, text)
        for key in old.keys() - ({"text"} if added else set()):
            same_but_for(old[key], new[key], text, fields)
    elif isinstance(old, list):
        assert len(old) == len(new)
        for each, other in zip(old, new, strict=True):
            same_but_for(each, other, text, fields)
    elif old != P or fields:
        assert new == old
    else:
        assert new in (P, text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (1, "1"),
        ({"a": 1}, {}),
        ({}, {"a": 1}),
        ([1], [1, 2]),
        (["a"], ["b"]),
        ({"a": [1]}, {"a": 1}),
    ],
)
def test_what_was_not_meant_is_seen(old: object, new: object) -> None:
    assert not Intention(EditPlan(), []).is_all(old, new)
    assert Intention(EditPlan(), []).is_all(old, old)


def test_tags_of_programs_are_part_of_the_value() -> None:
    value = value_of("yaml", b"[!a [1], !b {c: 2}, !d e]")
    assert value == [[("!a", [1]), ("!b", {"c": 2}), ("!d", "e")]]
