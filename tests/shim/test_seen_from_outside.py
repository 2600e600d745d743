"""What operators see of a proxy from outside: its log, and the ids in it."""

import json
import re
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from flaglift.shim.proxy.options import Options
from shim.forms import LEGACY
from shim.servers import Upstream, proxied, upstream
from shim.test_serve_verb import process

PATH = "/tunes/7/prompts"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
NEW = re.compile(r"[0-9a-f]{32}")


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([], False),
        (["7f-3:a/b+c=@~."], True),
        (["x" * 128], True),
        (["x" * 129], False),
        (["two words"], False),
        (["caf\u00e9"], False),
        ([""], False),
        (["one", "two"], False),
    ],
)
def test_a_request_has_one_id_on_both_sides(
    service: Upstream, caplog: pytest.LogCaptureFixture, given: list[str], kept: bool
) -> None:
    caplog.set_level("INFO")
    with proxied(Options(service.url, ("127.0.0.1", 0))) as url:
        httpx.get(url + "/x", headers=[(b"x-request-id", one.encode("latin-1")) for one in given])
    seen = service.last.header("x-request-id") or ""
    assert seen == given[0] if kept else NEW.fullmatch(seen)
    assert f" request_id={seen} " in caplog.text


@pytest.mark.parametrize(
    ("given", "trace"),
    [
        (PARENT, TRACE),
        (PARENT.replace("00-", "cc-", 1) + "-more", TRACE),
        (PARENT.replace("00-", "ff-", 1), "-"),
        (PARENT.upper(), "-"),
        (PARENT.replace(TRACE, "0" * 32), "-"),
        (PARENT.replace("b7ad6b7169203331", "0" * 16), "-"),
        ("x\tx", "-"),
    ],
)
def test_a_trace_is_handed_on_unchanged(
    service: Upstream, caplog: pytest.LogCaptureFixture, given: str, trace: str
) -> None:
    caplog.set_level("INFO")
    with proxied(Options(service.url, ("127.0.0.1", 0))) as url:
        httpx.get(url + "/x", headers={"traceparent": given, "tracestate": "a=1"})
    assert service.last.header("traceparent") == given
    assert service.last.header("tracestate") == "a=1"
    assert f" trace_id={trace} " in caplog.text


def test_the_log_can_be_of_json(service: Upstream) -> None:
    with process("--upstream", service.url, "--log-format", "json") as (running, url):
        headers = {"x-request-id": "7", "traceparent": PARENT}
        httpx.post(url + PATH + "?token=x", data={"prompt[text]": LEGACY}, headers=headers)
        assert httpx.get(url + '/"\\').status_code == 201
        assert httpx.request("SECRET", url).status_code == 400
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert running.stderr is not None
        lines = [json.loads(line) for line in running.stderr.read().splitlines()]
    now = datetime.now(UTC)
    for line in lines:
        assert timedelta(0) <= now - datetime.fromisoformat(line.pop("time")) < timedelta(minutes=1)
        assert line.pop("level") == "info"
    requests = [line for line in lines if line["logger"] == "flaglift.shim.access"]
    posted, got, refused = requests
    taken: dict[str, Any] = {name: posted.pop(name) for name in ("ms", "upstream_ms")}
    assert 0 < taken["upstream_ms"] < taken["ms"]
    assert posted == {
        "logger": "flaglift.shim.access", "method": "POST", "path": PATH, "status": 201,
        "mode": "translate", "outcome": "translated", "reason": None, "codes": ["FL001"],
        "caller": "127.0.0.1", "request_id": "7", "trace_id": TRACE,
        "received_bytes": len(httpx.Request("POST", url, data={"prompt[text]": LEGACY}).content),
        "sent_bytes": len(b'{"id": 1}'),
    }  # fmt: skip
    assert (got["path"], got["outcome"], got["codes"], got["trace_id"]) == (
        "/%22\\", "off", [], None,
    )  # fmt: skip
    assert (refused["status"], "SECRET" in str(refused)) == (400, False)
    assert lines[-1] == {"logger": "flaglift.shim", "message": "ended"}
