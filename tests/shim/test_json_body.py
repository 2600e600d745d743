"""JSON bodies: values are spliced, every other character stays."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flaglift
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.core.refusal import Refusal
from shim.forms import JSON, LEGACY, UNREADABLE, Done, json_body, rewrite

VALUES = {
    "text": "a cat",
    "video_model": "kling25",
    "video_prompt": "it yawns",
    "video_duration": 5,
}
FLAGS = "--video --video_model happyhorse_720p --video_prompt x"


def done(body: bytes | str, **more: object) -> Done:
    data = body.encode() if isinstance(body, str) else body
    return rewrite(data, JSON, **more)  # type: ignore[arg-type]


def test_the_text_is_replaced_and_the_fields_follow_it() -> None:
    result = done(json_body({"prompt": {"seed": 1.0, "text": LEGACY, "w": None}}))
    assert result.body == (
        b'{"prompt": {"seed": 1.0, "text": "a cat", "video_model": "kling25", "video_prompt": '
        b'"it yawns", "video_duration": 5, "w": null}}'
    )
    assert result.inspection.outcome is RequestOutcome.TRANSLATED


def test_a_client_may_leave_the_prompt_out() -> None:
    assert json.loads(done(json_body({"text": LEGACY, "tune_id": 3})).body) == {
        **VALUES,
        "tune_id": 3,
    }
    assert json.loads(done(json_body({"prompt": "x", "text": LEGACY})).body)["text"] == "a cat"


@pytest.mark.parametrize("style", [{}, {"indent": 2}, {"separators": (",", ":")}])
def test_the_layout_is_the_clients(style: dict[str, Any]) -> None:
    body = json_body({"prompt": {"text": LEGACY, "seed": 1}}, **style)
    assert done(body).body == json_body({"prompt": {**VALUES, "seed": 1}}, **style)


def test_what_is_not_changed_keeps_its_spelling() -> None:
    odd = (
        '{ "a":1e400,"b" : -0.0, "c":12345678901234567890, "d":"\\u00e9\\/\\ud83d\\ude00" ,'
        '"prompt":{"text":%s},"z":[1 ,2]}\n'
    )
    result = done(odd % json.dumps(LEGACY)).body.decode()
    new = json.dumps(VALUES, separators=(",", ":"))[1:-1]
    assert result == odd.replace('"text":%s', new)


@pytest.mark.parametrize(("ascii_only", "written"), [(True, "\\u00e9"), (False, "é")])
def test_escapes_are_the_clients(ascii_only: bool, written: str) -> None:
    body = json.dumps({"text": f"é {LEGACY}", "style": "ü"}, ensure_ascii=ascii_only)
    assert f'"text": "{written} a cat"' in done(body).body.decode()


def test_half_a_surrogate_pair_stays_one() -> None:
    result = done(f'{{"text": "\\ud83d {LEGACY.replace(chr(34), chr(92) + chr(34))}"}}')
    assert b'"text": "\\ud83d a cat"' in result.body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"text":"FLAGS"}', '{"video_model":"happyhorse_720p","video_prompt":"x"}'),
        ('{"seed":1,"text":"FLAGS","video_model":"happyhorse_720p","video_prompt":"x"}',
         '{"seed":1,"video_model":"happyhorse_720p","video_prompt":"x"}'),
        ('{"video_model":"happyhorse_720p", "video_prompt":"x" , "text":"FLAGS" }',
         '{"video_model":"happyhorse_720p", "video_prompt":"x" }'),
        ('{"video_model":null,"text":"FLAGS","video_prompt":""}',
         '{"video_model":"happyhorse_720p","video_prompt":"x"}'),
        ('{"video_model":null, "video_prompt":"", "text":"FLAGS"}',
         '{"video_model":"happyhorse_720p", "video_prompt":"x"}'),
        ('{"video_model": {} ,"text":"FLAGS","video_prompt":[ ]}',
         '{"video_model": "happyhorse_720p" ,"video_prompt":"x"}'),
    ],
)  # fmt: skip
def test_a_text_of_nothing_but_flags_goes_with_a_comma(body: str, expected: str) -> None:
    assert done(body.replace("FLAGS", FLAGS)).body.decode() == expected


def test_an_update_gets_an_empty_text() -> None:
    body = json_body({"prompt": {"text": FLAGS}})
    result = json.loads(done(body, method="PATCH", path="/tunes/1/prompts/2").body)
    assert result == {"prompt": {"text": "", "video_model": "happyhorse_720p", "video_prompt": "x"}}


@pytest.mark.parametrize(
    "attributes",
    [
        [{"text": LEGACY}, {"text": "a dog"}, 7, {"seed": 1, "text": LEGACY}, []],
        {"0": {"text": LEGACY}, "1": {"text": LEGACY}, "2": "x"},
        [],
        {},
        "x",
    ],
)
def test_prompts_of_a_tune(attributes: Any) -> None:
    def modern(value: Any) -> Any:
        if isinstance(value, dict) and value.get("text") == LEGACY:
            return {**value, **VALUES}
        return value

    sent = {"text": "no prompt", "tune": {"title": "x", "prompts_attributes": attributes}}
    if isinstance(attributes, dict):
        attributes = {key: modern(value) for key, value in attributes.items()}
    elif isinstance(attributes, list):
        attributes = [modern(value) for value in attributes]
    expected = {"text": "no prompt", "tune": {"title": "x", "prompts_attributes": attributes}}
    for style in ({}, {"indent": 1}):
        assert json.loads(done(json_body(sent, **style), path="/tunes").body) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ('{"prompt": {"text": "x"}, "prompt": {"text": "LEGACY"}}', Reason.DUPLICATE_NAME),
        ('{"text": "LEGACY", "te\\u0078t": "x"}', Reason.DUPLICATE_NAME),
        ('{"text": "x", "prompt": {"text": "LEGACY"}}', Reason.DUPLICATE_NAME),
        ('{"text": "LEGACY"', Reason.MALFORMED),
        ('{"text": "LEGACY",}', Reason.MALFORMED),
        ('{"text" "LEGACY"}', Reason.MALFORMED),
        ('{"text": "LEGACY"} x', Reason.MALFORMED),
        ('{"text": "LEGACY", 1: 2}', Reason.MALFORMED),
        ('{"text": "LEGACY", "a": NaN}', Reason.MALFORMED),
        ('\ufeff{"text": "LEGACY"}', Reason.MALFORMED),
        ('["LEGACY"]', Reason.MALFORMED),
        ("", Reason.MALFORMED),
        ('{"a": ' + "[" * 100_000, Reason.MALFORMED),
        ('{"a": ' + "1" * 5000 + ', "text": "LEGACY"}', Reason.MALFORMED),
        ('{"a": "\udcff", "text": "LEGACY"}', Reason.INVALID_UTF8),
        ('{"a": "é\\ud800", "text": "\\ud800 LEGACY é"}', None),
    ],
)
def test_what_is_not_plain_json_passes_untouched(body: str, reason: Reason | None) -> None:
    data = body.replace("LEGACY", "a --video --video_model kling25").encode(
        errors="surrogateescape"
    )
    result = done(data)
    assert result.inspection.record.reason == reason
    assert (result.body == data) == (reason is not None)


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        '{"text": 1}',
        '{"prompt": {}}',
        '{"prompt": {"text": null}}',
        '{"prompt": {"text": []}}',
    ],
)
def test_without_a_text_nothing_happens(body: str) -> None:
    result = done(body)
    assert (result.body, result.inspection.outcome) == (body.encode(), RequestOutcome.UNCHANGED)


@pytest.mark.parametrize("body", ["{}", '{"tune": {}}', '{"tune": 1}', '{"text": "--vide"}'])
def test_a_tune_without_prompts(body: str) -> None:
    result = done(body, path="/tunes")
    assert (result.body, result.inspection.outcome) == (body.encode(), RequestOutcome.UNCHANGED)


def test_long_texts_are_translated_too() -> None:
    words = "cat " * 1000
    result = done(json_body({"text": words + LEGACY}))
    assert json.loads(result.body)["text"] == words + "a cat"


def test_a_conflict_passes_untouched_and_strict_refuses_it() -> None:
    body = json_body({"prompt": {"text": LEGACY, "video_duration": 10}})
    assert done(body).body == body
    with pytest.raises(Refusal) as refused:
        done(body, policy=Policy(mode=Mode.STRICT))
    assert list(json.loads(refused.value.body)) == ["text"]
    unreadable = json_body({"text": UNREADABLE})
    assert done(unreadable).body == unreadable


def test_equal_means_equal_as_a_form_writes_it_or_a_number_for_a_truth_value() -> None:
    block = LEGACY + "\nvideo_audio=true"
    for value, changed in ((True, True), ("true", True), (1, True), (1.0, False), ("1", False)):
        body = json_body({"text": block, "video_audio": value})
        assert (done(body).body != body) is changed


values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(-1e9, 1e9), st.text(max_size=6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)  # fmt: skip
prompt_objects = st.builds(
    lambda text, other, first: {"text": text, **other} if first else {**other, "text": text},
    st.sampled_from([LEGACY, "é " + LEGACY, UNREADABLE, FLAGS, "a cat"]),
    st.dictionaries(
        st.one_of(st.text(max_size=4), st.sampled_from(["video_model", "video_duration", "seed"])),
        st.one_of(values, st.sampled_from(["", None, "kling25", 5, "5"])),
        max_size=4,
    ).filter(lambda other: "text" not in other),
    st.booleans(),
)


@given(prompt_objects, values, st.booleans(), st.sampled_from([None, 0, 3]), st.data())
def test_every_chunking_says_what_the_library_says(
    prompt: dict[str, Any], beside: Any, ascii_only: bool, indent: int | None, data: st.DataObject
) -> None:
    sent = {"a": beside, "prompt": prompt, "z": beside}
    text = json.dumps(sent, indent=indent, ensure_ascii=ascii_only)
    body = text.encode(errors="surrogatepass")
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=4))
    result = done(body, cuts=cuts)
    assert result.body == done(body).body
    if result.inspection.outcome is not RequestOutcome.TRANSLATED:
        assert result.body == body
        return
    other = {key: value for key, value in prompt.items() if key != "text"}
    context = flaglift.Context(other, complete=True)
    said = flaglift.translate(prompt["text"], context=context).values
    kept = {
        key: value
        for key, value in other.items()
        if value not in ("", None, [], {}) or key not in said
    }
    assert json.loads(result.body) == {**sent, "prompt": {**said, **kept}}
    assert done(result.body).body == result.body


def test_too_many_prompts_of_a_tune_pass_untouched() -> None:
    body = json_body({"tune": {"prompts_attributes": [{"text": "x"}] * 10_001}})
    result = done(body, path="/tunes")
    assert (result.body, result.inspection.record.reason) == (body, Reason.TOO_LARGE)


@pytest.mark.parametrize(
    "members", ['"prompt": {"text": "LEGACY", MANY}', '"text": "LEGACY", MANY']
)
@pytest.mark.parametrize(("extra", "reason"), [(9_998, None), (10_000, Reason.TOO_LARGE)])
def test_too_many_members_pass_untouched(members: str, extra: int, reason: Reason | None) -> None:
    many = ", ".join(f'"x{number}": 0' for number in range(extra))
    flags = json.dumps(LEGACY)[1:-1]
    body = ("{" + members.replace("LEGACY", flags).replace("MANY", many) + "}").encode()
    result = done(body)
    assert result.inspection.record.reason == reason
    assert (result.body == body) == (reason is not None)


@pytest.mark.parametrize(("depth", "reason"), [(99, None), (100_000, Reason.MALFORMED)])
def test_what_is_nested_deeper_than_a_server_reads_passes_untouched(
    depth: int, reason: Reason | None
) -> None:
    deep = "[" * depth + "]" * depth
    body = f'{{"text": {json.dumps(LEGACY)}, "x": {deep}}}'.encode()
    result = done(body)
    assert result.inspection.record.reason == reason
    assert (result.body == body) == (reason is not None)


@given(st.binary(max_size=100))
def test_garbage_passes_untouched(body: bytes) -> None:
    assert done(body).body == body
