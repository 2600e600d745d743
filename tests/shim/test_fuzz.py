"""No app reads flags in a request without the shim having translated, left or noted them."""

import asyncio
import io
import json
from typing import Any
from urllib.parse import quote

from flask import Request
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.datastructures import UploadFile
from starlette.requests import Request as AsgiRequest

from flaglift.shim import asgi, wsgi
from flaglift.shim.asgi import Message, Receive, Scope, Send
from flaglift.shim.core.inspection import Inspection
from flaglift.shim.core.record import RequestOutcome
from shim.forms import JSON, LEGACY, MULTIPART, URLENCODED, Part, multipart_body, urlencoded_body
from shim.servers import messages

FLAG = "--video"
SEEN = {
    RequestOutcome.TRANSLATED,
    RequestOutcome.LEFT,
    RequestOutcome.UNTOUCHED,
    RequestOutcome.REFUSED,
}

paths = st.one_of(
    st.sampled_from(["/tunes/7/prompts", "/tunes", "/prompts/8", "/prompts/8/duplicate"]),
    st.lists(
        st.sampled_from(
            ["/", "//", "/.", "/..", "tunes", "7", "a.b", "prompts", "%70rompts", "%2F", "%2e%2e",
             ".json", ".JSON", ";x", "duplicate", "gateway", "p", "\u00fc", "?", "%3F"]
        ),
        max_size=9,
    ).map(lambda pieces: "/" + "".join(pieces)),
)  # fmt: skip
methods = st.sampled_from(["POST", "PUT", "PATCH", "patch", "post", "DELETE", "GET"])
names = st.sampled_from(
    ["prompt[text]", "prompt[Text]", "Prompt[text]", "prompt", "prompt[text][]", "text", "_method",
     "tune[prompts_attributes][0][text]", "tune[prompt_attributes][text]", "tune[title]",
     "prompt[negative_prompt]", "prompt[video_model]", "_charset_"]
)  # fmt: skip
values = st.sampled_from(
    [
        LEGACY,
        "a plain cat",
        "",
        "patch",
        "a \u00fc --video",
        'a 6" --video',
        "kling25",
    ]
)
pairs = st.lists(st.tuples(names, values), max_size=4)


def as_multipart(drawn: list[tuple[str, str]], more: str) -> tuple[bytes, str]:
    body = multipart_body([Part(name, value.encode()) for name, value in drawn])
    return body.replace(b'"\r\n\r\n', b'"' + more.encode() + b"\r\n\r\n"), MULTIPART


def as_json(drawn: list[tuple[str, str]], codec: str) -> tuple[bytes, str]:
    nested: dict[str, Any] = {}
    for name, value in drawn:
        *outer, last = name.replace("]", "").split("[")
        inner: Any = nested
        for key in outer:
            inner = inner.setdefault(key, {}) if isinstance(inner, dict) else {}
        if isinstance(inner, dict):
            inner[last] = value
    return json.dumps(nested, ensure_ascii=codec == "ascii").encode(codec), JSON


def as_pairs(drawn: list[tuple[str, str]], escaped: bool) -> tuple[bytes, str]:
    if escaped:
        whole = ["=".join("".join(f"%{b:02x}" for b in x.encode()) for x in p) for p in drawn]
        return "&".join(whole).encode(), URLENCODED
    return urlencoded_body(drawn), URLENCODED


bodies = st.one_of(
    st.builds(
        as_multipart,
        pairs,
        st.sampled_from(
            ["", '; filename=""', "\r\nContent-Type: text/plain; charset=latin-1",
             "\r\nContent-Transfer-Encoding: 8bit", "\r\nContent-MD5: x"]
        ),
    ),
    st.builds(as_json, pairs, st.sampled_from(["utf-8", "ascii", "utf-16", "utf-32"])),
    st.builds(as_pairs, pairs, st.booleans()),
)  # fmt: skip
queries = st.sampled_from(
    ["", "x=1", "text=--video", "prompt%5Btext%5D=a%20%2d-video", "_method=put"]
)


def holds_flag(values: list[Any]) -> bool:
    return any(FLAG in json.dumps(value, ensure_ascii=False) for value in values)


def check(inspection: Inspection, read: list[Any]) -> None:
    if holds_flag(read):
        assert inspection.outcome in SEEN, read


@settings(max_examples=400)
@given(methods, paths, queries, bodies)
def test_what_flask_reads_was_seen(
    method: str, path: str, query: str, body: tuple[bytes, str]
) -> None:
    read: list[Any] = []
    handled: list[wsgi.Handled] = []

    def app(environ: wsgi.Environ, start_response: wsgi.StartResponse) -> list[bytes]:
        with Request(environ) as given:
            read.extend([*given.args.values(), *given.form.values()])
            read.append(given.get_json(silent=True) if given.mimetype == JSON else None)
        start_response("200 OK", [])
        return [b""]

    environ: wsgi.Environ = {
        "REQUEST_METHOD": method, "PATH_INFO": path.encode().decode("latin-1"),
        "QUERY_STRING": query, "CONTENT_TYPE": body[1], "CONTENT_LENGTH": str(len(body[0])),
        "wsgi.input": io.BytesIO(body[0]), "wsgi.url_scheme": "http", "SERVER_NAME": "x",
        "SERVER_PORT": "80",
    }  # fmt: skip
    response: Any = wsgi.Middleware(app, observe=handled.append)(environ, lambda *_: print)
    list(response)
    response.close()
    check(handled[0].inspection, read)


@settings(max_examples=400)
@given(methods, paths, queries, bodies)
def test_what_starlette_reads_was_seen(
    method: str, path: str, query: str, body: tuple[bytes, str]
) -> None:
    read: list[Any] = []
    visits: list[asgi.Visit] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        given = AsgiRequest(scope, receive, send)
        read.extend(given.query_params.values())
        if given.headers["content-type"] == JSON:
            read.append(await given.json())
        else:
            async with given.form() as form:
                read.extend(value for value in form.values() if not isinstance(value, UploadFile))

    async def send(_: Message) -> None: ...

    raw = quote(path, safe="/%;?").encode()
    scope: Scope = {
        "type": "http", "method": method, "path": path, "raw_path": raw,
        "query_string": query.encode(),
        "headers": [(b"content-type", body[1].encode()),
                    (b"content-length", str(len(body[0])).encode())],
    }  # fmt: skip
    received = messages({"type": "http.request", "body": body[0], "more_body": False})
    asyncio.run(asgi.Middleware(app, observe=visits.append)(scope, received, send))
    check(visits[0].inspection, read)
