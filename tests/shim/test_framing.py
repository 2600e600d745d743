"""How heads and bodies are framed: what the proxy never sends, and what it no longer reads."""

import pytest

from flaglift.shim.core.refusal import Refusal
from flaglift.shim.proxy.body import Body
from flaglift.shim.proxy.relay import Framing
from flaglift.shim.proxy.request import MOST_HEAD_BYTES, Request, RequestReader


@pytest.mark.parametrize("parts", [[], [b"a"], [b"abc", b"de"]])
def test_a_body_is_never_longer_than_was_announced(parts: list[bytes]) -> None:
    framing = Framing(5, chunked=False)
    assert framing.header == [(b"Content-Length", b"5")]
    assert [framing.frame(part) for part in parts] == parts
    with pytest.raises(RuntimeError, match="longer than was announced"):
        framing.frame(b"abcdef")


def test_a_body_is_never_shorter_than_was_announced() -> None:
    framing = Framing(5, chunked=False)
    assert framing.frame(b"abcd") == b"abcd"
    with pytest.raises(RuntimeError, match="shorter than was announced"):
        framing.end()
    assert framing.frame(b"e") == b"e"
    assert framing.end() == b""


def reader() -> tuple[RequestReader, list[Request]]:
    begun: list[Request] = []
    return RequestReader(begun.append, lambda: Body(lambda: None, lambda: None)), begun


def test_nothing_is_read_after_the_last_request() -> None:
    requests, begun = reader()
    requests.feed(memoryview(b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    requests.feed(memoryview(b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n\0"))
    assert [request.target for request in begun] == [b"/a"]


def test_what_follows_the_last_request_at_once_is_not_read_either() -> None:
    requests, begun = reader()
    last = b"GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    requests.feed(memoryview(last + b"GET /b HTTP/1.1\r\n\0"))
    assert [request.target for request in begun] == [b"/a"]


def test_a_length_may_begin_with_any_number_of_zeros() -> None:
    requests, begun = reader()
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: %b5\r\n\r\nabcde" % (b"0" * 5000)
    requests.feed(memoryview(head + b"GET /b HTTP/1.1\r\nHost: x\r\n\r\n"))
    assert [(request.target, request.length) for request in begun] == [(b"/a", 5), (b"/b", None)]


def test_trailers_are_not_headers() -> None:
    requests, begun = reader()
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    requests.feed(memoryview(head + b"1\r\na\r\n0\r\nX-Trailer: 1\r\n\r\n"))
    assert [name for name, _ in begun[0].headers] == [b"Host", b"Transfer-Encoding"]
    assert begun[0].body.complete


def test_a_value_that_does_not_end_is_refused_after_a_while() -> None:
    requests, begun = reader()
    requests.feed(memoryview(b"GET /a HTTP/1.1\r\nX: "))
    requests.feed(memoryview(b"x" * MOST_HEAD_BYTES))
    with pytest.raises(Refusal) as refused:
        requests.feed(memoryview(b"x"))
    assert f"longer than {MOST_HEAD_BYTES} bytes" in refused.value.body.decode()
    assert begun == []


def test_many_short_headers_are_too_long() -> None:
    requests, begun = reader()
    with pytest.raises(Refusal, match="400"):
        requests.feed(memoryview(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MOST_HEAD_BYTES // 6 + 9)))
    assert begun == []


def test_headers_that_add_up_to_too_much_are_refused() -> None:
    requests, begun = reader()
    field = b"X: " + b"x" * 1000 + b"\r\n"
    with pytest.raises(Refusal) as refused:
        requests.feed(memoryview(b"GET /a HTTP/1.1\r\n" + field * (MOST_HEAD_BYTES // 1000 + 2)))
    assert f"longer than {MOST_HEAD_BYTES} bytes" in refused.value.body.decode()
    assert begun == []
