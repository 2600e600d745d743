"""Multipart bodies: what changes, what stays, and what is never guessed."""

import json

import pytest

from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.core.refusal import Refusal
from shim.forms import (
    BOUNDARY,
    LEGACY,
    MULTIPART,
    UNREADABLE,
    Done,
    Part,
    begin,
    field,
    file,
    lifted,
    multipart_body,
    read_multipart,
    rewrite,
    text_field,
)

STRICT = Policy(mode=Mode.STRICT)
SEED = field("prompt[seed]", "7")


LARGE = Policy(hold_limit=1000)
"""Bodies with a file are too long to be held in memory."""
VIDEO = file("prompt[input_video]", b"\r\n--x" * 500)
MASK = file("prompt[mask_image]")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([text_field()], lifted()),
        ([SEED, text_field()], [SEED, *lifted()]),
        ([text_field(), SEED, VIDEO], [*lifted(), SEED, VIDEO]),
        ([text_field(), VIDEO, SEED], [*lifted(), VIDEO, SEED]),
        ([VIDEO, text_field()], [VIDEO, *lifted()]),
        ([VIDEO, SEED, text_field(), MASK], [VIDEO, SEED, *lifted(), MASK]),
        ([VIDEO, SEED], [VIDEO, SEED]),
        ([text_field("a cat"), VIDEO], [text_field("a cat"), VIDEO]),
    ],
)
@pytest.mark.parametrize("policy", [Policy(), LARGE])
def test_prompts_are_translated_wherever_the_text_is(
    parts: list[Part], expected: list[Part], policy: Policy
) -> None:
    body = multipart_body(parts)
    for cuts in ((), range(0, len(body), 100)):
        done = rewrite(body, policy=policy, cuts=cuts)
        assert done.body == multipart_body(expected)
        assert done.delta == len(done.body) - len(body)
        assert rewrite(body, policy=policy, cuts=cuts, announced=False).body == done.body


def test_a_body_too_long_to_be_kept_passes_or_is_sent_in_chunks() -> None:
    passes = Policy(hold_limit=1000, spool_limit=2000)
    chunked = Policy(late_text=LateText.CHUNKED, hold_limit=1000, spool_limit=2000)
    body = multipart_body([VIDEO, text_field()])
    for cuts in ((), range(0, len(body), 100)):
        done = rewrite(body, policy=passes, cuts=cuts)
        assert (done.body, done.delta) == (body, 0)
        assert done.inspection.record.reason is Reason.TEXT_AFTER_FILE
        done = rewrite(body, policy=chunked, cuts=cuts)
        assert (done.body, done.delta) == (multipart_body([VIDEO, *lifted()]), None)
        early = multipart_body([text_field(), VIDEO])
        for policy in (passes, chunked):
            done = rewrite(early, policy=policy, cuts=cuts)
            assert done.body == multipart_body([*lifted(), VIDEO])
            assert done.delta == len(done.body) - len(early)


def test_the_record_says_what_was_seen() -> None:
    inspection = rewrite(multipart_body([text_field()])).inspection
    assert inspection.outcome is RequestOutcome.TRANSLATED
    assert dict(inspection.record.codes) == {"FL001": 1}
    assert inspection.record.legacy == 1


def test_a_prompt_in_doubt_stays_as_it_is() -> None:
    body = multipart_body([SEED, text_field(UNREADABLE), file()])
    done = rewrite(body)
    assert done.body == body
    assert done.inspection.outcome is RequestOutcome.LEFT
    assert "FL101" in done.inspection.record.codes


def test_strict_refuses_it_with_the_reasons() -> None:
    with pytest.raises(Refusal) as refused:
        rewrite(multipart_body([text_field(UNREADABLE)]), policy=STRICT)
    assert refused.value.status == 422
    (said,) = json.loads(refused.value.body)["text"]
    assert said.startswith("FL101 unclosed-quote: ")


def test_the_reasons_are_those_that_refuse_as_they_are_written() -> None:
    flags = "a cat --video --video_model é --video_model kling25 --duration 5 --vide"
    parts = [text_field(flags), field("prompt[video_model][]", "vidéo")]
    with pytest.raises(Refusal) as refused:
        rewrite(multipart_body(parts), policy=STRICT)
    said = json.loads(refused.value.body)["text"]
    assert [reason.partition(" ")[0] for reason in said] == ["FL105"]
    with pytest.raises(Refusal) as refused:
        rewrite(multipart_body([text_field(), parts[1]]), policy=STRICT)
    assert "`['vidéo']` in the request" in refused.value.body.decode()


def test_a_text_of_nothing_but_flags_is_left_out_and_in_an_update_emptied() -> None:
    flags = "--video --video_model happyhorse_720p --video_prompt dunes"
    fields = [
        field("prompt[video_model]", "happyhorse_720p"),
        field("prompt[video_prompt]", "dunes"),
    ]
    body = multipart_body([text_field(flags)])
    assert rewrite(body).body == multipart_body(fields)
    updated = rewrite(body, method="PATCH", path="/prompts/3")
    assert updated.body == multipart_body([text_field(""), *fields])


def test_the_first_part_may_go() -> None:
    flags = "--video --video_model happyhorse_720p --video_prompt dunes"
    done = rewrite(multipart_body([text_field(flags), SEED, file()]))
    assert [part.name for part in read_multipart(done.body)] == [
        "prompt[video_model]",
        "prompt[video_prompt]",
        "prompt[seed]",
        "prompt[input_image]",
    ]
    assert done.body.startswith(b"--" + BOUNDARY.encode())
    present = [
        field(f"prompt[{name}]", value)
        for name, value in (("video_model", "happyhorse_720p"), ("video_prompt", "dunes"))
    ]
    done = rewrite(multipart_body([text_field(flags), *present]))
    assert done.body == multipart_body(present)


@pytest.mark.parametrize("before", [True, False])
def test_an_equal_field_is_not_said_twice(before: bool) -> None:
    model = field("prompt[video_model]", "kling25")
    parts = [model, text_field()] if before else [text_field(), model]
    rest = [part for part in lifted() if part.name != model.name]
    expected = [model, *rest] if before else [*rest, model]
    assert rewrite(multipart_body(parts)).body == multipart_body(expected)


def test_an_empty_field_is_filled_where_it_stands() -> None:
    empty = field("prompt[video_model]", "")
    done = rewrite(multipart_body([empty, text_field()]))
    rest = [part for part in lifted() if part.name != empty.name]
    assert done.body == multipart_body([field("prompt[video_model]", "kling25"), *rest])


def test_a_different_field_is_a_conflict() -> None:
    body = multipart_body([text_field(), field("prompt[video_duration]", "10")])
    done = rewrite(body)
    assert done.body == body
    assert "FL604" in done.inspection.record.codes
    with pytest.raises(Refusal, match="422"):
        rewrite(body, policy=STRICT)


def test_after_a_file_an_equal_field_may_come_again_and_another_is_refused() -> None:
    equal = [text_field(), VIDEO, field("prompt[video_duration]", "5")]
    done = rewrite(multipart_body(equal), policy=LARGE)
    assert done.body == multipart_body([*lifted(), *equal[1:]])
    different = multipart_body([text_field(), VIDEO, field("prompt[video_duration]", "10")])
    with pytest.raises(Refusal) as refused:
        rewrite(different, policy=LARGE)
    assert refused.value.status == 422
    assert b"send all fields before the files" in refused.value.body


def test_in_a_short_body_what_comes_after_a_file_is_judged_as_well() -> None:
    equal = [text_field(), file(), field("prompt[video_duration]", "5")]
    rest = [part for part in lifted() if part.name != equal[2].name]
    assert rewrite(multipart_body(equal)).body == multipart_body([*rest, *equal[1:]])
    different = multipart_body([text_field(), file(), field("prompt[video_duration]", "10")])
    done = rewrite(different)
    assert (done.body, done.inspection.outcome) == (different, RequestOutcome.LEFT)


@pytest.mark.parametrize(
    "late",
    [
        text_field("another"),
        field("prompt[video_model]", ""),
        file("prompt[video_model]"),
        file("prompt[text]"),
        field("prompt[video_model][]", "kling25"),
        field("[prompt][video_model]", "kling25"),
    ],
)
def test_what_comes_too_late_to_be_judged_is_refused(late: Part) -> None:
    body = multipart_body([text_field(), file(), late])
    with pytest.raises(Refusal):
        rewrite(body, announced=False)
    untouched = multipart_body([text_field("a cat"), file(), late])
    assert rewrite(untouched, announced=False).body == untouched


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ([text_field(), text_field()], Reason.DUPLICATE_NAME),
        ([text_field(), field("prompt[seed]", "1"), field("prompt[seed]", "2")],
         Reason.DUPLICATE_NAME),
        ([text_field(), field("prompt[seed]", "1"), field("prompt[seed][]", "2")], Reason.ODD_NAME),
        ([field("prompt[text][]", LEGACY)], Reason.ODD_NAME),
        ([text_field(), field("prompt", "x")], Reason.ODD_NAME),
        ([text_field(), field("[prompt][text]", "x")], Reason.ODD_NAME),
        ([text_field(), field("prompt[text]]", "x")], Reason.ODD_NAME),
        ([text_field(), field("Prompt[text]", "x")], Reason.ODD_NAME),
        ([Part("prompt[text]", b"\xff --video")], Reason.INVALID_UTF8),
        ([text_field(), file(), text_field("another")], Reason.DUPLICATE_NAME),
        ([file("prompt[text]", LEGACY.encode())], Reason.ODD_PART),
        ([text_field(), field("_charset_", "latin-1")], Reason.CHARSET),
    ],
)  # fmt: skip
def test_names_that_parsers_read_differently_pass_untouched(
    parts: list[Part], reason: Reason
) -> None:
    body = multipart_body(parts)
    done = rewrite(body)
    assert (done.body, done.inspection.record.reason) == (body, reason)
    assert done.inspection.outcome is RequestOutcome.UNTOUCHED


def test_a_file_in_the_place_of_a_field_is_not_touched() -> None:
    body = multipart_body([text_field(), file("prompt[video_duration]")])
    done = rewrite(body)
    assert (done.body, done.inspection.outcome) == (body, RequestOutcome.LEFT)
    body = multipart_body([Part("prompt[video_duration]", b"", ""), text_field()])
    done = rewrite(body)
    assert (done.body, done.inspection.record.reason) == (body, Reason.DUPLICATE_NAME)


HEAD = b'Content-Disposition: form-data; name="prompt[text]"'


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        (HEAD.replace(b'"', b""), Reason.ODD_PART),
        (HEAD.replace(b'"prompt[text]"', b"note/x"), Reason.ODD_PART),
        (HEAD.replace(b'"prompt[text]"', b"note; name=x"), Reason.ODD_PART),
        (HEAD.replace(b"[text]", b"%5Btext]"), Reason.ODD_PART),
        (HEAD.replace(b"[text]", rb"[te\xt]"), Reason.ODD_PART),
        (HEAD.replace(b"[text]", b"[\xff]"), Reason.INVALID_UTF8),
        (HEAD + b"; name=other", Reason.ODD_PART),
        (HEAD + b"; NAME*=utf-8''other", Reason.ODD_PART),
        (HEAD + b'; filename="a"; x="; name=b"', Reason.ODD_PART),
        (HEAD + b'; filename="a" name="b"', Reason.ODD_PART),
        (HEAD + b'; filename="a"; what=1', Reason.ODD_PART),
        (HEAD.replace(b"form-data", b"attachment"), Reason.ODD_PART),
        (HEAD + b"\r\n" + HEAD, Reason.ODD_PART),
        (HEAD + b"\r\n folded: 1", Reason.ODD_PART),
        (HEAD + b"\r\nno colon", Reason.ODD_PART),
        (HEAD + b"\r\nX: a\nb", Reason.ODD_PART),
        (HEAD + b"\r\nX: a\0b", Reason.ODD_PART),
        (b"X: 1", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Transfer-Encoding: base64", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Encoding: gzip", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Length: 7x", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Length: 7", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Length: %d\x0b" % len(LEGACY), Reason.ODD_PART),
        (HEAD + b"\r\nContent-MD5: 1B2M2Y8AsgTpgAmY7PhCfg==", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Digest: sha-256=:AA==:", Reason.ODD_PART),
        (HEAD + b"\r\nX-Checksum: 5", Reason.ODD_PART),
        (HEAD + b"\r\nContent-Type: text/plain; charset=utf-16", Reason.CHARSET),
        (HEAD + b"\r\nContent-Type: application/json", Reason.CHARSET),
        (HEAD + b"\r\nX: " + b"x" * 20_000, Reason.ODD_PART),
    ],
)
def test_part_headers_that_parsers_read_differently_pass_untouched(
    head: bytes, reason: Reason
) -> None:
    body = multipart_body([text_field()]).replace(HEAD, head)
    for cuts in ((), range(1, len(body))):
        done = rewrite(body, cuts=cuts)
        assert (done.body, done.inspection.record.reason) == (body, reason)


@pytest.mark.parametrize(("coding", "read"), [(b"gzip", False), (b"identity", True)])
def test_a_part_beside_the_text_may_be_encoded(coding: bytes, read: bool) -> None:
    body = multipart_body([text_field(), field("other", "x")])
    body = body.replace(b'"other"', b'"other"\r\nContent-Encoding: ' + coding)
    done = rewrite(body)
    assert (done.body != body) is read
    assert done.inspection.record.reason is (None if read else Reason.ODD_PART)


def test_a_name_without_quotes_is_read_if_it_is_a_token() -> None:
    def as_dotnet_writes_it(parts: list[Part]) -> bytes:
        return multipart_body(parts).replace(b'"_method"', b"_method").replace(b'"a.png"', b"a.png")

    more = [field("_method", "patch"), file()]
    done = rewrite(as_dotnet_writes_it([text_field(), *more]))
    assert done.body == as_dotnet_writes_it([*lifted(), *more])


@pytest.mark.parametrize(
    "more",
    [
        b"\r\nContent-Type: text/plain",
        b'\r\nContent-Type: text/plain; charset="UTF-8"',
        b"\r\ncontent-transfer-encoding: 8bit\r\nX-Any: thing",
    ],
)
def test_part_headers_that_change_nothing_are_kept(more: bytes) -> None:
    body = multipart_body([text_field()]).replace(HEAD, HEAD + more)
    assert rewrite(body).body == multipart_body(lifted()).replace(HEAD, HEAD + more)


@pytest.mark.parametrize("policy", [Policy(), LARGE])
def test_the_length_of_a_changed_part_is_made_true(policy: Policy) -> None:
    head = HEAD + b"\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: %d"
    said = head % len(LEGACY) + b"\r\nX: y"
    body = multipart_body([text_field(), VIDEO]).replace(HEAD, said)
    done = rewrite(body, policy=policy)
    expected = multipart_body([*lifted(), VIDEO]).replace(HEAD, head % len("a cat") + b"\r\nX: y")
    assert done.body == expected
    assert done.delta == len(expected) - len(body)


def test_a_header_that_holds_for_the_content_only_is_no_harm_where_that_stays() -> None:
    digest = HEAD + b"\r\nContent-MD5: x"
    body = multipart_body([text_field("a cat")]).replace(HEAD, digest)
    assert rewrite(body).inspection.outcome is RequestOutcome.UNCHANGED
    other = b'name="prompt[seed]"'
    body = multipart_body([text_field(), SEED]).replace(other, other + b"\r\nContent-MD5: x")
    assert rewrite(body).inspection.outcome is RequestOutcome.TRANSLATED


@pytest.mark.parametrize("charset", [b"ISO-8859-1", b'"us-ascii"', b"windows-1252"])
def test_a_text_of_ascii_alone_reads_the_same_in_many_charsets(charset: bytes) -> None:
    more = b"\r\nContent-Type: text/plain; charset=" + charset
    body = multipart_body([text_field()]).replace(HEAD, HEAD + more)
    assert rewrite(body).body == multipart_body(lifted()).replace(HEAD, HEAD + more)
    whole = f"multipart/form-data; charset={charset.decode()}; boundary={BOUNDARY}"
    assert rewrite(multipart_body([text_field()]), whole).body == multipart_body(lifted())
    umlaut = multipart_body([text_field("\xfc " + LEGACY)])
    for text, media_type in ((umlaut.replace(HEAD, HEAD + more), MULTIPART), (umlaut, whole)):
        done = rewrite(text, media_type)
        assert (done.body, done.inspection.record.reason) == (text, Reason.CHARSET)


def test_an_empty_field_of_seven_bits_is_not_filled_with_more() -> None:
    umlaut = "a cat --video --video_model kling25 --video_prompt \xfc"
    head = b'name="prompt[video_prompt]"'
    body = multipart_body([field("prompt[video_prompt]", ""), text_field(umlaut)])
    assert rewrite(body).inspection.outcome is RequestOutcome.TRANSLATED
    body = body.replace(head, head + b"\r\nContent-Transfer-Encoding: 7bit")
    done = rewrite(body)
    assert (done.body, done.inspection.record.reason) == (body, Reason.CHARSET)


def test_a_value_that_is_not_utf8_is_a_value() -> None:
    body = multipart_body([text_field(), Part("prompt[video_prompt]", b"\xfc")])
    done = rewrite(body)
    assert (done.body, done.inspection.outcome) == (body, RequestOutcome.LEFT)


def test_all_parts_before_a_file_may_go() -> None:
    flags = "--video --video_model happyhorse_720p --video_prompt dunes"
    texts = array(("[0][text]", flags), ("[1][text]", flags))
    said = array(
        ("[0][video_model]", "happyhorse_720p"),
        ("[0][video_prompt]", "dunes"),
        ("[1][video_model]", "happyhorse_720p"),
    )
    new = array(("[1][video_prompt]", "dunes"))
    assert rewrite_tune([*texts, *said]).body == multipart_body([*new, *said])
    assert rewrite_tune([*texts, *said, *new]).body == multipart_body([*said, *new])


@pytest.mark.parametrize(
    "filename",
    [
        b"filename=plain.png",
        rb'filename="a\"; x.png"',
        b'filename="%22.png"',
        'filename="ü.png"'.encode(),
        b"filename*=utf-8''%C3%BC.png",
        b"filename=\"u.png\"; filename*=utf-8''%C3%BC.png;",
    ],
)
def test_all_ways_to_name_a_file_are_files(filename: bytes) -> None:
    body = multipart_body([text_field(), file()])
    body = body.replace(b'filename="a.png"', filename)
    expected = multipart_body([*lifted(), file()]).replace(b'filename="a.png"', filename)
    assert rewrite(body).body == expected


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"preamble\r\n" + multipart_body([text_field()]),
        multipart_body([text_field()]).replace(b"\r\n", b"\n"),
        multipart_body([text_field()], closed=False),
        multipart_body([text_field()])[:-4],
        multipart_body([text_field(f"x\r\n--{BOUNDARY}X --video")]),
        multipart_body([text_field()]).replace(b"\r\nContent", b" " * 100 + b"\r\nContent"),
    ],
)
def test_malformed_bodies_pass_untouched(body: bytes) -> None:
    for cuts in ((), range(1, len(body))):
        done = rewrite(body, cuts=cuts)
        assert (done.body, done.inspection.record.reason) == (body, Reason.MALFORMED)


@pytest.mark.parametrize("end", [b"", b"\r\n", b"\r\nepilogue --video", b"\r\n" + b"x" * 16_000])
def test_what_follows_the_end_is_kept(end: bytes) -> None:
    body = multipart_body([SEED, text_field()], end=end)
    for cuts in ((), range(1, len(body))):
        done = rewrite(body, cuts=cuts)
        assert done.inspection.outcome is RequestOutcome.TRANSLATED
        assert done.body.startswith(body[: body.index(b"a cat")])
        assert done.body.endswith(f"--{BOUNDARY}--".encode() + end)


AGAIN = b"\r\n" + multipart_body([text_field()])


@pytest.mark.parametrize("end", [AGAIN, b"\r\nx" + AGAIN, b"x", b" \r\n", b"\r\n" + b"x" * 20_000])
def test_what_some_parsers_read_after_the_end_is_not_translated_by_halves(end: bytes) -> None:
    """Django reads the parts that follow a closing delimiter, too."""
    body = multipart_body([SEED, text_field()], end=end)
    for cuts in ((), range(1, len(body), 3)):
        done = rewrite(body, cuts=cuts)
        assert (done.body, done.inspection.record.reason) == (body, Reason.MALFORMED)


def test_what_follows_the_end_of_a_body_whose_beginning_was_changed() -> None:
    body = multipart_body([text_field(), file()], end=AGAIN)
    with pytest.raises(Refusal) as refused:
        rewrite(body, announced=False)
    assert refused.value.status == 400


def test_spaces_after_a_delimiter_are_read_in_two_ways() -> None:
    """busboy skips such a part, python-multipart refuses it, Rack and Go read it."""
    body = multipart_body([SEED, text_field()])
    line = f"--{BOUNDARY}\r\n".encode()
    padded = body.replace(line, line.replace(b"\r", b" \t\r"))
    for cuts in ((), range(1, len(padded))):
        done = rewrite(padded, cuts=cuts)
        assert (done.body, done.inspection.record.reason) == (padded, Reason.MALFORMED)


def test_a_body_cut_after_its_beginning_was_changed_is_refused() -> None:
    body = multipart_body([text_field(), file()], closed=False)
    assert rewrite(body).body == body
    with pytest.raises(Refusal) as refused:
        rewrite(body, announced=False)
    assert refused.value.status == 400


def test_too_much_to_hold_passes_untouched() -> None:
    policy = Policy(hold_limit=1000)
    small = multipart_body([text_field(), file(content=b"x" * 5000)])
    assert rewrite(small, policy=policy).inspection.outcome is RequestOutcome.TRANSLATED
    for large in (
        multipart_body([text_field(), field("prompt[negative_prompt]", "x" * 2000)]),
        multipart_body([text_field("x" * 2000)]),
        multipart_body([field(f"f{number}", "") for number in range(100)] + [text_field()]),
    ):
        for cuts in ((), range(1, len(large), 7)):
            done = rewrite(large, policy=policy, cuts=cuts)
            assert (done.body, done.inspection.record.reason) == (large, Reason.TOO_LARGE)


def test_fields_of_exactly_the_limit_are_held() -> None:
    parts = [VIDEO, text_field("a cat")]
    files = len(multipart_body([VIDEO])) - len(f"--{BOUNDARY}--\r\n")
    for more, reason in ((0, None), (-1, Reason.TOO_LARGE)):
        body = multipart_body(parts)
        held = len(body) - len(VIDEO.content) - len("\r\n")
        policy = Policy(hold_limit=held + more)
        assert files > policy.hold_limit
        assert rewrite(body, policy=policy).inspection.record.reason is reason


def test_a_body_of_exactly_the_limit_is_kept_until_its_text_is_seen() -> None:
    body = multipart_body([VIDEO, text_field()])
    for more, translated in ((0, True), (-1, False)):
        policy = Policy(hold_limit=1000, spool_limit=len(body) + more)
        done = rewrite(body, policy=policy)
        assert (done.body != body) is translated
        assert done.inspection.outcome is (
            RequestOutcome.TRANSLATED if translated else RequestOutcome.UNTOUCHED
        )


@pytest.mark.parametrize("part", [field("x", ""), file("x", b"")])
def test_more_parts_than_are_read_pass_untouched(part: Part) -> None:
    policy = Policy(hold_limit=4 * 1024 * 1024)
    for count in (10_000, 10_001):  # the text is one too many, or the last part before it
        body = multipart_body([part] * count + [text_field()])
        done = rewrite(body, policy=policy)
        assert (done.body, done.inspection.record.reason) == (body, Reason.TOO_LARGE)
    for fewer in ([part] * 9_999 + [text_field()], [text_field()] + [part] * 9_999):
        done = rewrite(multipart_body(fewer), policy=policy)
        assert done.inspection.outcome is RequestOutcome.TRANSLATED


def test_more_text_than_is_read_passes_untouched() -> None:
    body = multipart_body([text_field(LEGACY + " x" * 20_000)])
    done = rewrite(body)
    assert (done.body, done.inspection.record.reason) == (body, Reason.TOO_LARGE)


def test_a_value_that_holds_the_boundary_is_not_written() -> None:
    # Taking the flags out joins the halves of what then reads as the boundary.
    text = f"--{BOUNDARY[:-1]}\\{BOUNDARY[-1]}"
    quoted = f'a cat --video --video_model kling25 --video_prompt "--{BOUNDARY}"'
    body = multipart_body([text_field(quoted)])
    done = rewrite(body)
    assert (done.body, done.inspection.record.reason) == (body, Reason.BOUNDARY_IN_VALUE)
    assert text not in done.body.decode()


def test_report_sends_the_same_bytes_and_says_what_would_change() -> None:
    report = Policy(mode=Mode.REPORT, hold_limit=1000, spool_limit=2000)
    for parts, outcome in (
        ([text_field(), file()], RequestOutcome.TRANSLATED),
        ([file(), text_field()], RequestOutcome.TRANSLATED),
        ([text_field(UNREADABLE)], RequestOutcome.LEFT),
        ([text_field(), file(), field("prompt[video_duration]", "10"), SEED], RequestOutcome.LEFT),
        (
            [text_field(), VIDEO, field("prompt[video_duration]", "10"), SEED],
            RequestOutcome.REFUSED,
        ),
        ([VIDEO, text_field()], RequestOutcome.UNTOUCHED),
    ):
        body = multipart_body(parts)
        done = rewrite(body, policy=report, cuts=range(1, len(body)))
        assert (done.body, done.delta, done.inspection.outcome) == (body, 0, outcome)


def array(*names_and_values: tuple[str, str]) -> list[Part]:
    return [field(f"tune[prompts_attributes]{name}", value) for name, value in names_and_values]


def rewrite_tune(parts: list[Part]) -> Done:
    return rewrite(multipart_body(parts), path="/tunes")


def test_several_prompts_of_a_tune_with_an_index() -> None:
    parts = array(("[0][text]", LEGACY), ("[1][text]", "a dog"), ("[0][seed]", "7"))
    done = rewrite_tune([field("tune[title]", "x"), *parts])
    expected = [*lifted("tune[prompts_attributes][0]"), *parts[1:]]
    assert done.body == multipart_body([field("tune[title]", "x"), *expected])
    assert sum(done.inspection.record.prompts.values()) == 2


def test_without_an_index_new_fields_stay_in_their_element() -> None:
    parts = array(("[][text]", "a dog"), ("[][seed]", "7"), ("[][text]", LEGACY), ("[][seed]", "8"))
    expected = [*parts[:2], *lifted("tune[prompts_attributes][]"), parts[3]]
    assert rewrite_tune(parts).body == multipart_body(expected)


def test_an_element_that_would_be_read_as_another_passes_untouched() -> None:
    # Without its text, the second element would begin with a field that the first lacks.
    flags = "--video --video_model happyhorse_720p --video_prompt x"
    parts = array(("[][text]", "a dog"), ("[][text]", flags))
    done = rewrite_tune(parts)
    assert done.body == multipart_body(parts)
    assert done.inspection.record.reason is Reason.ARRAY_ORDER


def test_after_a_file_an_element_that_would_be_read_as_another_is_refused() -> None:
    image = file("tune[prompts_attributes][][input_image]")
    late = array(("[][video_model]", "kling25"))
    parts = [*array(("[][text]", LEGACY)), image, *late]
    with pytest.raises(Refusal) as refused:
        rewrite(multipart_body(parts), path="/tunes", announced=False)
    assert b"number the prompts" in refused.value.body


def test_prompts_of_a_tune_after_its_images() -> None:
    images = [file("tune[images][]"), file("tune[images][]")]
    parts = array(("[0][text]", LEGACY))
    done = rewrite_tune([*images, *parts])
    assert done.body == multipart_body([*images, *lifted("tune[prompts_attributes][0]")])


@pytest.mark.parametrize("names", [("[][text]", "[0][text]"), ("[0][text]", "[][text]")])
def test_a_list_and_a_mapping_under_one_name_pass_untouched(names: tuple[str, str]) -> None:
    parts = array(*((name, LEGACY) for name in names))
    done = rewrite_tune(parts)
    assert (done.body, done.inspection.record.reason) == (multipart_body(parts), Reason.ODD_NAME)


def test_prompts_where_a_route_has_none_are_not_read() -> None:
    parts = array(("[0][text]", LEGACY))
    assert rewrite(multipart_body(parts)).body == multipart_body(parts)
    assert rewrite_tune([text_field()]).body == multipart_body([text_field()])


def test_what_is_released_is_let_go() -> None:
    rewriter = begin(f"multipart/form-data; boundary={BOUNDARY}").rewriter
    beginning = multipart_body([text_field("a cat"), file()], closed=False)
    assert b"".join(rewriter.feed(beginning)) == beginning[:-2]
    chunk = b"x" * 100_000
    assert list(rewriter.feed(chunk)) == [b"\r\n" + chunk]
    (passed,) = rewriter.feed(chunk)
    assert passed is chunk
