"""The middleware, in front of an app of one's own."""

import asyncio
import subprocess
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest

from flaglift.shim.asgi import App, Message, Middleware, Receive, Scope, Send, Visit
from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from shim.forms import (
    JSON,
    MULTIPART,
    UNREADABLE,
    field,
    file,
    lifted,
    multipart_body,
    text_field,
)
from shim.servers import messages

STRICT = Policy(Mode.STRICT)
GONE: Message = {"type": "http.disconnect"}


def scope_of(body: bytes, *, announced: bool = True, **more: Any) -> Scope:
    headers = [(b"host", b"x"), (b"content-type", MULTIPART.encode())]
    if announced:
        headers.append((b"content-length", str(len(body)).encode()))
    path = "/tunes/7/prompts"
    return {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(),
            "query_string": b"", "headers": headers, **more}  # fmt: skip


def chunks(*bodies: bytes, more: bool = False) -> list[Message]:
    sent = [{"type": "http.request", "body": body, "more_body": True} for body in bodies]
    sent[-1]["more_body"] = more
    return list(sent)


class Echo:
    """An app that keeps what it receives and answers 200; `early` before it has read all."""

    def __init__(self, *, early: bool = False) -> None:
        self.early = early
        self.scope: Scope = {}
        self.body = b""
        self.ended = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        if self.early:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        more = True
        while more:
            message = await receive()
            self.ended = message["type"]
            self.body += message.get("body", b"")
            more = message.get("more_body", False)
        if not self.early:
            await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"ok"})

    def header(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.scope["headers"] if key == name]


def call(
    app: App, scope: Scope, received: Sequence[Message], **options: Any
) -> tuple[list[Message], list[Visit]]:
    """Return what the client gets, and what was observed."""
    sent: list[Message] = []
    visits: list[Visit] = []

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = Middleware(app, observe=visits.append, **options)
    asyncio.run(middleware(scope, messages(*received), send))
    return sent, visits


@pytest.mark.parametrize("size", [1, 10, 10_000])
@pytest.mark.parametrize("announced", [True, False])
def test_the_app_gets_the_new_body_and_its_length(size: int, announced: bool) -> None:
    body = multipart_body([text_field(), file(content=b"x" * 300)])
    app = Echo()
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    sent, visits = call(app, scope_of(body, announced=announced), chunks(*parts))
    expected = multipart_body([*lifted(), file(content=b"x" * 300)])
    assert app.body == expected
    length = [str(len(expected)).encode()] if announced else []
    assert app.header(b"content-length") == length
    assert sent[0]["status"] == 200
    assert (visits[0].status, visits[0].inspection.outcome) == (200, RequestOutcome.TRANSLATED)
    assert visits[0].seconds > 0


@pytest.mark.parametrize(
    "lengths", [[b""], [b"x"], [b"+60"], [b"6_0"], [b"-1"], [b"9" * 5000], [b"60", b"60"]]
)
def test_a_body_of_an_unclear_length_passes(lengths: list[bytes]) -> None:
    body = multipart_body([text_field()])
    scope = scope_of(body, announced=False)
    scope["headers"] += [(b"content-length", length) for length in lengths]
    app = Echo()
    _, visits = call(app, scope, chunks(body))
    assert (app.body, app.scope["headers"]) == (body, scope["headers"])
    assert visits[0].inspection.record.reason is Reason.NO_LENGTH


def test_headers_that_can_be_read_only_once_reach_the_app() -> None:
    body = multipart_body([text_field()])
    for sent, shown in ((body, multipart_body(lifted())), (b"", b"")):
        scope = scope_of(sent)
        listed = scope["headers"]
        app = Echo()
        call(app, {**scope, "headers": iter(listed)}, chunks(sent))
        assert app.body == shown
        assert app.scope["headers"] == [*listed[:-1], (b"content-length", b"%d" % len(shown))]


def test_a_length_may_begin_with_any_number_of_zeros() -> None:
    body = multipart_body([text_field()])
    scope = scope_of(body, announced=False)
    scope["headers"].append((b"content-length", b"%b%d" % (b"0" * 5000, len(body))))
    app = Echo()
    call(app, scope, chunks(body))
    assert app.body == multipart_body(lifted())
    assert app.scope["headers"][-1] == (b"content-length", b"%d" % len(app.body))


SPOOLED = Policy(hold_limit=1000)
PASSED = Policy(hold_limit=1000, spool_limit=1000)
CHUNKED = Policy(hold_limit=1000, spool_limit=1000, late_text=LateText.CHUNKED)
VIDEO = file("prompt[input_video]", b"\r\n--x" * 40_000)


@pytest.mark.parametrize("policy", [Policy(), SPOOLED])
def test_text_after_a_file_leaves_the_length_exact(policy: Policy) -> None:
    body = multipart_body([VIDEO, text_field()])
    app = Echo()
    call(app, scope_of(body), chunks(body[:300], body[300:90_000], body[90_000:]), policy=policy)
    assert app.body == multipart_body([VIDEO, *lifted()])
    assert app.header(b"content-length") == [str(len(app.body)).encode()]
    assert app.header(b"transfer-encoding") == []


def test_text_after_a_file_that_is_too_long_passes_or_makes_the_length_unknown() -> None:
    body = multipart_body([VIDEO, text_field()])
    app = Echo()
    call(app, scope_of(body), chunks(body[:300], body[300:]), policy=PASSED)
    assert app.body == body
    assert app.header(b"content-length") == [str(len(body)).encode()]
    app = Echo()
    call(app, scope_of(body), chunks(body[:300], body[300:]), policy=CHUNKED)
    assert app.body == multipart_body([VIDEO, *lifted()])
    assert app.header(b"content-length") == []
    assert app.header(b"transfer-encoding") == [b"chunked"]


def test_without_an_observer_and_without_raw_path() -> None:
    body = multipart_body([text_field()])
    scope = scope_of(body)
    del scope["raw_path"]
    app = Echo()

    async def send(_: Message) -> None: ...

    asyncio.run(Middleware(app)(scope, messages(*chunks(body)), send))
    assert app.body == multipart_body(lifted())


def test_trailers_pass_where_the_server_has_them() -> None:
    ending: Message = {"type": "http.response.trailers", "headers": [(b"x-t", b"1")]}

    async def app(_scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
        await send({"type": "http.response.body", "body": b"ok"})
        await send(ending)

    body = multipart_body([text_field()])
    extensions: Any = {"http.response.trailers": {}}
    sent, _ = call(app, scope_of(body, extensions=extensions), chunks(body), show_codes=True)
    assert sent[0]["trailers"] is True
    assert sent[-1] is ending


def test_other_requests_and_protocols_go_to_the_app_as_they_are() -> None:
    body = multipart_body([text_field()])
    for changed in ({"method": "GET"}, {"path": "/x", "raw_path": b"/x"}):
        app = Echo()
        scope = scope_of(body, **changed)
        _, visits = call(app, scope, chunks(body))
        assert (app.body, app.scope is scope) == (body, True)
        assert visits[0].inspection.record.reason is Reason.FLAGS_ELSEWHERE
    app = Echo()
    _, visits = call(app, {"type": "lifespan"}, [{"type": "lifespan.startup"}])
    assert (app.ended, visits) == ("lifespan.startup", [])


@pytest.mark.parametrize("root", ["/api", "/\u00fc"])
def test_the_path_of_a_mounted_app_is_what_it_is_mounted_with(root: str) -> None:
    body = multipart_body([text_field()])
    raw = quote(root).encode() + b"/tunes/7/prompts"
    app = Echo()
    scope = scope_of(body, root_path=root, path=root + "/tunes/7/prompts", raw_path=raw)
    call(app, scope, chunks(body))
    assert app.body == multipart_body(lifted())


def test_servers_may_leave_the_query_in_the_raw_path() -> None:
    body = multipart_body([text_field()])
    app = Echo()
    scope = scope_of(body, raw_path=b"/tunes/7/prompts?api_key=1", query_string=b"api_key=1")
    call(app, scope, chunks(body))
    assert app.body == multipart_body(lifted())


def test_a_header_shows_what_became_of_the_request() -> None:
    for body, media_type, shown in (
        (multipart_body([text_field()]), MULTIPART, [b"translated FL001"]),
        (multipart_body([text_field(UNREADABLE)]), MULTIPART, [b"left FL101"]),
        (b"x", JSON, [b"untouched malformed"]),
    ):
        scope = scope_of(body)
        scope["headers"][1] = (b"content-type", media_type.encode())
        sent, _ = call(Echo(), scope, chunks(body), show_codes=True)
        found = [value for name, value in sent[0]["headers"] if name == b"x-flaglift"]
        assert found == shown
    sent, _ = call(Echo(), scope_of(b"", method="GET"), chunks(b""), show_codes=True)
    assert "headers" not in sent[0]


def test_a_refusal_before_anything_is_sent() -> None:
    body = multipart_body([text_field(UNREADABLE)])
    app = Echo()
    sent, visits = call(app, scope_of(body), chunks(body), policy=STRICT)
    assert app.scope == {}
    assert sent[0]["status"] == 422
    assert (b"connection", b"close") in sent[0]["headers"]
    assert b"FL101" in sent[1]["body"]
    assert (visits[0].status, visits[0].inspection.outcome) == (422, RequestOutcome.REFUSED)


LATE = [text_field(), VIDEO, field("prompt[video_duration]", "10")]


def test_a_refusal_half_way_is_a_disconnect_to_the_app_and_an_answer_to_the_client() -> None:
    body = multipart_body(LATE)
    app = Echo()
    sent, visits = call(app, scope_of(body), chunks(body[:400], body[400:]), policy=SPOOLED)
    assert app.ended == "http.disconnect"
    assert [message.get("status") for message in sent] == [422, None]
    assert visits[0].inspection.outcome is RequestOutcome.REFUSED


def test_once_the_response_has_begun_it_stays_unfinished() -> None:
    body = multipart_body(LATE)
    received = chunks(body[:400], body[400:])
    sent, _ = call(Echo(early=True), scope_of(body), received, policy=SPOOLED)
    assert [message.get("status") for message in sent] == [200]


@pytest.mark.parametrize("refused", [True, False])
def test_an_error_of_the_app_is_the_apps_unless_it_was_refused(refused: bool) -> None:
    async def failing(_scope: Scope, receive: Receive, _send: Send) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        assert (await receive())["type"] == "http.disconnect"
        raise RuntimeError("the client has gone")

    body = multipart_body(LATE)
    received = [*chunks(body[:400], body[400:], more=False), GONE, GONE]
    if refused:
        sent, _ = call(failing, scope_of(body), received, policy=SPOOLED)
        assert sent[0]["status"] == 422
    else:
        whole = multipart_body([text_field()])
        with pytest.raises(RuntimeError, match="the client has gone"):
            call(failing, scope_of(whole), [*chunks(whole), GONE, GONE])


def test_an_error_of_the_app_before_all_has_come_is_the_apps() -> None:
    async def failing(_scope: Scope, _receive: Receive, _send: Send) -> None:
        raise RuntimeError("mine")

    body = multipart_body(LATE)
    with pytest.raises(RuntimeError, match="mine"):
        call(failing, scope_of(body), chunks(body[:400], body[400:]), policy=SPOOLED)


def test_a_client_that_goes_early_is_a_disconnect_to_the_app() -> None:
    body = multipart_body([text_field(), file()])
    for at in (10, 300):
        app = Echo()
        _, visits = call(app, scope_of(body), [*chunks(body[:at], more=True), GONE])
        assert app.ended == "http.disconnect"
        assert not app.body.endswith(b"--\r\n")
        assert visits[0].inspection.codes == "untouched unfinished"


def test_after_the_body_the_app_hears_the_server() -> None:
    body = multipart_body([text_field()])

    async def waits(_scope: Scope, receive: Receive, _send: Send) -> None:
        await receive()
        assert (await receive()) is GONE

    call(waits, scope_of(body), [*chunks(body), GONE])


@pytest.mark.parametrize("kind", ["asgi", "wsgi"])
def test_no_request_waits_for_the_grammar_to_be_loaded(kind: str) -> None:
    program = (
        f"import sys; from flaglift.shim.{kind} import Middleware; Middleware(None); "
        "assert 'lark' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
