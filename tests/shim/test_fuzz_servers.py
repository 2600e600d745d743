"""No server in another language reads flags that the proxy has not translated, left or noted."""

import contextlib
import json
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaglift.shim.proxy.options import Options
from shim.forms import BOUNDARY, JSON, MULTIPART, URLENCODED
from shim.servers import proxied
from shim.test_fuzz import FLAG, bodies, methods, paths, queries
from shim.test_upstreams import express, go, rack

Server = Callable[[], contextlib.AbstractContextManager[str]]


@pytest.fixture(scope="module", params=[rack, express, go])
def proxy(request: pytest.FixtureRequest) -> Iterator[str]:
    server: Server = request.param
    with server() as url, proxied(Options(url, ("127.0.0.1", 0), show_codes=True)) as proxy:
        yield proxy.removeprefix("http://")


def odd_multipart(
    disposition: str, more: str, newline: str, around: tuple[str, str], value: str
) -> tuple[bytes, str]:
    lines = [f"--{BOUNDARY}", f"Content-Disposition: {disposition}{more}", "", value]
    body = newline.join([*lines, f"--{BOUNDARY}--", ""])
    return (around[0] + body + around[1]).encode(), MULTIPART


dispositions = st.sampled_from(
    [
        'form-data; name="prompt[text]"',
        "form-data; name=prompt[text]",
        "form-data; name='prompt[text]'",
        "form-data; name*=UTF-8''prompt%5Btext%5D",
        "form-data; name*=UTF-8''prompt%5Btext%5D; name=x",
        'form-data; name="prompt%5Btext%5D"',
        'form-data; name="x"; name="prompt[text]"',
        'form-data; NAME="prompt[text]"',
        'form-data;name="prompt[text]"',
        'form-data; name = "prompt[text]"',
        'FORM-DATA; name="prompt[text]"',
        'attachment; name="prompt[text]"',
        'form-data; name="prompt\\[text\\]"',
        'form-data; x="; name=y"; name="prompt[text]"',
        "form-data; name=\"prompt[text]\"; filename*=UTF-8''",
    ]
)
more = st.sampled_from(
    ["", "\r\nContent-Type: application/octet-stream", "\r\nContent-Type: text/plain", "\r\n x: y",
     "\r\nContent-Disposition: form-data; name=x", "\r\nX: y"]
)  # fmt: skip
around = st.sampled_from([("", ""), ("preamble\r\n", ""), ("\r\n", "\r\n"), ("", "after")])
spelt = st.sampled_from([f"a cat {FLAG}", f"a {FLAG} {FLAG}_model kling25", f"{FLAG}\u00e9", "a"])
odd_pairs = st.tuples(
    st.sampled_from(
        [
            b"prompt[text]=a+%2d-video",
            b"prompt%5btext%5d=a%20--video&prompt[text]=b",
            b"x=1;prompt[text]=a+--video",
            b"&&prompt[text]=a+--video&",
            b"prompt[text]=a+--video%ZZ",
            b"prompt.text=a+--video",
            b"prompt[][text]=a+--video",
            b"=a+--video",
            b"a+--video",
            b"prompt[text%00]=a+--video",
        ]
    ),
    st.sampled_from([URLENCODED, f"{URLENCODED}; charset=utf-8", URLENCODED.upper()]),
)
odd_json = st.tuples(
    st.sampled_from(
        [
            b'{"prompt":{"text":"a \\u002d\\u002dvideo"}}',
            b'{"prompt":{"text":"a","text":"a --video"}}',
            b'{"prompt":{"te\\u0078t":"a --video"}}',
            b'["a --video"]',
            b'"a --video"',
            b'{"x":[{"text":"a -\\u002dvideo"}]}',
            b'\xef\xbb\xbf{"prompt":{"text":"a --video"}}',
            b'{"prompt":{"text":"a --video"}} ',
        ]
    ),
    st.sampled_from([JSON, f"{JSON}; charset=utf-8", "Application/JSON"]),
)
odd = st.one_of(
    st.builds(odd_multipart, dispositions, more, st.just("\r\n"), around, spelt),
    st.builds(odd_multipart, dispositions, st.just(""), st.just("\n"), around, spelt),
    odd_pairs,
    odd_json,
)


def ask(
    proxy: str, method: str, target: str, body: tuple[bytes, str]
) -> tuple[int, str, str | None]:
    """Return the status, what the server read, and what the proxy says of the request."""
    with contextlib.closing(HTTPConnection(proxy, timeout=120)) as connection:
        connection.request(method, target, body[0], {"content-type": body[1]})
        response = connection.getresponse()
        said = response.read().decode()
        return response.status, said, response.getheader("x-flaglift")


def values_of(read: Any) -> Iterator[str]:
    if isinstance(read, dict):
        read = [*read, *read.values()]
    if isinstance(read, list):
        for one in read:
            yield from values_of(one)
    elif isinstance(read, str):
        yield read


@settings(max_examples=300)
@given(
    method=methods, path=paths, query=queries, body=st.one_of(bodies, odd)
)  # fmt: skip
def test_what_a_server_reads_was_seen(
    proxy: str, method: str, path: str, query: str, body: tuple[bytes, str]
) -> None:
    target = quote(path, safe="/%;?") + ("&" if "?" in path else "?") + query
    status, said, codes = ask(proxy, method, target, body)
    if status == 502:  # it may have closed the connection after what came before
        status, said, codes = ask(proxy, method, target, body)
    assert status not in (502, 504), "the server has crashed"
    if status == 200 and any(FLAG in value for value in values_of(json.loads(said))):
        assert codes, f"the proxy saw no flags in what is read as {said}"


@pytest.mark.parametrize("body", [(b"prompt[text]=a+--video", URLENCODED)])
def test_the_servers_do_read(proxy: str, body: tuple[bytes, str]) -> None:
    """That the test above says nothing is not because nothing was read."""
    status, said, codes = ask(proxy, "POST", "/other?x=a+--video", body)
    assert status == 200
    assert list(values_of(json.loads(said))).count("a --video") >= 2
    assert codes == "untouched flags-elsewhere"
