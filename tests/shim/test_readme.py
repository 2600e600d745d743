"""The documentation's examples of the fittings run."""

import re
import shlex
import signal
import textwrap
from pathlib import Path
from typing import Any

import httpx
import pytest

from running import flaglift
from shim.servers import serving, upstream
from shim.test_proxy_clients import curl
from shim.test_serve_verb import process

TEXT = (Path(__file__).parents[2] / "docs" / "how-to" / "requests.md").read_text(encoding="utf-8")
BLOCKS = [
    textwrap.dedent(block) for block in re.findall(r"(?:^(?: {4}.*)?\n)+", TEXT, re.MULTILINE)
]
PROGRAMS = [block.strip("\n") for block in BLOCKS if "import" in block]


def test_there_is_an_example_of_each() -> None:
    fittings = [re.findall(r"from flaglift\.shim\.(\w+)", program) for program in PROGRAMS]
    assert fittings == [["requests"], ["httpx"], ["asgi"]]
    assert all(len(program.replace("\n\n", "\n").splitlines()) <= 5 for program in PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS[:2])
def test_the_examples_for_clients(program: str) -> None:
    with upstream() as service:
        names: dict[str, Any] = {}
        exec(program.replace("https://api.example", service.url), names)  # noqa: S102
        assert b"kling25" in service.last.body
        assert b"--video" not in service.last.body
        names["client" if "client" in names else "session"].close()


def test_the_example_for_a_server() -> None:
    with upstream() as service:
        names: dict[str, Any] = {"app": service}
        exec(PROGRAMS[2], names)  # noqa: S102
        with serving(names["app"]) as url:
            httpx.post(
                url + "/tunes/7/prompts", data={"prompt[text]": "a --video --video_model ovi"}
            )
            httpx.post(url + "/tunes/7/prompts", json={"text": "a --video --video_model kling25"})
        assert b"kling25" in service.last.body
        assert b"--video" not in service.last.body


def test_the_proxys_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (session,) = (block for block in BLOCKS if block.startswith("\nflaglift serve"))
    serve, post, metrics, traffic = (
        shlex.split(line, comments=True) for line in session.strip().splitlines()
    )
    with upstream() as service:
        given = [service.url if word == "https://api.example" else word for word in serve[2:]]
        given[given.index("127.0.0.1:8080")] = "127.0.0.1:0"
        with process(*given) as (running, url):
            curl(*(word.replace("http://127.0.0.1:8080", url) for word in post[1:]))
            assert b"kling25" in service.last.body
            page = curl(*(word.replace("http://127.0.0.1:8080", url) for word in metrics[1:]))
            assert 'outcome="translated"' in page
            running.send_signal(signal.SIGTERM)
            assert running.wait(20) == 0
    result = flaglift(*traffic[1:])
    assert (result.returncode, "1 prompt with flags" in result.stdout) == (1, True)
