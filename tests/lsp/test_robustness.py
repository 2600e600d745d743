"""What an editor does wrong, or does no more."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from flaglift.lsp.features import make_server
from running import flaglift

pytestmark = pytest.mark.measured

LONG = "a 😀 cat --video --video_model kling25 --duration 77\n"


class Wire:
    """The messages as they go over the wire."""

    def __init__(self, to: Any, back: Any) -> None:
        self._to, self._back = to, back
        self._number = 0

    def send(self, body: bytes) -> None:
        self._to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._to.flush()

    def notify(self, method: str, params: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        self.send(json.dumps(message).encode())

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """Send a request and return the answer; what comes before it is not looked at."""
        self._number += 1
        message = {"jsonrpc": "2.0", "id": self._number, "method": method, "params": params}
        self.send(json.dumps(message).encode())
        while (answer := self.receive()).get("id") != self._number:
            pass
        return answer

    def receive(self) -> dict[str, Any]:
        length = 0
        while (line := self._back.readline()) != b"\r\n":
            assert line, "the server has ended"
            name, _, value = line.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        message: dict[str, Any] = json.loads(self._back.read(length))
        return message

    def start(self) -> None:
        able: dict[str, Any] = {"textDocument": {"diagnostic": {}}}
        answer = self.ask("initialize", {"processId": None, "rootUri": None, "capabilities": able})
        assert answer["result"]["capabilities"]["textDocumentSync"]["change"] == 2
        self.notify("initialized", {})

    def codes(self, uri: str) -> list[str]:
        answer = self.ask("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        return [each.get("code", "") for each in answer["result"]["items"]]

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "plaintext", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def type(self, uri: str, version: int, line: int, text: str) -> None:
        """Type at the beginning of a line."""
        place = {"line": line, "character": 0}
        change = {"range": {"start": place, "end": place}, "text": text}
        document = {"uri": uri, "version": version}
        changed = {"textDocument": document, "contentChanges": [change]}
        self.notify("textDocument/didChange", changed)

    def close(self, uri: str) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


@contextmanager
def server() -> Iterator[tuple[Wire, subprocess.Popen[bytes]]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "flaglift", "lsp"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin
    assert process.stdout
    try:
        yield Wire(process.stdin, process.stdout), process
    finally:
        process.kill()
        process.communicate()


def test_messages_that_make_no_sense_do_not_end_it() -> None:
    with server() as (wire, process):
        early = wire.ask("textDocument/diagnostic", {"textDocument": {"uri": "untitled:a"}})
        assert early["error"]["code"] == -32002
        wire.open("untitled:a", LONG)
        wire.start()
        wire.send(b"{]")
        wire.send(b'"text"')
        wire.send(b"[]")
        wire.send(b'{"jsonrpc": "2.0", "id": 99}')
        wire.notify("$/nothing", {})
        assert wire.ask("no/such", {})["error"]["code"] == -32601
        assert wire.ask("textDocument/diagnostic", {"x": 1})["error"]["code"] == -32602
        change = {"range": None, "text": "x"}
        document = {"uri": "untitled:b", "version": 2}
        wire.notify(
            "textDocument/didChange", {"textDocument": document, "contentChanges": [change]}
        )
        wire.notify("textDocument/didClose", {"textDocument": {"uri": "untitled:b"}})
        wire.notify("$/cancelRequest", {"id": 77})
        assert wire.codes("untitled:a") == []  # it was opened too early
        wire.open("untitled:a", LONG)
        wire.open("untitled:a", LONG)
        assert "FL402" in wire.codes("untitled:a")
        assert process.poll() is None


def test_it_ends_with_the_editor() -> None:
    with server() as (wire, process):
        wire.start()
        wire.open("untitled:a", LONG)
        assert process.stdin
        process.stdin.close()
        process.stdin = None
        assert process.wait(30) == 0


def test_it_ends_as_it_is_told() -> None:
    with server() as (wire, process):
        wire.start()
        assert wire.ask("shutdown", None)["result"] is None
        wire.notify("exit", None)
        assert process.wait(30) == 0


def test_many_documents_and_a_large_one(tmp_path: Path) -> None:
    with server() as (wire, _):
        wire.start()
        large = "x" * 79 + "\n"
        wire.open("untitled:large", LONG + large * 124_000 + LONG)
        for number in range(200):
            wire.open(f"untitled:{number}", LONG)
        assert wire.codes("untitled:large").count("FL402") == 2
        for number in range(200):
            assert "FL402" in wire.codes(f"untitled:{number}")
        # Each is edited, and none of the others takes notice.
        wire.type("untitled:large", 2, 60_000, LONG)
        assert wire.codes("untitled:large").count("FL402") == 3
        for number in range(200):
            wire.type(f"untitled:{number}", 2, 1, "a dog --vidoe\n" * (number % 2))
        for number in range(200):
            codes = wire.codes(f"untitled:{number}")
            assert ("FL108" in codes, codes.count("FL402")) == (number % 2 == 1, 1)


def test_a_file_that_is_renamed(tmp_path: Path) -> None:
    """An editor closes it and opens it under its new name, whose kind and configuration count."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "flaglift.toml").write_text('ignore = ["FL001"]\n')
    old, code, other = (tmp_path / name for name in ("a.txt", "a.md", "other/a.txt"))
    with server() as (wire, _):
        wire.start()
        wire.open(old.as_uri(), LONG)
        assert {"FL001", "FL402"} <= set(wire.codes(old.as_uri()))
        wire.close(old.as_uri())
        wire.open(code.as_uri(), LONG)
        assert wire.codes(old.as_uri()) == []
        assert wire.codes(code.as_uri()) == [""]  # that the text of a page is not read
        wire.close(code.as_uri())
        wire.open(other.as_uri(), LONG)
        codes = wire.codes(other.as_uri())
        assert ("FL001" in codes, "FL402" in codes) == (False, True)
        wire.type(other.as_uri(), 2, 0, LONG)
        assert wire.codes(other.as_uri()).count("FL402") == 2


def test_what_is_undone_is_found_again() -> None:
    """The editor sends the change back; what was known of the text before is still right."""
    with server() as (wire, _):
        wire.start()
        wire.open("untitled:a", LONG * 100)
        before = wire.codes("untitled:a")
        for version in range(2, 20, 2):
            wire.type("untitled:a", version, version * 5, "x --vidoe\n")
            assert len(wire.codes("untitled:a")) == len(before) + 1
            start, end = ({"line": version * 5 + more, "character": 0} for more in (0, 1))
            change = {"range": {"start": start, "end": end}, "text": ""}
            document = {"uri": "untitled:a", "version": version + 1}
            changed = {"textDocument": document, "contentChanges": [change]}
            wire.notify("textDocument/didChange", changed)
            assert wire.codes("untitled:a") == before


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def test_tcp() -> None:
    port = free_port()
    command = [sys.executable, "-m", "flaglift", "lsp", "--tcp", str(port)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with connected(port) as connection, connection.makefile("rwb") as stream:
            wire = Wire(stream, stream)
            wire.start()
            wire.open("untitled:a", LONG)
            assert "FL402" in wire.codes("untitled:a")
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.wait()


def connected(port: int) -> socket.socket:
    """Wait until somebody listens; the first to connect is the editor."""
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tcp", "x"], "'x' is not an address such as 127.0.0.1:7391"),
        (["--tcp", "a:65536"], "is not an address"),
        (["--tcp", "1", "--stdio"], "exclude each other"),
    ],
)
def test_a_command_line_that_cannot_be_used(options: list[str], said: str) -> None:
    done = flaglift("lsp", *options)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_package_that_it_needs_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pygls.lsp.server", None)
    assert make_server().name == "flaglift"
    for name in [name for name in sys.modules if name.startswith("flaglift.lsp")]:
        monkeypatch.delitem(sys.modules, name)
    done = flaglift("lsp")
    assert done.returncode == 2
    assert "pip install 'flaglift[lsp]'" in done.stderr
