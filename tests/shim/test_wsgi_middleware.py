"""The middleware for WSGI, between an app and a server that keep to the standard."""

import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import pytest

from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.core.record import Reason, RequestOutcome
from flaglift.shim.wsgi import Environ, Handled, Middleware, StartResponse
from shim.forms import (
    MULTIPART,
    UNREADABLE,
    field,
    file,
    lifted,
    multipart_body,
    text_field,
)

SMALL = Policy(hold_limit=1000)
VIDEO = file("prompt[input_video]", b"\r\n--x" * 40_000)
LATE = multipart_body([text_field(), VIDEO, field("prompt[video_duration]", "10")])
Reader = Callable[[Any], Iterator[bytes]]


def whole(source: Any) -> Iterator[bytes]:
    yield source.read(-1)


def lines(source: Any) -> Iterator[bytes]:
    yield from source


def blocks(source: Any) -> Iterator[bytes]:
    while block := source.read(1000):
        yield block


class Keeper:
    """An app that keeps what it reads; `early` begins its response before that."""

    def __init__(
        self, reader: Reader = blocks, *, early: bool = False, fails: bool = False
    ) -> None:
        self.reader = reader
        self.early = early
        self.fails = fails
        self.body = b""
        self.environ: Environ = {}
        self.closed = False

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self.environ = environ
        if not self.early:
            self._read()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self

    def __iter__(self) -> Iterator[bytes]:
        yield b"o"
        if self.early:
            self._read()
        yield b"k"

    def _read(self) -> None:
        try:
            self.body = b"".join(self.reader(self.environ["wsgi.input"]))
        except OSError:
            if not self.fails:
                return  # as frameworks do: an answer of their own
            raise

    def close(self) -> None:
        self.closed = True


def environ_of(body: bytes, *, length: bool = True, **more: Any) -> Environ:
    environ: Environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/tunes/7/prompts",
        "CONTENT_TYPE": MULTIPART,
        "QUERY_STRING": "",
        "HTTP_X_ANY": "caf\xe9",
        "wsgi.input": io.BytesIO(body + (b"GET / of the next request" if length else b"")),
        **more,
    }
    if length:
        environ["CONTENT_LENGTH"] = str(len(body))
    setup_testing_defaults(environ)
    return environ


class Answered:
    """What the client and the observer got."""

    def __init__(self, app: Any, environ: Environ, **options: Any) -> None:
        self.handled: list[Handled] = []
        self.status = ""
        self.headers: dict[str, str] = {}
        middleware = Middleware(app, observe=self.handled.append, **options)
        response = middleware(environ, self._start)
        try:
            self.body = b"".join(response)
        finally:
            response.close()  # type: ignore[attr-defined]

    def _start(
        self, status: str, headers: list[tuple[str, str]], _exc_info: Any = None
    ) -> Callable[[bytes], object]:
        self.status, self.headers = status, dict(headers)
        return lambda _: None


@pytest.mark.parametrize("reader", [whole, lines, blocks])
@pytest.mark.parametrize("policy", [Policy(), SMALL, Policy(late_text=LateText.CHUNKED)])
@pytest.mark.parametrize("first", ["text", "file"])
def test_the_app_gets_the_new_body_and_its_length(
    reader: Reader, policy: Policy, first: str
) -> None:
    text = first == "text"
    body = multipart_body([text_field(), VIDEO] if text else [VIDEO, text_field()])
    expected = multipart_body([*lifted(), VIDEO] if text else [VIDEO, *lifted()])
    app = Keeper(reader)
    answered = Answered(app, environ_of(body), policy=policy, show_codes=True)
    assert app.body == expected
    assert app.environ["CONTENT_LENGTH"] == str(len(expected))
    assert (answered.status, answered.body, app.closed) == ("200 OK", b"ok", True)
    assert answered.headers["X-Flaglift"] == "translated FL001"
    (handled,) = answered.handled
    assert (handled.status, handled.inspection.outcome) == (200, RequestOutcome.TRANSLATED)
    assert handled.seconds > 0


def test_it_keeps_to_the_standard_on_both_sides() -> None:
    body = multipart_body([text_field()])
    read: list[bytes] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        read.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"ok"]

    def start(status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        assert status
        return lambda _: None

    served: Any = validator(Middleware(validator(app)))
    for text, policy in ((body, None), (multipart_body([text_field(UNREADABLE)]), Mode.STRICT)):
        environ = environ_of(text)
        environ["SCRIPT_NAME"] = ""
        if policy:
            served = validator(Middleware(validator(app), policy=Policy(policy)))
        response = served(environ, start)
        assert b"".join(response)
        response.close()
    assert read == [multipart_body(lifted())]


def test_a_body_of_unknown_length_is_read_where_the_server_ends_it() -> None:
    body = multipart_body([text_field(), VIDEO])
    app = Keeper()
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked"}
    ends = {"wsgi.input_terminated": True, **chunked}
    Answered(app, environ_of(body, length=False, **ends))
    assert app.body == multipart_body([*lifted(), VIDEO])
    assert "CONTENT_LENGTH" not in app.environ
    odd = [
        {"CONTENT_LENGTH": length} for length in ("+52", " 52 ", "52, 52", "-1", "x", "9" * 5000)
    ]
    for more, reason in (
        *((each, Reason.NO_LENGTH) for each in (chunked, *odd)),
        ({}, None),
        ({"CONTENT_LENGTH": ""}, None),
    ):
        environ = environ_of(body, length=False, **more)
        answered = Answered(app, environ)
        assert app.environ is environ
        assert answered.handled[0].inspection.record.reason is reason


def test_other_requests_go_to_the_app_as_they_are() -> None:
    for changed in ({"REQUEST_METHOD": "GET", "CONTENT_LENGTH": "0"}, {"PATH_INFO": "/tunes\xe9"}):
        app = Keeper(whole)
        body = b"x" if "PATH_INFO" in changed else b""
        environ = {**environ_of(body), **changed}
        answered = Answered(app, environ, show_codes=True)
        assert app.body.startswith(body)
        assert "X-Flaglift" not in answered.headers
        assert answered.handled[0].inspection.outcome is RequestOutcome.OFF
    app = Keeper()
    environ = environ_of(b"", CONTENT_TYPE="")
    assert Middleware(app)(environ, lambda *_: lambda _: None) is app


def test_variables_that_other_middlewares_set_are_no_error() -> None:
    body = multipart_body([text_field()])
    more = {"HTTP_X_USER": "\N{EURO SIGN}", "HTTP_X_NUMBER": 5, "CONTENT_LENGTH": len(body)}
    app = Keeper(whole)
    environ = {**environ_of(body), **more}
    answered = Answered(app, environ)
    assert answered.handled[0].inspection.outcome is RequestOutcome.TRANSLATED
    assert app.body == multipart_body(lifted())
    assert app.environ["CONTENT_LENGTH"] == str(len(app.body))


def test_a_refusal_before_the_app_is_asked() -> None:
    app = Keeper()
    body = multipart_body([text_field(UNREADABLE)])
    answered = Answered(app, environ_of(body), policy=Policy(Mode.STRICT))
    assert app.environ == {}
    assert answered.status == "422 Unprocessable Entity"
    assert b"FL101" in answered.body
    assert answered.handled[0].inspection.outcome is RequestOutcome.REFUSED


@pytest.mark.parametrize("fails", [True, False])
def test_a_refusal_half_way_takes_the_place_of_what_the_app_says(fails: bool) -> None:
    answered = Answered(Keeper(fails=fails), environ_of(LATE), policy=SMALL)
    assert answered.status == "422 Unprocessable Entity"
    assert b"send all fields before the files" in answered.body
    assert answered.handled[0].status == 422


@pytest.mark.parametrize("fails", [True, False])
def test_once_the_response_is_on_its_way_it_is_broken_off(fails: bool) -> None:
    app = Keeper(early=True, fails=fails)
    with pytest.raises(Exception, match=r"422|refused"):
        Answered(app, environ_of(LATE), policy=SMALL)
    assert app.closed


def test_an_error_of_the_app_is_the_apps() -> None:
    def failing(_environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [])
        yield b"o"
        raise RuntimeError("mine")

    def failing_at_once(_environ: Environ, _start: StartResponse) -> Iterable[bytes]:
        raise RuntimeError("mine")

    body = multipart_body([text_field()])
    for app in (failing, failing_at_once):
        with pytest.raises(RuntimeError, match="mine"):
            Answered(app, environ_of(body))


def test_a_client_that_goes_early_leaves_the_app_with_what_came() -> None:
    body = multipart_body([text_field(), VIDEO])
    app = Keeper()
    Answered(app, {**environ_of(body), "wsgi.input": io.BytesIO(body[:100])})
    assert app.body == body[:100]
