"""The transport for httpx and httpx2, with real clients and a real server."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import httpx2
import pytest

from flaglift.shim.core.inspection import Inspection
from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.core.record import RequestOutcome
from flaglift.shim.httpx import Transport
from flaglift.shim.replay import BodyConsumedError
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
)
from shim.servers import Received, Upstream, respond, upstream

LIBRARIES: list[Any] = [httpx, httpx2]
SMALL = Policy(hold_limit=2000)
"""Longer bodies are streamed."""
VIDEO = file("prompt[input_video]", b"\r\n--x" * 2000)


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@pytest.fixture(params=["sync", "async"])
def asynchronous(request: pytest.FixtureRequest) -> bool:
    return bool(request.param == "async")


class Sender:
    """A client of either library, synchronous or not."""

    def __init__(self, library: Any, asynchronous: bool, **transport: Any) -> None:
        self.library = library
        self.asynchronous = asynchronous
        self.inspections: list[Inspection] = []
        self.options = {"observe": self.inspections.append, **transport}

    def post(self, url: str, path: str = "/tunes/7/prompts", **request: Any) -> Any:
        if self.asynchronous:
            return asyncio.run(self._post(url + path, request))
        wrapped = self.library.HTTPTransport()
        with self.library.Client(transport=Transport(wrapped, **self.options)) as client:
            return client.post(url + path, **request)

    async def _post(self, url: str, request: dict[str, Any]) -> Any:
        wrapped = self.library.AsyncHTTPTransport()
        async with self.library.AsyncClient(transport=Transport(wrapped, **self.options)) as client:
            return await client.post(url, **request)

    def stream(self, chunks: list[bytes]) -> Any:
        """A body that can be read once."""
        return _later(chunks) if self.asynchronous else iter(chunks)


async def _later(chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        await asyncio.sleep(0)
        yield chunk


@pytest.mark.parametrize("library", LIBRARIES)
def test_all_kinds_of_bodies(library: Any, asynchronous: bool, service: Upstream) -> None:
    sender = Sender(library, asynchronous)
    sender.post(service.url, data={"prompt[text]": LEGACY})
    assert read_urlencoded(service.last.body) == [(f"prompt[{n}]", v) for n, v in LIFTED.items()]
    sender.post(service.url, json={"prompt": {"text": LEGACY}})
    assert json.loads(service.last.body)["prompt"]["video_duration"] == 5
    sender.post(
        service.url,
        content=multipart_body([text_field(), file()]),
        headers={"content-type": MULTIPART},
    )
    assert service.last.body == multipart_body([*lifted(), file()])
    assert service.last.header("content-length") == str(len(service.last.body))
    assert [seen.outcome for seen in sender.inspections] == [RequestOutcome.TRANSLATED] * 3


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("late", [False, True])
def test_files_are_streamed_with_an_exact_length(
    library: Any, asynchronous: bool, late: bool, service: Upstream
) -> None:
    sender = Sender(library, asynchronous, policy=SMALL)
    files: list[Any] = [("prompt[input_video]", ("a.mp4", io.BytesIO(b"\r\n--x" * 2000)))]
    if late:
        files.append(("prompt[text]", (None, LEGACY)))
        response = sender.post(service.url, files=files)
    else:
        response = sender.post(service.url, data={"prompt[text]": LEGACY}, files=files)
    assert response.status_code == 201
    assert service.last.header("content-length") == str(len(service.last.body))
    assert b"\r\n\r\na cat\r\n" in service.last.body
    assert b'name="prompt[video_model]"\r\n\r\nkling25\r\n' in service.last.body
    assert b"\r\n--x" * 2000 in service.last.body
    assert sender.inspections[-1].outcome is RequestOutcome.TRANSLATED


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("first", ["text", "file"])
def test_bodies_that_can_be_read_once(
    library: Any, asynchronous: bool, announced: bool, first: str, service: Upstream
) -> None:
    parts = [text_field(), VIDEO] if first == "text" else [VIDEO, text_field()]
    expected = [*lifted(), VIDEO] if first == "text" else [VIDEO, *lifted()]
    body = multipart_body(parts)
    chunks = [body[at : at + 700] for at in range(0, len(body), 700)]
    headers = {"content-type": MULTIPART}
    if announced:
        headers["content-length"] = str(len(body))
    sender = Sender(library, asynchronous, policy=SMALL)
    sender.post(service.url, content=sender.stream(chunks), headers=headers)
    assert service.last.body == multipart_body(expected)
    length = str(len(service.last.body)) if announced else None
    assert service.last.header("content-length") == length


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_redirect_gets_the_body_again(library: Any, asynchronous: bool) -> None:
    async def elsewhere(request: Received, send: Any) -> None:
        if request.path.startswith("/tunes"):
            await respond(send, 307, b"", ("location", "/prompts/1/duplicate"))
        else:
            await respond(send, 201, b"")

    with upstream(elsewhere) as service:
        for policy in (Policy(), SMALL):
            sender = Sender(library, asynchronous, policy=policy)
            response = sender.post(
                service.url,
                data={"prompt[text]": LEGACY},
                files={"prompt[input_video]": ("a.mp4", io.BytesIO(b"x" * 5000))},
                follow_redirects=True,
            )
            assert response.status_code == 201
            assert service.received[-1].body == service.received[-2].body
            assert b"kling25" in service.last.body


def test_a_transport_that_sends_again_sends_the_same(service: Upstream) -> None:
    class Twice(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            super().handle_request(request).read()
            return super().handle_request(request)

    with httpx.Client(transport=Transport(Twice(), policy=SMALL)) as client:
        files = {"prompt[input_video]": ("a.mp4", io.BytesIO(b"x" * 5000))}
        client.post(service.url + "/tunes/1/prompts", data={"prompt[text]": LEGACY}, files=files)
        assert service.received[-1].body == service.received[-2].body
        body = multipart_body([text_field(), VIDEO])
        with pytest.raises(BodyConsumedError, match="read only once"):
            client.post(
                service.url + "/tunes/1/prompts",
                content=iter([body]),
                headers={"content-type": MULTIPART},
            )

    class TwiceLater(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await (await super().handle_async_request(request)).aread()
            return await super().handle_async_request(request)

    async def later() -> None:
        async with httpx.AsyncClient(transport=Transport(TwiceLater(), policy=SMALL)) as client:
            with pytest.raises(BodyConsumedError, match="read only once"):
                await client.post(
                    service.url + "/tunes/1/prompts",
                    content=_later([body]),
                    headers={"content-type": MULTIPART},
                )

    asyncio.run(later())


@pytest.mark.parametrize("library", LIBRARIES)
def test_strict_answers_422_and_sends_nothing(
    library: Any, asynchronous: bool, service: Upstream
) -> None:
    count = service.complete()
    for policy in (Policy(Mode.STRICT), Policy(Mode.STRICT, hold_limit=10_000)):
        sender = Sender(library, asynchronous, policy=policy)
        for content in (
            multipart_body([text_field(UNREADABLE)]),
            multipart_body([text_field(UNREADABLE), file(content=b"x" * 20_000)]),
        ):
            response = sender.post(
                service.url, content=content, headers={"content-type": MULTIPART}
            )
            assert response.status_code == 422
            assert response.json()["text"][0].startswith("FL101 unclosed-quote: ")
            assert sender.inspections[-1].outcome is RequestOutcome.REFUSED
    assert service.complete() == count


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_refusal_half_way_leaves_no_complete_request(
    library: Any, asynchronous: bool, service: Upstream
) -> None:
    body = multipart_body([text_field(), VIDEO, field("prompt[video_duration]", "10")])
    sender = Sender(library, asynchronous, policy=SMALL)
    chunks = [body[at : at + 700] for at in range(0, len(body), 700)]
    response = sender.post(
        service.url, content=sender.stream(chunks), headers={"content-type": MULTIPART}
    )
    assert response.status_code == 422
    assert "send all fields before the files" in response.json()["base"][0]
    assert not [r for r in service.received if r.complete and r.body == body]


@pytest.mark.parametrize("mode", [Mode.OFF, Mode.REPORT])
def test_off_and_report_send_the_same_bytes(
    mode: Mode, asynchronous: bool, service: Upstream
) -> None:
    body = multipart_body([VIDEO, text_field()])
    for policy in (Policy(mode), Policy(mode, hold_limit=2000)):
        sender = Sender(httpx, asynchronous, policy=policy)
        sender.post(service.url, content=body, headers={"content-type": MULTIPART})
        assert service.last.body == body
        assert sender.inspections[-1].record.legacy == (mode is Mode.REPORT)


def test_other_requests_are_not_looked_at(asynchronous: bool, service: Upstream) -> None:
    sender = Sender(httpx, asynchronous)
    sender.post(service.url, "/packs", data={"prompt[text]": LEGACY})
    assert service.last.body.startswith(b"prompt%5Btext%5D=a+cat+--video")
    assert sender.inspections == []
    sender = Sender(httpx, asynchronous, policy=Policy(late_text=LateText.PASS), observe=None)
    sender.post(service.url, content=b"x", headers={"content-type": URLENCODED})
    assert service.last.body == b"x"


class OnlyRead:
    """All that the libraries ask of a file."""

    def __init__(self, content: bytes) -> None:
        self.read = io.BytesIO(content).read


@pytest.mark.parametrize("library", LIBRARIES)
def test_files_that_can_only_be_read_are_read_once(library: Any, service: Upstream) -> None:
    with library.Client(transport=Transport(policy=SMALL)) as client:
        client.post(
            service.url + "/tunes/1/prompts",
            data={"prompt[text]": LEGACY},
            files={"prompt[input_video]": ("a.mp4", OnlyRead(b"x" * 5000))},
        )
    assert b"kling25" in service.last.body
    assert b"--video" not in service.last.body
    assert b"x" * 5000 in service.last.body


def test_files_that_cannot_seek_are_read_once(service: Upstream) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation

        def fileno(self) -> int:
            raise io.UnsupportedOperation

    with httpx.Client(transport=Transport(httpx.HTTPTransport(), policy=SMALL)) as client:
        client.post(
            service.url + "/tunes/1/prompts",
            data={"prompt[text]": LEGACY},
            files={"prompt[input_video]": ("a.mp4", Pipe(b"x" * 5000))},
        )
    assert b"kling25" in service.last.body
    assert b"x" * 5000 in service.last.body


def test_a_body_too_long_to_be_kept_is_sent_in_chunks_where_that_is_wanted(
    asynchronous: bool, service: Upstream
) -> None:
    policy = Policy(hold_limit=2000, spool_limit=2000, late_text=LateText.CHUNKED)
    body = multipart_body([VIDEO, text_field()])
    headers = {"content-type": MULTIPART, "content-length": str(len(body))}
    sender = Sender(httpx, asynchronous, policy=policy)
    sender.post(service.url, content=sender.stream([body]), headers=headers)
    assert service.last.body == multipart_body([VIDEO, *lifted()])
    assert service.last.header("content-length") is None


def test_an_empty_body_that_can_be_read_once_is_empty(
    asynchronous: bool, service: Upstream
) -> None:
    sender = Sender(httpx, asynchronous, policy=SMALL)
    headers = {"content-type": URLENCODED}
    sender.post(service.url, content=sender.stream([]), headers=headers)
    assert (service.last.body, service.last.complete) == (b"", True)


@pytest.mark.parametrize("library", LIBRARIES)
def test_without_a_transport_it_makes_one_of_the_clients_library(
    library: Any, service: Upstream
) -> None:
    url = service.url + "/tunes/1/prompts"
    made: list[Any] = []
    for policy in (None, SMALL):
        made.append(Transport(policy=policy))
        with library.Client(transport=made[-1]) as client:
            client.post(url, data={"prompt[text]": LEGACY})
            client.post(url, data={"prompt[text]": LEGACY})
        assert b"kling25" in service.last.body
    made.append(Transport())
    client = library.Client(transport=made[-1])
    client.post(url, data={"prompt[text]": LEGACY})
    client.close()
    with library.Client(transport=Transport()):
        pass
    library.Client(transport=Transport()).close()
    library.Client(transport=Transport(library.HTTPTransport())).close()

    async def later() -> None:
        made.append(Transport())
        async with library.AsyncClient(transport=made[-1]) as client:
            await client.post(url, data={"prompt[text]": LEGACY})
        async with library.AsyncClient(transport=Transport()):
            pass
        made.append(Transport())
        client = library.AsyncClient(transport=made[-1])
        await client.post(url, data={"prompt[text]": LEGACY})
        await client.aclose()
        await library.AsyncClient(transport=Transport()).aclose()
        await library.AsyncClient(transport=Transport(library.AsyncHTTPTransport())).aclose()

    asyncio.run(later())
    modules = {type(transport._wrapped).__module__.partition(".")[0] for transport in made}
    assert modules == {library.__name__}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_request_that_does_not_change_is_handed_on_itself(
    library: Any, asynchronous: bool
) -> None:
    sent: list[Any] = []

    def handler(request: Any) -> Any:
        sent.append(request)
        return library.Response(201)

    async def run(request: Any, policy: Policy) -> None:
        wrapped = library.MockTransport(handler)
        transport: Any = Transport(wrapped, policy=policy)
        if asynchronous:
            await transport.handle_async_request(request)
        else:
            transport.handle_request(request)

    for text, same in (("a plain cat", True), (LEGACY, False)):
        for policy in (Policy(), SMALL):
            request = library.Request(
                "POST",
                "http://x/tunes/7/prompts",
                data={"prompt[text]": text},
                files={"prompt[input_video]": io.BytesIO(VIDEO.content)},
            )
            asyncio.run(run(request, policy))
            assert (sent[-1] is request) == same
