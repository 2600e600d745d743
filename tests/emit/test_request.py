"""Requests that are printed are run here, against a server that writes down what arrives."""

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import peers
from flaglift import InputError, curl_command, python_snippet
from flaglift.emit.request import form_pairs

ADDRESS = "https://api.astria.ai"

LETTERS = st.one_of(
    st.sampled_from("'\"`$\\\n\r\t !;&|<>@(){}*?~#%=,"),
    st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
)
TEXTS = st.text(LETTERS, max_size=12)
VALUES = st.fixed_dictionaries(
    {"text": TEXTS, "video_prompt": TEXTS, "video_duration": st.integers(1, 20)},
    optional={"video_audio": st.booleans(), "style": TEXTS, "cfg_scale": st.floats(0, 9)},
)
HARD: dict[str, Any] = {
    "text": '@it\'s "$HOME" `id` $(id) \\n\n\r\n!! <x; type=a/b',
    "video_prompt": "<clip.mp4",
    "style": "",
    "scheduler": "-F prompt[text]=x; ünï 猫\t\x7f",
}


@dataclass
class Recorder:
    """A server, and the last request that it got."""

    port: int = 0
    path: str = ""
    key: str | None = None
    pairs: list[tuple[str, str]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    def local(self, program: str) -> str:
        assert program.count(ADDRESS) == 1
        return program.replace(ADDRESS, f"http://127.0.0.1:{self.port}")

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers["Content-Length"]))
        kind = request.headers["Content-Type"]
        self.path, self.key = request.path, request.headers["Authorization"]
        self.pairs, self.files = [], {}
        if kind == "application/x-www-form-urlencoded":
            self.pairs = parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True)
            return
        boundary = kind.partition("boundary=")[2].encode()
        first, *parts, last = (b"\r\n" + body).split(b"\r\n--" + boundary)
        assert (first, last) == (b"", b"--\r\n")
        for part in parts:
            head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'; name="([^"]*)"', head)
            assert name is not None
            if b"; filename=" in head:
                self.files[name[1].decode()] = content
            else:
                self.pairs.append((name[1].decode(), content.decode()))


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            recorder.take(self)
            self.send_response(201)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        recorder.port = server.server_address[1]
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield recorder
        server.shutdown()
        thread.join()


def shell(script: str, cwd: Path | None = None, program: str = "bash") -> bytes:
    run = subprocess.run(
        [peers.program(program), "-c", script],
        capture_output=True,
        check=True,
        cwd=cwd,
        env={**os.environ, "API_KEY": "k3y", "TUNE_ID": "42"},
    )
    assert run.stderr == b""
    return run.stdout


@pytest.mark.parametrize("program", ["bash", "sh"])
@given(values=VALUES)
@example(values=HARD)
def test_a_shell_reads_the_arguments_back(program: str, values: dict[str, Any]) -> None:
    script = "curl() { for a; do printf '%s\\0' \"$a\"; done; }\n" + curl_command(values, {})
    *words, end = shell(script, program=program).decode().split("\0")
    assert end == ""
    assert words[:5] == [
        "-X",
        "POST",
        "-H",
        "Authorization: Bearer k3y",
        f"{ADDRESS}/tunes/42/prompts",
    ]
    assert words[5::2] == ["--form-string"] * len(values)
    assert words[6::2] == [f"{name}={value}" for name, value in form_pairs(values)]


@given(values=VALUES)
@settings(max_examples=60)
@example(values=HARD)
def test_curl_sends_the_values(recorder: Recorder, values: dict[str, Any]) -> None:
    assert shell(recorder.local(curl_command(values, {})) + " --silent --show-error") == b"{}"
    assert recorder.path == "/tunes/42/prompts"
    assert recorder.key == "Bearer k3y"
    assert recorder.pairs == form_pairs(values)
    assert recorder.files == {}


NAMES = ["clip.mp4", "my clip.mp4", 'a"b\\c.mp4', "a;type=b,c.mp4", " x ", "-", "<in", "@at", "ü'"]


@pytest.mark.parametrize("name", NAMES)
def test_curl_sends_files(recorder: Recorder, name: str, tmp_path: Path) -> None:
    content = name.encode() + b"\0\r\n\xff"
    (tmp_path / name).write_bytes(content)
    command = curl_command({"text": "a"}, {"input_video": name})
    shell(recorder.local(command) + " --silent --show-error", tmp_path)
    assert recorder.pairs == [("prompt[text]", "a")]
    assert recorder.files == {"prompt[input_video]": content}


def run_here(program: str, folder: Path) -> None:
    path = folder / "snippet.py"
    path.write_text(program, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_KEY", "k3y")
        patch.setenv("TUNE_ID", "42")
        runpy.run_path(str(path))


@given(values=VALUES)
@settings(max_examples=60)
@example(values=HARD)
def test_the_python_program_sends_the_values(
    recorder: Recorder, tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    values = {**values, "negative_prompt": values["text"] + "\0"}
    program = recorder.local(python_snippet(values, {}))
    assert program.isascii()
    run_here(program, tmp_path_factory.getbasetemp())
    assert recorder.path == "/tunes/42/prompts"
    assert recorder.key == "Bearer k3y"
    assert recorder.pairs == form_pairs(values)


@pytest.mark.parametrize("name", NAMES)
def test_the_python_program_sends_files(recorder: Recorder, name: str, tmp_path: Path) -> None:
    content = b"\0\r\n\xff"
    (tmp_path / name).write_bytes(content)
    program = recorder.local(python_snippet({"text": "a"}, {"input_video": name}))
    run = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "API_KEY": "k3y", "TUNE_ID": "42"},
    )
    assert run.stdout == b"{}\n"
    assert recorder.pairs == [("prompt[text]", "a")]
    assert recorder.files == {"prompt[input_video]": content}


@pytest.mark.parametrize(
    ("tune", "path", "left"),
    [
        (7, "/tunes/7/prompts", False),
        ("7", "/tunes/7/prompts", False),
        (True, "/tunes/42/prompts", True),
        ("my tune", "/tunes/42/prompts", True),
        ("٧", "/tunes/42/prompts", True),
        (-7, "/tunes/42/prompts", True),
    ],
)
def test_the_tune_is_part_of_the_address(
    recorder: Recorder, tmp_path: Path, tune: object, path: str, left: bool
) -> None:
    values: Mapping[str, Any] = {"tune_id": tune, "text": "a"}
    expected = [*([("prompt[tune_id]", form_pairs(values)[0][1])] * left), ("prompt[text]", "a")]
    shell(recorder.local(curl_command(values, {})) + " --silent --show-error")
    assert (recorder.path, recorder.pairs) == (path, expected)
    run_here(recorder.local(python_snippet(values, {})), tmp_path)
    assert (recorder.path, recorder.pairs) == (path, expected)


def test_no_argument_holds_a_nul() -> None:
    with pytest.raises(InputError, match="a NUL character cannot stand in a command"):
        curl_command({"text": "a\0b"}, {})
    with pytest.raises(InputError, match="NUL"):
        curl_command({}, {"input_video": "a\0b"})


def test_only_what_the_shell_or_python_has_to_fill_in_is_left_to_them() -> None:
    known = {"tune_id": 7, "text": "a cat"}
    assert "  https://api.astria.ai/tunes/7/prompts \\\n" in curl_command(known, {})
    assert '  "https://api.astria.ai/tunes/$TUNE_ID/prompts" \\\n' in curl_command(
        {"text": "a"}, {}
    )
    assert '\n    "https://api.astria.ai/tunes/7/prompts",\n' in python_snippet(known, {})
    assert "\n    f\"https://api.astria.ai/tunes/{os.environ['TUNE_ID']}/prompts\",\n" in (
        python_snippet({"text": "a"}, {})
    )


def test_a_path_with_a_backslash_reaches_curl_as_it_is() -> None:
    assert r'=@"a\\b\"c d.png"' in curl_command({}, {"input_video": r"a\b" + '"c d.png'})


def test_a_nul_is_named() -> None:
    with pytest.raises(InputError, match=r"^a NUL character cannot stand in a command; use"):
        curl_command({"text": "a\0b"}, {})
