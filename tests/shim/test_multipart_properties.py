"""What holds for every multipart body, and for every way it arrives."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import flaglift
from flaglift.emit.form import form_value
from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.core.record import RequestOutcome
from flaglift.shim.core.refusal import Refusal
from flaglift.shim.core.splices import growth, spliced
from shim.forms import (
    BOUNDARY,
    LEGACY,
    MULTIPART,
    UNREADABLE,
    Done,
    NotAForm,
    Part,
    begin,
    multipart_body,
    read_multipart,
    read_multipart_otherwise,
    rewrite,
)

MARK = f"\r\n--{BOUNDARY}".encode()
POLICIES = [
    Policy(),
    Policy(mode=Mode.STRICT),
    Policy(mode=Mode.REPORT),
    Policy(hold_limit=600),
    Policy(hold_limit=600, spool_limit=600),
    Policy(hold_limit=600, spool_limit=600, late_text=LateText.CHUNKED),
]

texts = st.sampled_from(
    [
        LEGACY,
        UNREADABLE,
        "a cat",
        "",
        "--video --video_model happyhorse_720p --video_prompt dunes",
        'a\r\ncat --video --video_model kling25 --video_prompt "ü\r\n--' + BOUNDARY[:-1] + '"',
        "a cat --video",
        "a cat --video --video_model kling25_5s",
        "a cat --video --video_model kling25\nnum_images=1\nar=1:1",
    ]
)
contents = st.one_of(
    st.binary(max_size=60),
    st.lists(
        st.sampled_from([MARK[:n] for n in range(1, len(MARK))] + [b"\r", b"\n", b"-", b"x"]),
        max_size=8,
    ).map(b"".join),
).filter(lambda content: MARK not in b"\r\n" + content + b"\r\n")
files = st.builds(
    Part,
    st.sampled_from(["prompt[input_image]", "prompt[input_video]", "prompt[mask_image]", "other"]),
    contents,
    st.sampled_from(["a.png", "", "ü.png"]),
)
others = st.builds(
    lambda name, value: Part(name, value.encode()),
    st.sampled_from(
        ["prompt[seed]", "prompt[video_duration]", "prompt[video_model]", "prompt[num_images]",
         "prompt[image_references][]", "prompt[video_prompt]", "authenticity_token"]
    ),
    st.sampled_from(["", "5", "kling25", "it yawns", "10", "1"]),
)  # fmt: skip
forms = st.builds(
    lambda text, rest, place: [
        *rest[:place],
        Part("prompt[text]", text.encode()),
        *rest[place:],
    ],
    texts,
    st.lists(st.one_of(files, others), max_size=5),
    st.integers(0, 5),
)
elements = st.lists(
    st.one_of(
        st.builds(lambda text: Part("tune[prompts_attributes][][text]", text.encode()), texts),
        st.builds(
            lambda part: part._replace(
                name=part.name.replace("prompt[", "tune[prompts_attributes][][")
            ),
            st.one_of(others, files),
        ),
    ),
    max_size=7,
)


def outcome(body: bytes, policy: Policy, cuts: Sequence[int] = (), **more: Any) -> Any:
    """What is sent, with what was recorded; or how it is refused."""
    try:
        done = rewrite(body, policy=policy, cuts=cuts, **more)
    except Refusal as refusal:
        return refusal.status, refusal.body
    record = done.inspection.record
    return done.body, done.delta, record.reason, record.prompts, record.codes


@given(forms, st.sampled_from(POLICIES), st.booleans(), st.data())
def test_every_chunking_gives_the_same(
    parts: list[Part], policy: Policy, closed: bool, data: st.DataObject
) -> None:
    body = multipart_body(parts, closed=closed)
    whole = outcome(body, policy)
    assert outcome(body, policy, range(1, len(body))) == whole
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=5))
    assert outcome(body, policy, cuts) == whole


@given(elements, st.data())
def test_every_chunking_of_several_prompts_gives_the_same(
    parts: list[Part], data: st.DataObject
) -> None:
    body = multipart_body(parts)
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=5))
    whole = outcome(body, Policy(), path="/tunes")
    assert outcome(body, Policy(), cuts, path="/tunes") == whole
    assert outcome(body, Policy(), range(1, len(body)), path="/tunes") == whole


def rewritten(body: bytes, **more: Any) -> Done | None:
    try:
        return rewrite(body, **more)
    except Refusal:
        return None


@given(forms, st.booleans())
def test_two_parsers_read_what_the_flags_said_and_all_other_parts_as_they_were(
    parts: list[Part], announced: bool
) -> None:
    body = multipart_body(parts)
    done = rewritten(body, announced=announced)
    if done is None:
        assert not announced, "a body in memory is translated, or passed as it is"
        return
    if announced:
        assert done.delta == len(done.body) - len(body)
    if done.inspection.outcome is not RequestOutcome.TRANSLATED:
        assert done.body == body
        return
    expected = expected_parts(parts, whole=announced)
    read = read_multipart(done.body)
    assert [(part.name, part.content) for part in read] == expected
    otherwise = read_multipart_otherwise(done.body)
    assert [content for _, content in otherwise] == [content for _, content in expected]


def expected_parts(parts: list[Part], *, whole: bool) -> list[tuple[str, bytes]]:
    """What the form says once its text is translated, by the library and not by the shim."""
    at = [part.name for part in parts].index("prompt[text]")
    # Where files are not held, a text is judged by what came before the first file after it.
    files = [index for index, part in enumerate(parts) if part.filename is not None and index > at]
    given: dict[str, Any] = {
        part.name[7:-1]: part.content.decode()
        for part in parts[: files[0] if files and not whole else None]
        if part.name.startswith("prompt[")
        and part.filename is None
        and not part.name.endswith("[]")
    }
    text = given.pop("text")
    values = {**flaglift.translate(text, context=flaglift.Context(given)).values}
    new_text = values.pop("text", None)
    expected = []
    for part in parts:
        content = part.content
        field = part.name[7:-1]
        if part.name == "prompt[text]":
            if new_text is not None:
                expected.append((part.name, new_text.encode()))
            expected += [
                (f"prompt[{name}]", form_value(value).encode())
                for name, value in values.items()
                if name not in given
            ]
            continue
        if part.filename is None and not content and field in values and field in given:
            content = form_value(values[field]).encode()
        expected.append((part.name, content))
    return expected


@given(forms, st.sampled_from(POLICIES), st.booleans())
def test_the_length_is_promised_and_kept(parts: list[Part], policy: Policy, closed: bool) -> None:
    body = multipart_body(parts, closed=closed)
    done = rewritten(body, policy=policy)
    if done is not None and done.delta is not None:
        assert len(done.body) == len(body) + done.delta
    if done is not None and done.delta is None:
        assert policy.late_text is LateText.CHUNKED


@given(forms, st.booleans())
def test_a_body_that_can_be_read_again_is_sent_as_one_that_is_held(
    parts: list[Part], closed: bool
) -> None:
    body = multipart_body(parts, closed=closed)
    held = rewritten(body)
    rewriter = begin(MULTIPART, Policy(), rereads=True).rewriter
    rewriter.feed(body)
    rewriter.finish()
    assert held is not None
    assert b"".join(spliced((body,), rewriter.splices)) == held.body
    assert growth(rewriter.splices) == held.delta


@given(forms)
def test_rewriting_again_changes_nothing(parts: list[Part]) -> None:
    done = rewritten(multipart_body(parts))
    assert done is not None
    again = rewritten(done.body)
    assert again is not None
    assert again.body == done.body


@settings(max_examples=50)
@given(forms, st.sampled_from(POLICIES))
def test_no_cut_makes_a_complete_request(parts: list[Part], policy: Policy) -> None:
    body = multipart_body(parts)
    end = body.rindex(b"--\r\n")
    for cut in range(end + 2):
        done = rewritten(body[:cut], policy=policy)
        if done is not None:
            assert not done.body.rstrip().endswith(f"--{BOUNDARY}--".encode())
            with pytest.raises(NotAForm):
                read_multipart(done.body)


@given(elements)
def test_several_prompts_are_read_as_the_same_elements(parts: list[Part]) -> None:
    done = rewritten(multipart_body(parts), path="/tunes")
    assert done is not None
    before, after = grouped(parts), grouped(read_multipart(done.body))
    assert len(before) == len(after)
    for old, new in zip(before, after, strict=True):
        kept = {name: value for name, value in old.items() if name != "text" and value}
        assert kept.items() <= new.items()
        translated = flaglift.translate(str(old.get("text", "")), context=flaglift.Context(kept))
        said = {name: form_value(value) for name, value in translated.values.items()}
        if new != old:
            assert new == {**{n: v for n, v in old.items() if n != "text"}, **said}


def grouped(parts: list[Part]) -> list[dict[str, str]]:
    """Read a list without index as Rack does: a key that repeats begins the next element."""
    found: list[dict[str, str]] = []
    for part in parts:
        key = part.name.removeprefix("tune[prompts_attributes][][").removesuffix("]")
        if key == part.name:
            continue
        if not found or (key in found[-1] and not key.endswith("[")):
            found.append({})
        value = f"file:{part.filename}" if part.filename else part.content.decode("latin-1")
        if key.endswith("["):
            value = found[-1].get(key, "") + value
        found[-1][key] = value
    return found


@given(st.binary(max_size=200), st.sampled_from(POLICIES))
def test_garbage_passes_untouched(body: bytes, policy: Policy) -> None:
    done = rewrite(body, policy=policy)
    assert done.body == body


@given(forms, st.sampled_from(POLICIES), st.data())
def test_a_damaged_form_is_sent_as_it_is_or_refused_or_still_a_form(
    parts: list[Part], policy: Policy, data: st.DataObject
) -> None:
    body = bytearray(multipart_body(parts))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        damage = data.draw(
            st.sampled_from([b"", b"\r\n", b"\r", b"\n", b'"', b";", b"-", b"\0", MARK])
        )
        body[at : at + data.draw(st.integers(0, 2))] = damage
    done = rewritten(bytes(body), policy=policy)
    if done is not None and done.body != bytes(body):
        assert done.inspection.outcome in (RequestOutcome.TRANSLATED, RequestOutcome.UNTOUCHED)
        assert read_multipart(done.body)
