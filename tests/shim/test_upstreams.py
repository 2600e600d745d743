"""What real servers read of clients' forms: the same with the shim as without, or the fields."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest

from flaglift.shim.proxy.options import Options
from peers import program
from shim.forms import (
    LEGACY,
    LIFTED,
    MULTIPART,
    Part,
    field,
    file,
    multipart_body,
    text_field,
)
from shim.servers import proxied

TESTS = Path(__file__).parents[1]
OTHERS = Path(__file__).parent / "upstreams"
BIN = Path(sys.executable).parent
PATH = "/tunes/7/prompts"
UVICORN = (str(BIN / "uvicorn"), "--port={port}", "--log-level=critical")
HYPERCORN = (str(BIN / "hypercorn"), "--bind=127.0.0.1:{port}", "--log-level=critical")
GUNICORN = (str(BIN / "gunicorn"), "--bind=127.0.0.1:{port}", "--log-level=critical")
UWSGI = (
    str(BIN / "uwsgi"), "--http-socket=127.0.0.1:{port}", "--master", "--disable-logging",
    "--die-on-term", f"--home={sys.prefix}", "--need-app", "--single-interpreter", "--module",
)  # fmt: skip


class Peer(NamedTuple):
    """How a server is started, and the app of `shim.frameworks` that it runs."""

    command: tuple[str, ...]
    app: str


BARE = {
    "django-uvicorn": Peer(UVICORN, "django_asgi"),
    "django-gunicorn": Peer(GUNICORN, "django_wsgi"),
    "flask-gunicorn": Peer(GUNICORN, "flask_app"),
    "fastapi-uvicorn": Peer(UVICORN, "fastapi_app"),
}
WITH_SHIM = {
    "django-asgi-uvicorn": Peer(UVICORN, "django_asgi_shim"),
    "django-asgi-hypercorn": Peer(HYPERCORN, "django_asgi_shim"),
    "flask-asgi-uvicorn": Peer(UVICORN, "flask_asgi_shim"),
    "flask-a2wsgi-uvicorn": Peer(UVICORN, "flask_a2wsgi_shim"),
    "fastapi-asgi-uvicorn": Peer(UVICORN, "fastapi_asgi_shim"),
    "django-wsgi-gunicorn": Peer(GUNICORN, "django_wsgi_shim"),
    "flask-wsgi-gunicorn": Peer(GUNICORN, "flask_wsgi_shim"),
    "django-wsgi-uwsgi": Peer(UWSGI, "django_wsgi_shim"),
    "flask-wsgi-uwsgi": Peer(UWSGI, "flask_wsgi_shim"),
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(command: list[str], port: int, folder: str) -> Iterator[str]:
    """Run a server in a process of its own until it is no longer needed."""
    environ = {**os.environ, "PYTHONPATH": str(TESTS)}
    log = Path(folder, "log")
    with (
        log.open("wb") as opened,
        subprocess.Popen(command, env=environ, cwd=folder, stdout=opened, stderr=opened) as process,
    ):
        try:
            for _ in range(600):
                assert process.poll() is None, log.read_text()
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                    break
                time.sleep(0.05)
            else:
                raise AssertionError(f"does not listen: {log.read_text()}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@contextlib.contextmanager
def served(peer: Peer) -> Iterator[str]:
    port = free_port()
    command = [part.format(port=port) for part in peer.command]
    with (
        tempfile.TemporaryDirectory() as folder,
        running([*command, f"shim.frameworks:{peer.app}"], port, folder) as url,
    ):
        yield url


@contextlib.contextmanager
def rack() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [program("ruby"), str(OTHERS / "rack.rb"), str(port)]
        with running(command, port, folder) as url:
            yield url


@contextlib.contextmanager
def express() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "package.json").write_text("{}")
        shutil.copy(OTHERS / "express.js", folder)
        subprocess.run(
            [program("npm"), "install", "--silent", "--no-audit", "--no-fund", "express@4",
             "busboy@1"],
            cwd=folder, check=True, timeout=120,
        )  # fmt: skip
        with running([program("node"), "express.js", str(port)], port, folder) as url:
            yield url


@contextlib.contextmanager
def go() -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "form")
        subprocess.run(
            [program("go"), "build", "-o", str(built), str(OTHERS / "form.go")],
            check=True, timeout=300,
        )  # fmt: skip
        with running([str(built), str(port)], port, folder) as url:
            yield url


OTHER_HEADERS = {
    "curl": "",
    "okhttp": "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {length}",
    "apache": "\r\nContent-Type: text/plain; charset=ISO-8859-1\r\nContent-Transfer-Encoding: 8bit",
    "dotnet": "\r\nContent-Type: text/plain; charset=utf-8",
}
"""What clients write after a part's Content-Disposition."""
FILES = {"small": file(), "large": file(content=b"\r\n--x" * 300_000)}


def form(client: str, parts: list[Part]) -> bytes:
    """Return a multipart body as a client writes it; .NET puts no quotes around a token."""
    body = multipart_body(parts)
    if client == "dotnet":
        body = body.replace(b'name="note"', b"name=note").replace(b'"a.png"', b"a.png")
    for part in parts:
        if part.filename is None:
            head = f'name="{part.name}"'
            more = OTHER_HEADERS[client].format(length=len(part.content))
            body = body.replace(head.encode(), (head + more).encode())
    return body


CASES = [
    (client, size, first, text)
    for client in OTHER_HEADERS
    for size in FILES
    for first in ("text", "file")
    for text in ("a plain cat", LEGACY)
]


def read(url: str, body: bytes, media_type: str) -> Any:
    response = httpx.post(
        url + PATH, content=body, headers={"content-type": media_type}, timeout=20
    )
    assert response.status_code == 200, response.text
    return json.loads(response.content)


def check(url: str) -> None:
    """Send every form, and compare what was read with what was sent or is meant."""
    for client, size, first, text in CASES:
        upload = FILES[size]
        fields = [text_field(text), field("prompt[seed]", "7"), field("note", "x")]
        parts = [*fields, upload] if first == "text" else [upload, *fields]
        seen = read(url, form(client, parts), MULTIPART)
        said = LIFTED if text == LEGACY else {"text": text}
        lifted = [(f"prompt[{key}]", value) for key, value in said.items()]
        expected = [("note", "x"), ("prompt[seed]", "7"), *lifted]
        case = (client, size, first, text)
        assert sorted(map(tuple, seen["fields"])) == sorted(expected), case
        assert seen["files"] == [[upload.name, upload.filename, len(upload.content)]], case


@pytest.mark.parametrize("name", WITH_SHIM)
def test_an_app_with_the_middleware_reads_what_was_sent_or_the_fields(name: str) -> None:
    with served(WITH_SHIM[name]) as url:
        check(url)


@pytest.mark.parametrize("name", BARE)
def test_an_app_after_the_proxy_reads_what_was_sent_or_the_fields(name: str) -> None:
    with served(BARE[name]) as url:
        check_proxy(url)


@pytest.mark.parametrize("upstream", [rack, express, go])
def test_a_server_in_another_language_reads_what_was_sent_or_the_fields(
    upstream: Callable[[], contextlib.AbstractContextManager[str]],
) -> None:
    with upstream() as url:
        check_proxy(url)


def check_proxy(url: str) -> None:
    body = form("curl", [file(), text_field()])
    assert ["prompt[text]", LEGACY] in read(url, body, MULTIPART)["fields"]
    with proxied(Options(url, ("127.0.0.1", 0))) as proxy:
        check(proxy)
