"""Flags where no prompt is read: nobody may say that nobody sent them."""

import base64
import gzip
import json
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.shim.core.inspection import Inspection, Target, inspect
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.core.scan import count_flags
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.traffic import TrafficStore
from flaglift.syntax.flags import FlagName
from shim.forms import (
    BOUNDARY,
    JSON,
    LEGACY,
    MULTIPART,
    URLENCODED,
    Part,
    field,
    file,
    json_body,
    lifted,
    multipart_body,
    rewrite,
    text_field,
    urlencoded_body,
)
from shim.servers import proxied, upstream

ELSEWHERE = "/gateway/tunes/7/prompts"
FORM = multipart_body([text_field()])
PAIRS = urlencoded_body([("prompt[text]", LEGACY)])
OBJECT = json_body({"prompt": {"text": LEGACY}})


def look(
    body: bytes,
    media_type: str | None,
    *more: tuple[bytes, bytes],
    path: str = ELSEWHERE,
    method: str = "POST",
    size: int = 1000,
    mode: Mode = Mode.TRANSLATE,
) -> Inspection:
    """Pass a body by, in chunks; nothing of it may change."""
    path, _, query = path.partition("?")
    headers = [(b"content-length", str(len(body)).encode()), *more]
    if media_type is not None:
        headers.append((b"content-type", media_type.encode()))
    inspection = inspect(Target(method, path, query), headers, Policy(mode))
    rewriter = inspection.rewriter
    out = [
        chunk for at in range(0, len(body), size) for chunk in rewriter.feed(body[at : at + size])
    ]
    assert b"".join([*out, *rewriter.finish()]) == body
    assert rewriter.settled
    assert rewriter.delta == 0
    assert not inspection.reads
    return inspection


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (FORM, MULTIPART),
        (PAIRS, URLENCODED),
        (quote(PAIRS, safe="").encode(), URLENCODED),
        (b"text=%2d%2D%76ideo", URLENCODED),
        (b"text=a+cat+--duration+5", URLENCODED),
        (json_body({"text": "a cat --duration 5"}).decode().encode("utf-16"), JSON),
        (OBJECT, JSON),
        (OBJECT, "application/vnd.api+json"),
        (OBJECT, None),
        (OBJECT.replace(b"--", rb"\u002d\u002D"), JSON),
        (OBJECT.decode().encode("utf-16"), JSON),
        (OBJECT.decode().encode("utf-32"), f"{JSON}; charset=utf-32"),
        (json.dumps({"body": OBJECT.decode()}).encode(), "text/plain"),
        (multipart_body([field("data", rb"\u002d-video".decode())]), MULTIPART),
    ],
)
def test_flags_in_any_spelling_are_seen(
    body: bytes, media_type: str | None, size: int, mode: Mode
) -> None:
    seen = look(body, media_type, size=size, mode=mode)
    assert seen.record.reason is Reason.FLAGS_ELSEWHERE
    assert (seen.route, seen.outcome) == (None, RequestOutcome.UNTOUCHED)
    assert seen.label == "/gateway/tunes/:id/prompts"


@pytest.mark.parametrize("flag", list(FlagName))
def test_each_flag_is_seen(flag: FlagName) -> None:
    assert count_flags(f"a cat {flag.word} x".encode()) == 1


def test_what_cannot_be_seen_through_counts_as_well() -> None:
    encoded = FORM.replace(LEGACY.encode(), base64.b64encode(LEGACY.encode()))
    head = b"\r\nContent-Transfer-Encoding: Base64\r\n\r\n"
    for seen in (
        look(encoded.replace(b"\r\n\r\n", head), MULTIPART, size=50),
        look(gzip.compress(OBJECT), JSON, (b"content-encoding", b"gzip")),
        look(b"x", f"{JSON}; charset=utf-7"),
        look(b"", JSON, path="/x?text=a%20--video"),
        look(b"", None, path="/x?text=--video", method="GET"),
    ):
        assert seen.record.reason is Reason.FLAGS_ELSEWHERE


@pytest.mark.parametrize(
    ("body", "media_type", "method"),
    [
        (b"a plain cat", "text/plain", "POST"),
        (OBJECT, "image/png", "POST"),
        (b"--vide", None, "PUT"),
        (b"", JSON, "POST"),
        (multipart_body([*lifted(), file()]), MULTIPART, "POST"),
    ],
)
def test_other_bodies_are_none_of_our_business(
    body: bytes, media_type: str | None, method: str
) -> None:
    seen = look(body, media_type, method=method, size=3)
    assert (seen.outcome, seen.record.reason) == (RequestOutcome.OFF, None)


def test_a_body_without_a_length_is_looked_at_unless_there_can_be_none() -> None:
    chunked = (b"transfer-encoding", b"chunked")
    for method, headers, looks in (
        ("POST", [], True),
        ("GET", [], False),
        ("GET", [chunked], True),
        ("GET", [(b"content-length", b"5")], True),
        ("POST", [(b"content-length", b"0")], False),
    ):
        assert inspect(Target(method, "/x"), headers, Policy()).looks is looks


def test_a_body_that_is_announced_is_unfinished_until_it_ends() -> None:
    for headers, unfinished in (
        ([], False),
        ([(b"content-length", b"5")], True),
        ([(b"transfer-encoding", b"chunked")], True),
    ):
        seen = inspect(Target("POST", "/x"), headers, Policy())
        assert seen.record.unfinished is unfinished
        seen.rewriter.finish()
        assert not seen.record.unfinished


@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (multipart_body([text_field("a cat"), field("text", LEGACY)]), MULTIPART),
        (multipart_body([field("Prompts[text]", LEGACY)]), MULTIPART),
        (urlencoded_body([("prompt[text]", "a cat"), ("text", LEGACY)]), URLENCODED),
        (json_body({"prompt": {"text": "a cat"}, "data": {"text": LEGACY}}), JSON),
        (json_body({"prompt": {"Text": LEGACY}}), JSON),
    ],
)
def test_on_a_prompts_route_flags_elsewhere_are_seen_too(body: bytes, media_type: str) -> None:
    for mode in (Mode.TRANSLATE, Mode.REPORT):
        done = rewrite(body, media_type, Policy(mode))
        assert (done.body, done.inspection.outcome) == (body, RequestOutcome.UNTOUCHED)
        assert done.inspection.record.reason is Reason.FLAGS_ELSEWHERE


@given(st.text(alphabet='-vide0o\\" =%\u00fc', max_size=20))
def test_a_text_that_was_read_is_not_elsewhere(middle: str) -> None:
    text = f"a --video{middle}x"
    for body, media_type in (
        (multipart_body([text_field(text)]), MULTIPART),
        (multipart_body([text_field(text), file()]), MULTIPART),
        (urlencoded_body([("prompt[text]", text)]), URLENCODED),
        (json_body({"prompt": {"text": text}}), JSON),
        (json_body({"prompt": {"text": text}}, ensure_ascii=False), JSON),
    ):
        inspection = rewrite(body, media_type).inspection
        assert inspection.record.reason is None
        assert sum(inspection.record.prompts.values()) == 1


@pytest.mark.parametrize("more", [[], [file()]])
def test_the_values_of_a_form_in_parts_have_no_escapes(more: list[Part]) -> None:
    for note, reason in (("%2D-video", None), ("--video", Reason.FLAGS_ELSEWHERE)):
        body = multipart_body([text_field("a cat"), field("note", note), *more])
        assert rewrite(body).inspection.record.reason is reason


def test_the_single_prompt_of_a_tune_is_read_like_several() -> None:
    parts = [field("tune[title]", "x"), field("tune[prompt_attributes][text]", LEGACY)]
    done = rewrite(multipart_body(parts), path="/tunes")
    assert done.body == multipart_body([parts[0], *lifted("tune[prompt_attributes]")])
    done = rewrite(
        json_body({"tune": {"prompt_attributes": {"text": LEGACY}}}), JSON, path="/tunes"
    )
    assert json.loads(done.body)["tune"]["prompt_attributes"]["video_model"] == "kling25"
    listed = json_body({"tune": {"prompt_attributes": [{"text": LEGACY}]}})
    done = rewrite(listed, JSON, path="/tunes")
    assert (done.body, done.inspection.record.reason) == (listed, Reason.FLAGS_ELSEWHERE)
    for name in (
        "tune[prompt_attributes][]",
        "tune[prompt_attributes]text",
        "tune[prompt_attributes",
    ):
        nested = multipart_body([field(name, LEGACY)])
        done = rewrite(nested, path="/tunes")
        assert (done.body, done.inspection.record.reason) == (nested, Reason.ODD_NAME)


def test_the_proxy_counts_them_with_where_they_were_sent(tmp_path: Path) -> None:
    store = tmp_path / "t.db"
    with (
        upstream() as service,
        proxied(Options(service.url, ("127.0.0.1", 0), traffic=store)) as proxy,
    ):
        for path, method in ((ELSEWHERE, "POST"), ("/packs", "PUT"), ("/tunes/7/prompts", "patch")):
            httpx.request(method, proxy + path, data={"prompt[text]": LEGACY})
            assert b"--video" in service.last.body
        httpx.post(proxy + "/packs", data={"prompt[text]": "a cat"})
        httpx.post(proxy + "//tunes/7/%70rompts", data={"prompt[text]": LEGACY})
        assert b"--video" not in service.last.body
        assert service.last.path == "//tunes/7/%70rompts"
    with TrafficStore(store) as kept:
        report = kept.report(1)
    assert not report.clean
    assert {row.route: (row.legacy, row.unread.total()) for row in report.rows} == {
        "/gateway/tunes/:id/prompts": (0, 1),
        "/packs": (0, 1),
        "/tunes/:id/prompts": (1, 1),
    }


@given(st.lists(st.sampled_from(["a", 'b-\\"-videovideo%2D\\u002d']), max_size=6))
def test_a_long_body_is_searched_in_linear_time(pieces: list[str]) -> None:
    data = "".join(pieces).encode()
    assert count_flags(data + b"--video") >= 1
    assert BOUNDARY.encode() not in data
