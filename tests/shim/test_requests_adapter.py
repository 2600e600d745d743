"""The adapter for requests, with real sessions and a real server."""

import copy
import importlib
import io
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import responses
from requests.auth import HTTPDigestAuth
from urllib3 import HTTPResponse
from urllib3.util import Retry

import flaglift.shim.requests
from flaglift.errors import ConfigError
from flaglift.shim.core.inspection import Inspection
from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.core.record import RequestOutcome
from flaglift.shim.requests import Adapter
from shim.forms import (
    LEGACY,
    LIFTED,
    MULTIPART,
    UNREADABLE,
    URLENCODED,
    field,
    file,
    lifted,
    multipart_body,
    read_urlencoded,
    text_field,
    urlencoded_body,
)
from shim.servers import Received, Upstream, respond, upstream

FORM = {"content-type": MULTIPART}
PAIRS = [(f"prompt[{name}]", value) for name, value in LIFTED.items()]
VIDEO = file("prompt[input_video]", b"\r\n--x" * 20_000)
FIRST = multipart_body([text_field(), VIDEO])
LAST = multipart_body([VIDEO, text_field()])


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


def session(**options: Any) -> requests.Session:
    made = requests.Session()
    made.mount("http://", Adapter(**options))
    return made


def test_all_kinds_of_bodies(service: Upstream) -> None:
    seen: list[Inspection] = []
    with session(observe=seen.append) as client:
        url = service.url + "/tunes/7/prompts"
        client.post(url, data={"prompt[text]": LEGACY})
        assert read_urlencoded(service.last.body) == PAIRS
        client.post(url, json={"text": LEGACY})
        assert b'"video_duration": 5' in service.last.body
        client.post(url, data={"prompt[text]": LEGACY}, files={"prompt[input_image]": b"\x00" * 9})
        assert b"\r\n\r\nkling25\r\n" in service.last.body
        assert client.get(url).status_code == 201
        client.post(url)
        client.post(service.url + "/packs", data={"prompt[text]": LEGACY})
        assert b"--video" in service.last.body
    assert [one.outcome for one in seen] == [RequestOutcome.TRANSLATED] * 3 + [
        RequestOutcome.UNTOUCHED
    ]


@pytest.mark.parametrize("body", [FIRST, LAST])
def test_files_are_streamed_with_an_exact_length(
    body: bytes, service: Upstream, tmp_path: Path
) -> None:
    path = tmp_path / "body"
    path.write_bytes(body)
    with session() as client, path.open("rb") as opened:
        client.post(service.url + "/tunes/7/prompts", data=opened, headers=FORM)
    expected = [*lifted(), VIDEO] if body is FIRST else [VIDEO, *lifted()]
    assert service.last.body == multipart_body(expected)
    assert service.last.header("content-length") == str(len(service.last.body))


class Pipe:
    """A file that can be read once, of a length that is known."""

    def __init__(self, body: bytes) -> None:
        self._file = io.BytesIO(body)
        self.len = len(body)

    def read(self, size: int = -1) -> bytes:
        return self._file.read(size)


@pytest.mark.parametrize("body", [FIRST, LAST])
def test_pipes_and_iterators(body: bytes, service: Upstream) -> None:
    expected = multipart_body([*lifted(), VIDEO] if body is FIRST else [VIDEO, *lifted()])
    with session() as client:
        url = service.url + "/tunes/7/prompts"
        client.post(url, data=Pipe(body), headers=FORM)
        assert service.last.body == expected
        assert service.last.header("content-length") == str(len(expected))
        raw = HTTPResponse(io.BytesIO(body), preload_content=False)
        for source in (iter([body[:99], body[99:]]), raw):
            client.post(url, data=source, headers=FORM)
            assert service.last.body == expected
            assert service.last.header("content-length") is None
        buffers: list[Any] = [bytearray(body), memoryview(body)]
        for buffer in buffers:
            client.post(url, data=buffer, headers=FORM)
            assert service.last.body == expected
            assert service.last.header("content-length") == str(len(expected))


def test_the_whole_can_be_read_at_once(service: Upstream) -> None:
    whole = urlencoded_body([("prompt[text]", LEGACY)])
    prepared = requests.Request(
        "POST", service.url + "/tunes/7/prompts", data=io.BytesIO(whole),
        headers={"content-type": URLENCODED},
    ).prepare()  # fmt: skip
    message = flaglift.shim.requests._RequestsMessage(prepared, Policy())
    body: Any = message.rewritten().body
    assert body.tell() == 0
    assert read_urlencoded(body.read()) == PAIRS
    assert body.read() == b""
    with pytest.raises(OSError, match="only the beginning"):
        body.seek(3)
    body.seek(0)
    assert body.read(5) == b"promp"
    assert prepared.headers["Content-Length"] == str(len(whole))


def test_a_body_too_long_to_be_kept_is_sent_in_chunks_where_that_is_wanted(
    service: Upstream,
) -> None:
    policy = Policy(hold_limit=2000, spool_limit=2000, late_text=LateText.CHUNKED)
    with session(policy=policy) as client:
        client.post(service.url + "/tunes/7/prompts", data=Pipe(LAST), headers=FORM)
    assert service.last.body == multipart_body([VIDEO, *lifted()])
    assert service.last.header("content-length") is None


def noted(inspection: Inspection) -> None:
    NOTED.append(inspection.outcome)


NOTED: list[RequestOutcome] = []


@pytest.mark.parametrize(
    "copied",
    [copy.deepcopy, copy.copy, lambda given: pickle.loads(pickle.dumps(given))],  # noqa: S301
)
def test_a_session_can_be_copied(copied: Callable[[Any], Any], service: Upstream) -> None:
    url = service.url + "/tunes/7/prompts"
    NOTED.clear()
    policy = Policy(Mode.TRANSLATE, (("/prompts/*", Mode.OFF),))
    with session(policy=policy, observe=noted) as made, copied(made) as client:
        client.post(url, data={"prompt[text]": LEGACY})
        assert read_urlencoded(service.last.body) == PAIRS
        client.post(service.url + "/prompts/1/duplicate", data={"prompt[text]": LEGACY})
        assert b"--video" in service.last.body
    assert NOTED == [RequestOutcome.TRANSLATED, RequestOutcome.OFF]


def test_a_request_without_a_body_is_one_without_flags(service: Upstream) -> None:
    seen: list[Inspection] = []
    with session(observe=seen.append) as client:
        client.post(service.url + "/tunes/7/prompts", headers=FORM)
    assert [one.outcome for one in seen] == [RequestOutcome.UNCHANGED]


def test_a_request_that_does_not_change_is_sent_itself() -> None:
    bodies: list[Any] = [
        urlencoded_body([("prompt[text]", "a plain cat")]).decode(),
        urlencoded_body([("prompt[text]", "a plain cat")]),
        io.BytesIO(urlencoded_body([("prompt[text]", "a plain cat")])),
    ]
    for body in bodies:
        prepared = requests.Request(
            "POST", "http://x/tunes/7/prompts", data=body, headers={"content-type": URLENCODED}
        ).prepare()
        assert flaglift.shim.requests._RequestsMessage(prepared, Policy()).rewritten() is prepared
        assert prepared.body is body
    assert bodies[-1].read() == bodies[1]


def test_a_text_that_changes_stays_a_text_and_the_matchers_of_responses_match() -> None:
    with responses.RequestsMock() as mock:
        for text, fields in (("a plain cat", {"prompt[text]": "a plain cat"}), (LEGACY, PAIRS)):
            match = [responses.matchers.urlencoded_params_matcher(dict(fields))]
            mock.post("http://x/tunes/7/prompts", match=match)
            with session() as client:
                response = client.post("http://x/tunes/7/prompts", data={"prompt[text]": text})
            assert response.status_code == 200
            assert isinstance(response.request.body, str)
    prepared = requests.Request(
        "POST", "http://x/tunes/7/prompts", data={"prompt[text]": LEGACY}
    ).prepare()
    sent = flaglift.shim.requests._RequestsMessage(prepared, Policy()).rewritten().body
    assert isinstance(sent, str)
    assert read_urlencoded(sent.encode()) == PAIRS


def test_digest_authentication_sends_a_file_from_where_it_stood() -> None:
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=MD5'

    async def guarded(request: Received, send: Any) -> None:
        known = (request.header("authorization") or "").startswith("Digest ")
        more = () if known else (("www-authenticate", challenge),)
        await respond(send, 201 if known else 401, b"", *more)

    with upstream(guarded) as service, session() as client:
        client.auth = HTTPDigestAuth("u", "p")
        for skipped in (b"", b"junk"):
            opened = io.BytesIO(skipped + LAST)
            opened.seek(len(skipped))
            url = service.url + "/tunes/7/prompts"
            assert client.post(url, data=opened, headers=FORM).status_code == 201
            assert service.last.body == multipart_body([VIDEO, *lifted()])


def failing_once(status: int) -> Any:
    async def answer(request: Received, send: Any) -> None:
        if request.path.endswith("/prompts") and not request.query:
            await respond(send, status, b"", ("location", "?again"), ("retry-after", "0"))
        else:
            await respond(send, 201, b"")

    return answer


def test_a_redirect_gets_the_body_again() -> None:
    with upstream(failing_once(307)) as service, session() as client:
        url = service.url + "/tunes/7/prompts"
        for request in ({"data": io.BytesIO(FIRST), "headers": FORM}, {"json": {"text": LEGACY}}):
            assert client.post(url, **request).status_code == 201
            assert service.received[-1].body == service.received[-2].body
            assert b"kling25" in service.last.body


def test_a_retry_gets_the_body_again_or_fails() -> None:
    retry = Retry(total=2, status_forcelist=[503], allowed_methods=None, redirect=0)
    with upstream(failing_once(503)) as service, session(max_retries=retry) as client:
        service.answer = failing_twice(service)
        url = service.url + "/tunes/7/prompts"
        assert client.post(url, data=io.BytesIO(LAST), headers=FORM).status_code == 201
        assert service.received[-1].body == service.received[-2].body
        assert service.last.body == multipart_body([VIDEO, *lifted()])
        count = len(service.received)
        with pytest.raises(Exception, match=r"rewind|read only once"):
            client.post(url + "?once", data=iter([FIRST]), headers=FORM)
        assert len(service.received) == count + 1


def failing_twice(service: Upstream) -> Any:
    async def answer(request: Received, send: Any) -> None:
        first = len([r for r in service.received if r.query == request.query]) == 1
        await respond(send, 503 if first else 201, b"")

    return answer


@pytest.mark.parametrize("body", [UNREADABLE, UNREADABLE + " x" * 10])
def test_strict_answers_422_and_sends_nothing(body: str, service: Upstream) -> None:
    count = service.complete()
    seen: list[Inspection] = []
    with session(policy=Policy(Mode.STRICT), observe=seen.append) as client:
        url = service.url + "/tunes/7/prompts"
        for request in (
            {"data": {"prompt[text]": body}},
            {"data": io.BytesIO(multipart_body([text_field(body), VIDEO])), "headers": FORM},
        ):
            response = client.post(url, **request)
            assert (response.status_code, response.reason) == (422, "Unprocessable Entity")
            assert response.json()["text"][0].startswith("FL101 unclosed-quote: ")
            assert response.url == url
            with pytest.raises(requests.HTTPError):
                response.raise_for_status()
    assert service.complete() == count
    assert [one.outcome for one in seen] == [RequestOutcome.REFUSED] * 2


def test_a_refusal_half_way(service: Upstream) -> None:
    body = multipart_body([text_field(), VIDEO, field("prompt[video_model]", "ovi")])
    count = service.complete()
    with session() as client:
        url = service.url + "/tunes/7/prompts"
        response = client.post(url, data=iter([body[:200], body[200:]]), headers=FORM)
        assert response.status_code == 422
        cut = client.post(url, data=iter([FIRST[:-9]]), headers=FORM)
        assert (cut.status_code, cut.reason) == (400, "Bad Request")
    assert service.complete() == count


def test_without_requests_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(ConfigError, match=r"pip install 'flaglift\[http\]'"):
        importlib.reload(flaglift.shim.requests)
    monkeypatch.undo()
    importlib.reload(flaglift.shim.requests)
