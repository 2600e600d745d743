"""The proxy between real clients and a real upstream."""

import asyncio
import gzip
import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import requests

from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.proxy.options import Options
from peers import program
from shim.forms import (
    BOUNDARY,
    JSON,
    LEGACY,
    LIFTED,
    MULTIPART,
    UNREADABLE,
    URLENCODED,
    Part,
    file,
    lifted,
    multipart_body,
    read_urlencoded,
    text_field,
    urlencoded_body,
)
from shim.forms import read_multipart as read_with_boundary
from shim.servers import Received, Upstream, peer, proxied, respond, upstream

PAIRS = [(f"prompt[{name}]", value) for name, value in LIFTED.items()]
PATH = "/tunes/7/prompts"
BYTES = bytes(range(256)) * 3000


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@pytest.fixture(scope="module")
def proxy(service: Upstream) -> Iterator[str]:
    policy = Policy(modes=(("/tunes/strict/*", Mode.STRICT), ("/tunes/off/*", Mode.OFF)))
    with proxied(Options(service.url, ("127.0.0.1", 0), policy=policy, show_codes=True)) as url:
        yield url


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "a.png"
    path.write_bytes(BYTES)
    return path


def read_multipart(request: Received) -> list[Part]:
    boundary = (request.header("content-type") or "").partition("boundary=")[2]
    return read_with_boundary(request.body.replace(boundary.encode(), BOUNDARY.encode()))


def curl(*arguments: str) -> str:
    done = subprocess.run(
        [program("curl"), "-sS", "-i", "--max-time", "20", *arguments],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    return done.stdout


@pytest.mark.parametrize("more", [(), ("--http1.0",), ("-H", "Expect: 100-continue")])
def test_curl(proxy: str, service: Upstream, image: Path, more: tuple[str, ...]) -> None:
    text = f"prompt[text]={LEGACY}"
    said = curl(proxy + PATH, *more, "--form-string", text, "-F", f"prompt[input_image]=@{image}")
    assert " 201 " in said
    assert "x-flaglift: translated FL001" in said
    assert said.endswith('{"id": 1}')
    assert read_multipart(service.last) == [*lifted(), Part("prompt[input_image]", BYTES, "a.png")]
    assert service.last.header("content-length") == str(len(service.last.body))
    assert service.last.header("expect") is None

    curl(proxy + PATH, *more, "--data-urlencode", text)
    assert read_urlencoded(service.last.body) == PAIRS

    body = json.dumps({"prompt": {"text": LEGACY}})
    curl(proxy + PATH, *more, "-H", f"Content-Type: {JSON}", "-d", body)
    assert json.loads(service.last.body)["prompt"]["video_model"] == "kling25"

    curl(proxy + PATH, *more, "-F", f"prompt[input_image]=@{image}", "--form-string", text)
    assert read_multipart(service.last) == [Part("prompt[input_image]", BYTES, "a.png"), *lifted()]
    assert service.last.header("content-length") == str(len(service.last.body))


def test_curl_with_a_body_of_unknown_length(proxy: str, service: Upstream) -> None:
    head = ("-H", f"Content-Type: {MULTIPART}", "-H", "Transfer-Encoding: chunked")
    body = multipart_body([text_field(), file(content=BYTES)])
    done = subprocess.run(
        [program("curl"), "-sS", "-X", "POST", proxy + PATH, *head, "--data-binary", "@-"],
        input=body, capture_output=True, check=True,
    )  # fmt: skip
    assert done.stdout == b'{"id": 1}'
    assert service.last.body == multipart_body([*lifted(), file(content=BYTES)])


def test_requests_and_httpx(proxy: str, service: Upstream, image: Path) -> None:
    with requests.Session() as session, httpx.Client() as client:
        senders: list[Any] = [session, client]
        for sender in senders:
            for _ in range(2):  # the connection is kept
                with image.open("rb") as opened:
                    sender.post(
                        proxy + PATH,
                        data={"prompt[text]": LEGACY},
                        files={"prompt[input_image]": ("a.png", opened)},
                    )
                assert read_multipart(service.last) == [
                    *lifted(), Part("prompt[input_image]", BYTES, "a.png"),
                ]  # fmt: skip
            sender.post(proxy + PATH, data={"prompt[text]": LEGACY})
            assert read_urlencoded(service.last.body) == PAIRS
            sender.post(proxy + PATH, json={"text": LEGACY})
            assert json.loads(service.last.body)["video_prompt"] == "it yawns"


NODE = """
const fs = require('fs'), {pipeline} = require('stream/promises');
const FormData4 = require('form-data');
const [url, path, text] = process.argv.slice(2);
(async () => {
  const form = new FormData();
  form.append('prompt[text]', text);
  form.append('prompt[input_image]', new Blob([fs.readFileSync(path)]), 'a.png');
  console.log((await fetch(url, {method: 'POST', body: form})).status);
  const pairs = new URLSearchParams({'prompt[text]': text});
  console.log((await fetch(url, {method: 'POST', body: pairs})).status);
  console.log((await fetch(url, {method: 'POST', body: JSON.stringify({prompt: {text}}),
    headers: {'content-type': 'application/json'}})).status);
  for (const first of ['text', 'file']) {
    const old = new FormData4();
    if (first === 'text') old.append('prompt[text]', text);
    old.append('prompt[input_image]', fs.createReadStream(path), 'a.png');
    if (first === 'file') old.append('prompt[text]', text);
    await new Promise((resolve, reject) => old.submit(url, (error, response) => {
      if (error) return reject(error);
      console.log(response.statusCode); response.resume(); response.on('end', resolve);
    }));
  }
})();
"""


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder where Node finds `form-data`."""
    folder = tmp_path_factory.mktemp("node")
    (folder / "package.json").write_text("{}")
    subprocess.run(
        [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "form-data@4"],
        cwd=folder, check=True, timeout=120,
    )  # fmt: skip
    (folder / "post.js").write_text(NODE)
    return folder


def test_node(proxy: str, service: Upstream, image: Path, node: Path) -> None:
    start = len(service.received)
    done = subprocess.run(
        [program("node"), "post.js", proxy + PATH, str(image), LEGACY],
        cwd=node, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert done.stdout.split() == ["201"] * 5
    fetched, pairs, as_json, text_first, file_first = service.received[start:]
    picture = Part("prompt[input_image]", BYTES, "a.png")
    assert read_multipart(fetched) == [*lifted(), picture]
    assert read_urlencoded(pairs.body) == PAIRS
    assert json.loads(as_json.body)["prompt"]["video_duration"] == 5
    assert read_multipart(text_first) == [*lifted(), picture]
    assert read_multipart(file_first) == [picture, *lifted()]


def test_modes_by_path(proxy: str, service: Upstream) -> None:
    body = {"prompt[text]": UNREADABLE}
    refused = httpx.post(proxy + "/tunes/strict/prompts", data=body)
    assert refused.status_code == 422
    assert refused.json()["text"][0].startswith("FL101 unclosed-quote: ")
    assert refused.headers["x-flaglift"] == "refused FL101"
    count = len(service.received)
    left = httpx.post(proxy + PATH, data=body)
    assert (left.status_code, left.headers["x-flaglift"]) == (201, "left FL101")
    off = httpx.post(proxy + "/tunes/off/prompts", data={"prompt[text]": LEGACY})
    assert "x-flaglift" not in off.headers
    assert dict(read_urlencoded(service.last.body)) == {"prompt[text]": LEGACY}
    assert len(service.received) == count + 2


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"content-encoding": "gzip"}, "content-encoding"),
        ({"content-digest": "sha-256=:x:"}, "signed-body"),
        ({"content-type": f"{URLENCODED}; charset=koi8-r"}, "charset"),
    ],
)
def test_what_is_not_read_arrives_byte_for_byte(
    proxy: str, service: Upstream, headers: dict[str, str], reason: str
) -> None:
    body = urlencoded_body([("prompt[text]", LEGACY)])
    body = gzip.compress(body) if "content-encoding" in headers else body
    response = httpx.post(
        proxy + PATH, content=body, headers={"content-type": URLENCODED, **headers}
    )
    assert response.headers["x-flaglift"] == f"untouched {reason}"
    assert service.last.body == body
    for name, value in headers.items():
        assert service.last.header(name) == value


@pytest.mark.parametrize(
    "target",
    ["/", "/a%2Fb/../c;d=1?x=%20&y", "//evil.example/x", "/@evil.example", "/a?", "/%F0%9F?q=?"],
)
def test_the_target_arrives_byte_for_byte(proxy: str, service: Upstream, target: str) -> None:
    raw(proxy, f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    last = service.last
    path, _, query = target.partition("?")
    assert (last.path, last.query) == (path, query)


def test_the_wire_is_what_it_was() -> None:
    """Nothing between the two ends changes what frameworks do not show."""
    seen: list[bytes] = []

    def answer(connection: socket.socket) -> None:
        seen.append(connection.recv(65536))
        connection.sendall(
            b"HTTP/1.1 413 Too Large\r\nX-Odd-CASE: caf\xe9\r\nContent-Length: 2\r\n\r\n{}"
        )

    with peer(answer) as url, proxied(Options(url, ("127.0.0.1", 0))) as proxy:
        got = raw(
            proxy,
            b"GET /path? HTTP/1.1\r\nHost: x\r\nX-Odd-CASE:  1 \r\nConnection: close\r\n\r\n",
        )
    assert seen[0].startswith(b"GET /path? HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nX-Odd-CASE: 1\r\n" in seen[0]
    assert got.startswith(b"HTTP/1.1 413 Too Large\r\nX-Odd-CASE: caf\xe9\r\n")


@pytest.mark.parametrize(
    ("location", "wanted"),
    [
        ("{url}/tunes/7?a#b", "/tunes/7?a#b"),
        ("{url}", "/"),
        ("{url}?a", "/?a"),
        ("{url_without_scheme}/x", "/x"),
        ("{url}.evil.example/x", "{url}.evil.example/x"),
        ("http://u@{url_without_scheme}/x", "http://u@{url_without_scheme}/x"),
        ("https:{url_without_scheme}/x", "https:{url_without_scheme}/x"),
        ("{url}//evil.example/x", "{url}//evil.example/x"),
        ("https://cdn.example/a.mp4", "https://cdn.example/a.mp4"),
        ("/x", "/x"),
        ("x", "x"),
        ("//cdn.example/x", "//cdn.example/x"),
        ("", ""),
    ],
)
@pytest.mark.parametrize("path", ["", "/api/v1"])
def test_redirects_do_not_lead_around_the_proxy(
    service: Upstream, location: str, wanted: str, path: str
) -> None:
    url = service.url + path
    names = {"url": url, "url_without_scheme": url.removeprefix("http:")}

    async def answer(_request: Received, send: Any) -> None:
        await respond(send, 302, b"", ("location", location.format(**names)))

    service.answer = answer
    try:
        with proxied(Options(url, ("127.0.0.1", 0))) as proxy:
            answered = raw(proxy, b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    finally:
        service.answer = None
    assert f"\r\nlocation: {wanted.format(**names)}\r\n" in answered.decode()


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("link", '<{url}/tunes?offset=20>; rel="next"', '</tunes?offset=20>; rel="next"'),
        ("link", "<{url}/a>; rel=next, <{url}/b>;rel=prev", "</a>; rel=next, </b>;rel=prev"),
        ("link", '<{url}/a>; title="\\"<{url}/b>"', '</a>; title="\\"<{url}/b>"'),
        ("link", "<https://cdn.example/a>, <>, <b>", "<https://cdn.example/a>, <>, <b>"),
        ("link", "{url}/a", "{url}/a"),
        ("refresh", "5; url={url}/tunes/7", "5; url=/tunes/7"),
        ("refresh", "0.5 , URL = '{url}/a'", "0.5 , URL = '/a'"),
        ("refresh", "5;{url}/a", "5;/a"),
        ("refresh", "5", "5"),
        ("refresh", "5; url=https://cdn.example/a", "5; url=https://cdn.example/a"),
        ("content-location", "{url}/tunes/7", "/tunes/7"),
        ("x-next", "<{url}/a>", "<{url}/a>"),
    ],
)
def test_other_fields_that_clients_follow_do_not_either(
    service: Upstream, name: str, value: str, wanted: str
) -> None:
    async def answer(_request: Received, send: Any) -> None:
        await respond(send, 200, b"", (name, value.format(url=service.url)))

    service.answer = answer
    try:
        with proxied(Options(service.url, ("127.0.0.1", 0))) as proxy:
            answered = raw(proxy, b"GET /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    finally:
        service.answer = None
    assert f"\r\n{name}: {wanted.format(url=service.url)}\r\n" in answered.decode()


def raw(url: str, request: bytes) -> bytes:
    """Send bytes, and return all that comes back."""
    host, port = url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while data := connection.recv(65536):
            answer += data
    return answer


def test_headers_are_for_the_upstream_or_for_this_hop(proxy: str, service: Upstream) -> None:
    sent = (
        "GET /x HTTP/1.1\r\nHost: mine.example\r\nAuthorization: Bearer k\r\nX-Twice: 1\r\n"
        "X-Twice: 2\r\nKeep-Alive: 5\r\nTE: trailers\r\nX-Hop: 1\r\nUpgrade: h2c\r\n"
        "Proxy-Authorization: x\r\nX-Forwarded-For: 9.9.9.9\r\nX-Name: ü\r\nCookie: a=1; b=2\r\n"
        "Connection: X-Hop, authorization, close\r\n\r\n"
    )
    raw(proxy, sent.encode())
    got = service.last.headers
    assert [value for name, value in got if name == "x-twice"] == ["1", "2"]
    assert sorted(name for name, _ in got) == [
        "authorization", "cookie", "host", "via", "x-name", "x-request-id", "x-twice", "x-twice",
    ]  # fmt: skip
    assert service.last.header("host") == service.url.removeprefix("http://")
    assert service.last.header("authorization") == "Bearer k"
    assert (service.last.header("x-name") or "").encode("latin-1") == "ü".encode()


def test_responses_arrive_as_they_are(service: Upstream, proxy: str) -> None:
    packed = gzip.compress(b"answer" * 1000)
    arrived = threading.Event()

    async def answer(request: Received, send: Any) -> None:
        if request.path == "/redirect":
            await respond(send, 302, b"", ("location", "http://127.0.0.1:1/elsewhere"))
        elif request.path == "/packed":
            await respond(
                send, 418, packed, ("content-encoding", "gzip"), ("set-cookie", "a=1"),
                ("set-cookie", "b=2"), ("keep-alive", "x"), ("x-hop", "1"), ("connection", "x-hop"),
            )  # fmt: skip
        elif request.path == "/none":
            await respond(send, 204, b"")
        else:
            start: Any = {"type": "http.response.start", "status": 200, "headers": []}
            await send(start)
            await send({"type": "http.response.body", "body": b"one ", "more_body": True})
            while request.path == "/awaited" and not arrived.is_set():
                await asyncio.sleep(0.01)
            await send({"type": "http.response.body", "body": b"two", "more_body": True})
            await send({"type": "http.response.body", "body": b""})

    service.answer = answer
    try:
        redirect = httpx.get(proxy + "/redirect")
        assert redirect.headers["location"] == "http://127.0.0.1:1/elsewhere"
        with httpx.stream("GET", proxy + "/packed") as response:
            assert b"".join(response.iter_raw()) == packed
            assert response.status_code == 418
            assert response.headers.get_list("set-cookie") == ["a=1", "b=2"]
            assert "keep-alive" not in response.headers
            assert "x-hop" not in response.headers
        head = httpx.head(proxy + "/packed")
        assert (head.content, head.headers["content-length"]) == (b"", str(len(packed)))
        assert httpx.get(proxy + "/none").status_code == 204
        with httpx.stream("POST", proxy + "/awaited", content=b"x") as response:
            parts = response.iter_raw()
            assert next(parts) == b"one "
            arrived.set()
            assert b"".join(parts) == b"two"
        old = raw(proxy, b"GET /streamed HTTP/1.0\r\n\r\n")
        assert old.endswith(b"\r\n\r\none two")
    finally:
        service.answer = None


def test_the_upstream_may_have_a_path(service: Upstream) -> None:
    options = Options(service.url + "/api/v1/", ("127.0.0.1", 0))
    with proxied(options) as url:
        httpx.post(url + PATH, data={"prompt[text]": LEGACY})
    assert service.last.path == "/api/v1" + PATH
    assert b"kling25" in service.last.body
