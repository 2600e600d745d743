"""Urlencoded bodies: only pairs that change are written anew."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flaglift
from flaglift.emit.form import form_value
from flaglift.shim.core.decision import MOST_TEXT
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.core.refusal import Refusal
from shim.forms import (
    LEGACY,
    LIFTED,
    UNREADABLE,
    URLENCODED,
    Done,
    begin,
    read_urlencoded,
    rewrite,
    urlencoded_body,
)

FIELDS = [(f"prompt[{name}]", value) for name, value in LIFTED.items()]
QUOTED = quote(LEGACY)


def done(body: bytes, **more: object) -> Done:
    return rewrite(body, URLENCODED, **more)  # type: ignore[arg-type]


def test_the_text_is_replaced_and_the_fields_follow_it() -> None:
    body = urlencoded_body([("a", "1"), ("prompt[text]", LEGACY), ("b", "é")])
    result = done(body)
    assert result.body == urlencoded_body([("a", "1"), *FIELDS, ("b", "é")])
    assert result.delta == len(result.body) - len(body)
    assert result.inspection.outcome is RequestOutcome.TRANSLATED


@pytest.mark.parametrize("name", ["prompt[text]", "prompt%5Btext%5D", "prompt%5btext%5d"])
def test_names_are_written_as_the_client_writes_them(name: str) -> None:
    result = done(f"{name}={QUOTED}".encode()).body
    assert (b"[video_model]" in result) == ("[" in name)
    assert read_urlencoded(result) == FIELDS


def test_other_pairs_keep_every_byte() -> None:
    odd = b"x&=&a=b=c&%41=%7e+&prompt[seed]=%37&&"
    result = done(odd + b"prompt[text]=" + QUOTED.encode()).body
    assert result.startswith(odd)


def test_a_text_of_nothing_but_flags_goes() -> None:
    body = b"prompt[text]=--video+--video_model+happyhorse_720p+--video_prompt+x&z=1"
    expected = b"prompt[video_model]=happyhorse_720p&prompt[video_prompt]=x&z=1"
    assert done(body).body == expected
    assert done(body, method="PUT", path="/prompts/1").body == b"prompt[text]=&" + expected


def test_empty_fields_are_filled_and_equal_ones_left() -> None:
    body = f"prompt[video_model]=&prompt[text]={QUOTED}&prompt[video_duration]=5".encode()
    assert done(body).body == (
        b"prompt[video_model]=kling25&prompt[text]=a+cat&prompt[video_prompt]=it+yawns"
        b"&prompt[video_duration]=5"
    )


def test_several_prompts_of_a_tune() -> None:
    first = [
        ("tune[prompts_attributes][][text]", LEGACY),
        ("tune[prompts_attributes][][seed]", "1"),
    ]
    body = urlencoded_body([*first, *first])
    result = done(body, path="/p/portraits/tunes.json")
    assert result.inspection.record.legacy == 2
    element = [(f"tune[prompts_attributes][][{n}]", v) for n, v in LIFTED.items()] + first[1:]
    assert read_urlencoded(result.body) == element * 2


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (f"prompt[text]={QUOTED}&prompt[text]=x", Reason.DUPLICATE_NAME),
        (f"prompt[text]={QUOTED}&prompt%5Btext%5D=x", Reason.DUPLICATE_NAME),
        (f"prompt[text]={QUOTED};x=1", Reason.ODD_SEPARATOR),
        (f"prompt[text]={QUOTED}&x=%zz", Reason.MALFORMED),
        (f"prompt[text]={QUOTED}&x=%4", Reason.MALFORMED),
        ("prompt[text]=%ff--video", Reason.INVALID_UTF8),
        (f"prompt[text]={QUOTED}&%ff=1", Reason.INVALID_UTF8),
        (f"prompt[text]={QUOTED}&prompt+[seed]=1", Reason.ODD_NAME),
        (f"prompt[text]={QUOTED}&prompt[seed=1", Reason.ODD_NAME),
        (f"prompt[text]={QUOTED}&prompt[a][b]=1&prompt[a]=2", Reason.ODD_NAME),
        (f"prompt[text]={QUOTED}&prompt[a][b]=1&prompt[a][]=2", Reason.ODD_NAME),
        (f"prompt[text]={QUOTED}&prompt[a][b]=1&prompt[a][b]=2", Reason.DUPLICATE_NAME),
    ],
)
def test_what_can_be_read_in_two_ways_passes_untouched(body: str, reason: Reason) -> None:
    result = done(body.encode())
    assert (result.body, result.inspection.record.reason) == (body.encode(), reason)


def test_lists_and_mappings_may_have_several_entries() -> None:
    more = "&prompt[a][]=1&prompt[a][]=1&prompt[b][x]=1&prompt[b][y]=2"
    result = done(f"prompt[text]={QUOTED}{more}".encode())
    assert result.inspection.outcome is RequestOutcome.TRANSLATED
    assert result.body.endswith(more.encode())


def test_another_value_that_is_not_utf8_is_kept() -> None:
    result = done(f"prompt[style]=%ff&prompt[text]={QUOTED}".encode()).body
    assert result.startswith(b"prompt[style]=%ff&prompt[text]=a+cat&")


def test_strict_refuses() -> None:
    body = urlencoded_body([("prompt[text]", UNREADABLE)])
    assert done(body).body == body
    with pytest.raises(Refusal, match="422 text"):
        done(body, policy=Policy(mode=Mode.STRICT))


def test_over_the_limit_everything_passes() -> None:
    body = urlencoded_body([("prompt[text]", LEGACY), ("x", "y" * 1000)])
    policy = Policy(hold_limit=500)
    result = done(body, policy=policy, cuts=range(1, len(body)))
    assert (result.body, result.inspection.record.reason) == (body, Reason.TOO_LARGE)
    assert done(body, policy=Policy(hold_limit=len(body))).body != body


def test_more_pairs_than_are_read_pass_untouched() -> None:
    body = urlencoded_body([("prompt[text]", LEGACY)])
    assert done(body + b"&x" * 9_999).inspection.outcome is RequestOutcome.TRANSLATED
    result = done(body + b"&x" * 10_000)
    assert result.inspection.record.reason is Reason.TOO_LARGE


def test_as_much_text_as_is_read() -> None:
    text = "a" * (MOST_TEXT - len(LEGACY)) + LEGACY
    assert len(text) == MOST_TEXT
    result = done(urlencoded_body([("prompt[text]", text)]))
    assert result.inspection.outcome is RequestOutcome.TRANSLATED
    result = done(urlencoded_body([("prompt[text]", f"a{text}")]))
    assert result.inspection.record.reason is Reason.TOO_LARGE


def test_nothing_is_sent_before_the_body_is_complete() -> None:
    rewriter = begin(URLENCODED).rewriter
    body = urlencoded_body([("prompt[text]", LEGACY)])
    assert not list(rewriter.feed(body))
    assert not rewriter.settled
    assert read_urlencoded(b"".join(rewriter.finish())) == FIELDS


@pytest.mark.parametrize("charset", ["ISO-8859-1", "us-ascii", "utf8"])
def test_a_body_of_ascii_alone_reads_the_same_in_many_charsets(charset: str) -> None:
    media_type = f"{URLENCODED}; charset={charset}"
    body = urlencoded_body([("prompt[text]", LEGACY)])
    assert read_urlencoded(rewrite(body, media_type).body) == FIELDS
    if charset != "utf8":
        body += b"&x=%FC"
        done = rewrite(body, media_type)
        assert (done.body, done.inspection.record.reason) == (body, Reason.CHARSET)


pairs = st.lists(
    st.tuples(
        st.sampled_from(
            ["prompt[seed]", "prompt[video_model]", "prompt[video_duration]", "prompt[a][]", "x"]
        ),
        st.one_of(st.sampled_from(["", "5", "kling25"]), st.text(max_size=5)),
    ),
    max_size=4,
)
prompts = st.sampled_from([LEGACY, UNREADABLE, "a cat", "é\r\n" + LEGACY, "a; b & c=d " + LEGACY])


@given(pairs, prompts, pairs, st.data())
def test_every_chunking_says_what_the_library_says(
    before: list[tuple[str, str]],
    text: str,
    after: list[tuple[str, str]],
    data: st.DataObject,
) -> None:
    sent = [*before, ("prompt[text]", text), *after]
    body = urlencoded_body(sent)
    result = done(body, cuts=data.draw(st.lists(st.integers(0, len(body)), max_size=4)))
    assert result.body == done(body).body
    if result.inspection.outcome is not RequestOutcome.TRANSLATED:
        assert result.body == body
        return
    beside = {name[7:-1]: v for name, v in sent if name not in ("prompt[text]", "prompt[a][]", "x")}
    said = flaglift.translate(text, context=flaglift.Context(beside)).values
    read = read_urlencoded(result.body)
    assert dict(read)["prompt[text]"] == said["text"]
    for name, value in said.items():
        assert (f"prompt[{name}]", form_value(value)) in read
    kept = [pair for pair in body.split(b"&") if not pair.endswith(b"=") and b"text" not in pair]
    assert [p for p in result.body.split(b"&") if p in kept] == kept
    assert done(result.body).body == result.body


@given(st.binary(max_size=120))
def test_garbage_passes_untouched(body: bytes) -> None:
    assert done(body).body == body


@given(st.text(alphabet="prompt[te x]=&%5BD;+-video", max_size=80))
def test_what_looks_like_a_form_never_breaks(body: str) -> None:
    result = done(body.encode())
    if result.inspection.outcome is not RequestOutcome.TRANSLATED:
        assert result.body == body.encode()
