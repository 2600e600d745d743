"""The clients of `examples/clients/`: real programs, and only their settings name the proxy."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from peers import program
from shim.forms import URLENCODED, read_urlencoded
from shim.servers import Upstream, upstream
from shim.test_serve_verb import process

CLIENTS = Path(__file__).parents[2] / "examples" / "clients"
TEXT = "a cat --video --video_model kling25 --duration 5"
RUN: dict[str, Callable[[Path], list[str]]] = {
    "prompt.sh": lambda path: [program("curl") and program("sh"), str(path)],
    "prompt.mjs": lambda path: [program("node"), str(path)],
    "prompt.rb": lambda path: [program("ruby"), str(path)],
    "prompt.go": lambda path: [program("go"), "run", str(path)],
    "Prompt.java": lambda path: [str(Path(program("javac")).with_name("java")), str(path)],
    "prompt.php": lambda path: [program("php"), str(path)],
}
"""How the first line of each says that it is run."""


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@pytest.fixture(scope="module")
def proxy(service: Upstream) -> Iterator[str]:
    with process("--upstream", service.url, quiet=True) as (_, url):
        yield url


def test_each_client_is_run() -> None:
    assert {path.name for path in CLIENTS.iterdir()} == {*RUN, "README.md"}


def run(name: str, folder: Path, **settings: str) -> str:
    """Run a client with nothing in its environment that it might take for a setting."""
    kept = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", str(folder))}
    done = subprocess.run(
        RUN[name](CLIENTS / name),
        capture_output=True,
        check=False,
        cwd=folder,
        env={**kept, "API_KEY": "sesame", **settings},
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def check(service: Upstream) -> None:
    """The upstream has got the fields, and the caller's own key."""
    last = service.last
    assert last.header("authorization") == "Bearer sesame"
    wanted = {"text": "a cat", "video_model": "kling25", "video_duration": "5"}
    if last.header("content-type") == URLENCODED:
        pairs = dict(read_urlencoded(last.body))
        assert {f"prompt[{name}]": value for name, value in wanted.items()}.items() <= pairs.items()
    else:
        for name, value in wanted.items():
            head, _, rest = last.body.partition(f'name="prompt[{name}]"'.encode())
            assert head
            assert rest.partition(b"\r\n\r\n")[2].startswith(value.encode() + b"\r\n")
    assert b"--video" not in last.body


@pytest.mark.parametrize("name", RUN)
def test_a_client_whose_base_url_is_the_proxy(
    name: str, service: Upstream, proxy: str, tmp_path: Path
) -> None:
    assert TEXT in (CLIENTS / name).read_text()
    assert run(name, tmp_path, API=proxy) == '{"id": 1}'
    check(service)


@pytest.mark.parametrize("name", [name for name in RUN if name != "prompt.mjs"])
def test_a_client_that_has_it_as_the_proxy_of_its_environment(
    name: str, service: Upstream, proxy: str, tmp_path: Path
) -> None:
    host, _, port = proxy.removeprefix("http://").partition(":")
    settings = {
        "http_proxy": proxy,  # Node reads it from version 24 on
        "JDK_JAVA_OPTIONS": f"-Dhttp.proxyHost={host} -Dhttp.proxyPort={port}",
    }
    assert run(name, tmp_path, API="http://api.example", **settings) == '{"id": 1}'
    check(service)
