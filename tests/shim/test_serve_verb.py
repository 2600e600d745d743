"""`flaglift serve` and `flaglift traffic`, as a user runs them."""

import asyncio
import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import httpx
import pytest

from flaglift.settings import Settings
from flaglift.shim.core.policy import LateText, Mode, Policy
from flaglift.shim.proxy import listeners, supervisor
from flaglift.shim.proxy.logs import LogFormat
from flaglift.shim.proxy.options import Limits, Options, Timeouts
from flaglift.shim.proxy.report import HOUR
from flaglift.shim.proxy.traffic import Sender, TrafficStore
from running import flaglift
from shim.forms import (
    LEGACY,
    MULTIPART,
    file,
    lifted,
    multipart_body,
    text_field,
)
from shim.servers import Received, respond, upstream
from shim.test_traffic import WORKER, watched

pytestmark = pytest.mark.measured

PATH = "/tunes/7/prompts"
FLAGLIFT = (sys.executable, "-m", "flaglift")


@contextlib.contextmanager
def process(
    *options: str, quiet: bool = False, files: int | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run `flaglift serve` in a process of its own; yield it, and where it listens.

    With `quiet`, the rest of its log goes nowhere, where it can be any length. `files` is how many
    descriptors it may have; half of that to begin with.
    """
    command_line = [*FLAGLIFT, "serve", "--listen", "127.0.0.1:0", *options]
    if files is not None:
        command_line = ["prlimit", f"--nofile={files // 2}:{files}", *command_line]
    with subprocess.Popen(command_line, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            line = running.stderr.readline()
            (address, *_) = re.findall(r"http://[\d.:\[\]]+", line)
            if quiet:
                threading.Thread(target=running.stderr.read, daemon=True).start()
            yield running, address
        finally:
            running.terminate()  # as an operator does; what is killed writes no coverage
            try:
                running.wait(5)
            except subprocess.TimeoutExpired:
                running.kill()


def worker_of(pid: int) -> int:
    """Return the process of the one worker of a proxy."""
    (worker,) = workers_of(pid)
    return worker


def workers_of(pid: int) -> list[int]:
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_sigterm_lets_requests_end_and_exits_with_0(tmp_path: Path) -> None:
    going = threading.Event()

    async def slow(request: Received, send: Any) -> None:
        going.set()
        await asyncio.sleep(0.7)
        await respond(send, 201, b"done")

    traffic = tmp_path / "traffic.db"
    with (
        upstream(slow) as service,
        process("--upstream", service.url, "--traffic", str(traffic)) as (running, url),
    ):
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.post(url + PATH, data={"prompt[text]": LEGACY}))
        )
        asking.start()
        assert going.wait(10)
        running.send_signal(signal.SIGTERM)
        asking.join()
        assert answers[0].text == "done"
        assert running.wait(10) == 0
        assert running.stderr is not None
        log = running.stderr.read()
        assert "outcome=translated" in log
        assert log.rstrip().endswith("flaglift.shim ended")
    with TrafficStore(traffic, reads=True) as store:
        assert store.report(1).rows[0].legacy == 1


def test_sighup_ends_no_request() -> None:
    asked = threading.Event()

    async def slow(_request: Received, send: Any) -> None:
        asked.set()
        await asyncio.sleep(0.3)
        await respond(send, 201, b"done")

    with upstream(slow) as service, process("--upstream", service.url) as (running, url):

        def hang_up() -> None:
            assert asked.wait(10)
            running.send_signal(signal.SIGHUP)

        hangup = threading.Thread(target=hang_up)
        hangup.start()
        assert httpx.post(url + PATH, data={"prompt[text]": LEGACY}).text == "done"
        hangup.join()
        assert httpx.post(url + PATH, data={"prompt[text]": LEGACY}).text == "done"


def test_a_flood_of_idle_connections_stops_nothing() -> None:
    asked, go_on = threading.Event(), threading.Event()

    async def slow(_request: Received, send: Any) -> None:
        asked.set()
        while not go_on.is_set():
            await asyncio.sleep(0.01)
        await respond(send, 201, b"done")

    with upstream(slow) as service, process("--upstream", service.url, files=256) as (running, url):
        answers: list[httpx.Response] = []
        asking = threading.Thread(
            target=lambda: answers.append(httpx.post(url + PATH, data={"prompt[text]": LEGACY}))
        )
        asking.start()
        assert asked.wait(10)
        host, port = url.removeprefix("http://").split(":")
        with contextlib.ExitStack() as flood:
            for _ in range(600):
                flood.enter_context(socket.create_connection((host, int(port)), timeout=60))
            assert httpx.get(url + "/healthz", timeout=60).status_code == 200
            assert len(os.listdir(f"/proc/{worker_of(running.pid)}/fd")) < 128
            go_on.set()
            asking.join()
        assert answers[0].text == "done"
        running.send_signal(signal.SIGTERM)
        assert running.wait(10) == 0
        assert running.stderr is not None
        log = running.stderr.read()
        assert log.count("96 connections are open, the most there may be") == 1
        assert len(log.splitlines()) < 10


def test_what_finds_no_idle_connection_to_take_the_place_of_is_told() -> None:
    async def never(_request: Received, _send: Any) -> None:
        await asyncio.sleep(20)

    with upstream(never) as service, process("--upstream", service.url, files=68) as (_, url):
        host, port = url.removeprefix("http://").split(":")
        with contextlib.ExitStack() as busy:
            for number in range(2):
                connection = socket.create_connection((host, int(port)), timeout=10)
                busy.enter_context(connection).sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
                while len(service.received) <= number:
                    time.sleep(0.01)
            refused = httpx.get(url + "/healthz")
            assert refused.status_code == 503
            assert refused.json() == {"base": ["the proxy has too many connections"]}


@pytest.mark.parametrize(
    ("number", "goes_on"),
    [(signal.SIGTERM, True), (signal.SIGTERM, False), (signal.SIGKILL, False)],
)
def test_an_end_in_the_middle_of_an_upload(number: signal.Signals, goes_on: bool) -> None:
    video = file("prompt[input_video]", b"x" * 300_000)
    body = multipart_body([text_field(), video])
    seconds = "30" if goes_on else "1"
    with (
        upstream() as service,
        process("--upstream", service.url, "--shutdown-timeout", seconds, "--hold", "64k") as (
            running,
            url,
        ),
    ):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body[:200_000])
            while not service.received:
                time.sleep(0.02)
            running.send_signal(number)
            while listens(host, int(port)):
                time.sleep(0.02)
            if goes_on:
                connection.sendall(body[200_000:])
                assert connection.recv(1000).startswith(b"HTTP/1.1 201 ")
            assert running.wait(20) == (-number if number == signal.SIGKILL else 0)
        if goes_on:
            assert service.last.body == multipart_body([*lifted(), video])
        assert service.last.complete is goes_on


def listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port)).close()
    except ConnectionError:
        return False
    return True


def test_a_port_in_use_and_an_upstream_without_an_address(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        result = flaglift("serve", "--upstream", "https://h", "--listen", f"127.0.0.1:{port}")
    said = f"flaglift: cannot listen on 127.0.0.1:{port}: address already in use\n"
    assert (result.returncode, result.stderr) == (2, said)
    with process("--upstream", "http://no-such-host.invalid") as (_, url):
        response = httpx.post(url + PATH, data={"prompt[text]": LEGACY})
        assert response.status_code == 502
        assert response.json() == {"base": ["the upstream cannot be reached"]}


def examples(verb: str) -> list[str]:
    lines = flaglift(verb, "--help").stdout.splitlines()
    start = lines.index("  Examples:") + 1
    return [line.strip() for line in lines[start : lines.index("", start)]]


def test_the_examples_of_the_help_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with upstream() as service:
        for example in examples("serve"):
            program, _, *words = shlex.split(example)
            assert program == "flaglift"
            instead = {"https://api.example": service.url, ":8080": ":0", "127.0.0.1:9090": ":0"}
            with process(*(instead.get(word, word) for word in words)) as (_, url):
                page = url.replace("0.0.0.0", "127.0.0.1") + PATH  # noqa: S104
                assert httpx.post(page, data={"prompt[text]": LEGACY}).status_code == 201
    for example in examples("traffic"):
        command, _, _ = example.partition(" && ")
        result = flaglift(*shlex.split(command)[1:])
        assert result.returncode == 1
        assert "the proxy ran, with all its workers, for 0.0 of" in result.stderr


def test_ctrl_c_exits_with_130_and_the_second_one_does_not_wait() -> None:
    stuck = threading.Event()

    async def never(_request: Received, _send: Any) -> None:
        stuck.set()
        await asyncio.sleep(20)

    with upstream(never) as service, process("--upstream", service.url) as (running, url):
        running.send_signal(signal.SIGINT)
        assert running.wait(10) == 130
    with upstream(never) as service, process("--upstream", service.url) as (running, url):
        body = multipart_body([text_field()])
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\n"
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            assert stuck.wait(10)
            running.send_signal(signal.SIGINT)
            time.sleep(0.3)
            assert running.poll() is None
            running.send_signal(signal.SIGINT)
            assert running.wait(10) == 130


def test_a_killed_proxy_leaves_a_good_file_and_can_start_again(tmp_path: Path) -> None:
    traffic = tmp_path / "traffic.db"
    with upstream() as service:
        for _ in range(2):
            with process("--upstream", service.url, "--traffic", str(traffic)) as (running, url):
                httpx.post(url + PATH, data={"prompt[text]": LEGACY})
                for _ in range(100):
                    with TrafficStore(traffic) as store:
                        if store.report(1).rows:
                            break
                    time.sleep(0.05)
                running.kill()
                running.wait()
    with TrafficStore(traffic, reads=True) as store:
        assert store.report(1).rows[0].legacy >= 1


@pytest.fixture
def resolved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Options]:
    """The options that supervisors are started with, which then end."""
    found: list[Options] = []

    class Ends(supervisor.Supervisor):
        def __init__(self, options: Options, _reload: object) -> None:
            found.append(options)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, *exception: object) -> None:
            pass

        def run(self) -> int:
            return signal.SIGTERM

    monkeypatch.setattr(supervisor, "Supervisor", Ends)
    monkeypatch.chdir(tmp_path)
    return found


def test_all_options_reach_the_proxy(resolved: list[Options], tmp_path: Path) -> None:
    (tmp_path / "flaglift.toml").write_text('default-model = "kling25"\n')
    result = flaglift(
        "serve", "--upstream", "https://h", "--listen", ":80", "--mode", "report",
        "--mode-for", "/tunes/7/*=strict", "--late-text", "chunked", "--hold", "64k",
        "--max-body", "2GiB", "--head-timeout", "3", "--client-timeout", "4",
        "--connect-timeout", "5", "--upstream-timeout", "6", "--shutdown-timeout", "7",
        "--operators", "unix:/run/x", "--show-codes", "--traffic", "t.db", "--grace", "1.5",
        "--caller-header", "X-App", "--accept-successors", "--prefix", "/gate",
        "--max-connections", "8", "--spool", "2m", "--workers", "3", "--trust-forwarded",
        "--log-format", "json", "--spans",
    )  # fmt: skip
    assert (result.returncode, result.stderr) == (0, "")
    (given,) = resolved
    assert given == Options(
        upstream="https://h",
        listen=("0.0.0.0", 80),  # noqa: S104
        operators=Path("/run/x"),
        policy=Policy(
            mode=Mode.REPORT,
            modes=(("/tunes/7/*", Mode.STRICT),),
            settings=Settings(default_model="kling25", accept_successors=True),
            late_text=LateText.CHUNKED,
            hold_limit=65536,
            spool_limit=2 * 1024**2,
            prefix="/gate",
        ),
        limits=Limits(2 * 1024**3, 4, 3, connections=8),
        timeouts=Timeouts(5, 6),
        grace_seconds=1.5,
        shutdown_seconds=7,
        workers=3,
        show_codes=True,
        traffic=Path("t.db"),
        caller_header="X-App",
        trust_forwarded=True,
        log_format=LogFormat.JSON,
        spans=True,
    )


def test_the_command_line_is_stronger_than_the_environment_and_that_than_the_file(
    resolved: list[Options], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flaglift.toml").write_text(
        '[serve]\nupstream = "https://file"\nlisten = ":1"\nmode = "off"\nhold = 1000\n'
        'head-timeout = 1.5\nshow-codes = true\ntraffic = "t.db"\nworkers = 2\n'
        '[serve.mode-for]\n"/a" = "strict"\n"/b" = "report"\n'
    )
    monkeypatch.setenv("FLAGLIFT_SERVE_LISTEN", ":2")
    monkeypatch.setenv("FLAGLIFT_SERVE_MODE", "strict")
    monkeypatch.setenv("FLAGLIFT_SERVE_MODE_FOR", "/c=off /d=off")
    assert flaglift("serve", "--mode", "report").returncode == 0
    (given,) = resolved
    assert (given.upstream, given.listen[1]) == ("https://file", 2)  # type: ignore[index]
    assert (given.policy.mode, given.policy.hold_limit) == ("report", 1000)
    assert given.policy.modes == (("/c", "off"), ("/d", "off"))
    assert given.limits.head_seconds == 1.5
    assert (given.show_codes, given.workers) == (True, 2)
    assert given.traffic == tmp_path / "t.db"  # next to the file
    monkeypatch.delenv("FLAGLIFT_SERVE_MODE_FOR")
    assert flaglift("serve", "--isolated").returncode == 2
    assert flaglift("serve").returncode == 0
    assert resolved[1].policy.modes == (("/a", "strict"), ("/b", "report"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("serve = 1", "`serve` must be a table"),
        (
            "[serve]\nupstraem = 'https://h'",
            "unknown key `serve.upstraem`; did you mean `upstream`?",
        ),
        ("[serve]\nzzzzzzzzz = 1", "unknown key `serve.zzzzzzzzz`; known keys: "),
        ("[serve]\nlisten = '80'", "`serve.listen`: '80' is not HOST:PORT"),
        ("[serve]\nlisten = ['a']", "`serve.listen` is of the wrong type"),
        ("[serve]\nshow-codes = 'yes'", "`serve.show-codes` is of the wrong type"),
        ("[serve]\nmode = true", "`serve.mode` is of the wrong type"),
        ("[serve]\nmode = 'on'", "`serve.mode`: 'on' is not one of"),
        ("[serve.mode-for]\n'/x' = 'on'", "`serve.mode-for`: '/x=on' is not a path pattern"),
        ("", "no upstream: give --upstream URL, FLAGLIFT_SERVE_UPSTREAM, or"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_by_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flaglift.toml").write_text(text)
    result = flaglift("serve", "--check")
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    (tmp_path / "flaglift.toml").write_text('[serve]\nupstream = "https://h"\n')
    result = flaglift("serve", "--check")
    said = "the configuration is good: https://h, translate\n"
    assert (result.returncode, result.stdout) == (0, said)


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLAGLIFT_SERVE_MAX_BODDY", "1m")
    result = flaglift("serve", "--check", "--upstream", "https://h")
    assert result.returncode == 2
    assert "unknown variable FLAGLIFT_SERVE_MAX_BODDY; did you mean FLAGLIFT_SERVE_MAX_BODY?" in (
        result.stderr
    )


def test_variables_that_kubernetes_sets_for_a_service_are_not_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As its documentation lists them for a service called `flaglift-serve`."""
    for name in (
        "SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP",
        "PORT_8080_TCP_PROTO", "PORT_8080_TCP_PORT", "PORT_8080_TCP_ADDR",
    ):  # fmt: skip
        monkeypatch.setenv(f"FLAGLIFT_SERVE_{name}", "tcp://10.0.0.11:8080")
    assert flaglift("serve", "--check", "--upstream", "https://h").returncode == 0


NO_SOCKET = (
    '{"proxy": "a", "number": 0, "workers": 1, "listeners": [%s], "ready": 1, "lifeline": 2}'
)


@pytest.mark.parametrize(
    "value",
    [
        "garbage",
        "{}",
        "[]",
        "7",
        "[" * 9000,
        *(NO_SOCKET % files for files in ("", "0", "77", 9**30)),
    ],
)
def test_the_variable_for_its_own_workers_is_not_for_others(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAGLIFT_SERVE_ASSIGNMENT", value)
    result = flaglift("serve", "--upstream", "https://h", "--listen", "127.0.0.1:0")
    assert result.returncode == 2
    assert result.stderr.endswith(
        "FLAGLIFT_SERVE_ASSIGNMENT is set, which only the proxy does for its workers: unset it\n"
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


UPSTREAM = ("--upstream", "https://h")
NO_UPSTREAMS = (
    "", "api.example", "//h", "h:80", "ftp://api.example", "javascript:alert(1)", "https://",
    "https://:80", "https:///x", "https://[::1", "https://[::g]", "https://h:0", "https://h:99999",
    "https://h:80:80", "https://h h", "https://h/a b", "https://h/ä", "https://bücher.example",
    "https://h\\x", "https://h/%zz", "https://h?x=1", "https://h?", "https://h#x", "https://-",
    "https://a..b", "https://.h", "https://h-", f"https://{'h' * 64}.example",
)  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no upstream: give --upstream URL"),
        (("--upstream", "https://user:secret@h"), "write https://HOST"),
        *((("--upstream", address), "write https://HOST") for address in NO_UPSTREAMS),
        ((*UPSTREAM, "--listen", "8080"), "is not HOST:PORT"),
        ((*UPSTREAM, "--listen", "::1:80"), "is not HOST:PORT"),
        ((*UPSTREAM, "--listen", "a b:80"), "is not HOST:PORT"),
        ((*UPSTREAM, "--listen", "h:99999"), "is not HOST:PORT"),
        ((*UPSTREAM, "--operators", "h:٨٠"), "is not HOST:PORT"),
        ((*UPSTREAM, "--listen", "192.0.2.1:80"), "cannot listen on 192.0.2.1:80: "),
        ((*UPSTREAM, "--listen", "b..ü:80"), "b..ü:80: this cannot be the name of a host"),
        ((*UPSTREAM, "--hold", "lots"), "is not a size"),
        ((*UPSTREAM, "--hold", "0"), "is not a size"),
        ((*UPSTREAM, "--max-body", "-1"), "is not a size"),
        ((*UPSTREAM, "--mode", "on"), "is not one of"),
        ((*UPSTREAM, "--mode-for", "/x=on"), "is not a path pattern and a mode"),
        ((*UPSTREAM, "--mode-for", "strict"), "is not a path pattern and a mode"),
        ((*UPSTREAM, "--client-timeout", "0"), "is not a number of seconds"),
        ((*UPSTREAM, "--head-timeout", "nan"), "is not a number of seconds"),
        ((*UPSTREAM, "--upstream-timeout", ""), "is not a number of seconds"),
        ((*UPSTREAM, "--caller-header", "X App"), "is not the name of a header"),
        ((*UPSTREAM, "--prefix", "gateway"), "is not the beginning of a path"),
        ((*UPSTREAM, "--prefix", "/gateway/"), "is not the beginning of a path"),
        ((*UPSTREAM, "--select", "FL999"), "FL999"),
        ((*UPSTREAM, "--traffic", "no/folder.db"), "cannot be used for traffic"),
    ],
)
def test_nonsense_is_refused_in_a_sentence(
    arguments: tuple[str, ...], message: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    result = flaglift("serve", *arguments)
    assert result.returncode == 2
    assert re.match(r"flaglift: |Usage: ", result.stderr)
    assert message in result.stderr
    assert "secret" not in result.stderr


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_it_does_not_forward_to_itself(host: str) -> None:
    port = free_port()
    for listen in ("[::1]",) if host == "[::1]" else ("127.0.0.1", ""):
        result = flaglift(
            "serve", "--upstream", f"http://{host}:{port}", "--listen", f"{listen}:{port}"
        )
        assert result.returncode == 2
        assert "is where the proxy itself listens" in result.stderr


def own_address() -> str:
    """Return the address from which this machine reaches others; its own if there is no other."""
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing
        return str(probe.getsockname()[0])
    return "127.0.0.1"


OWN = own_address()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--upstream", "http://localhost:8080"), "is where the proxy itself listens"),
        (("--upstream", "http://localhost:8080", "--listen", ":8080"), "is where the proxy itself"),
        (("--upstream", "http://[::1]:1", "--listen", "[::1]:1"), "is where the proxy itself"),
        (("--upstream", "unix:/run/x", "--listen", "unix:/run/x"), "is where the proxy itself"),
        (("--upstream", "unix:/run/../run/x", "--listen", "unix:/run/x"), "is where the proxy"),
        (("--upstream", "http://127.1:80", "--listen", ":80"), "is where the proxy itself"),
        (("--upstream", "http://0.0.0.0:1", "--listen", "127.0.0.1:1"), "is where the proxy"),
        (("--upstream", f"http://{OWN}:1", "--listen", ":1"), "is where the proxy itself"),
        (("--upstream", f"unix:/{'x' * 108}"), "the path of a socket has at most 107 bytes"),
        ((*UPSTREAM, "--listen", f"unix:/{'x' * 108}"), "path too long"),
        ((*UPSTREAM, "--listen", "unix:/no/x"), "unix:/no/x: no such file or directory"),
        ((*UPSTREAM, "--operators", "unix:/etc/hosts"), "unix:/etc/hosts: file exists"),
        ((*UPSTREAM, "--listen", "192.0.2.1:80"), "192.0.2.1:80: cannot assign requested address"),
        ((*UPSTREAM, "--listen", "no.invalid:80"), "cannot listen on no.invalid:80: "),
        ((*UPSTREAM, "--operators", "127.0.0.1:8080"), "--operators is the address of --listen"),
        ((*UPSTREAM, "--traffic", "no/x.db"), "no/x.db: cannot be used for traffic"),
        ((*UPSTREAM, "--traffic", "text"), "text: cannot be used for traffic"),
    ],
)
def test_check_finds_what_a_start_would_stumble_over(
    options: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text").write_text("not a database" * 99)
    checked = flaglift("serve", "--check", *options)
    assert (checked.returncode, checked.stdout) == (2, "")
    assert message in checked.stderr


@pytest.mark.parametrize(
    ("upstream", "listen"),
    [
        ("http://127.0.0.2:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", ":8080"),
        ("http://192.0.2.1:8080", ":8080"),
        ("http://[2001:db8::1]:8080", "[::]:8080"),
        ("http://no.invalid:8080", ":8080"),
        ("http://127.0.0.1:8081", "127.0.0.1:8080"),
        ("http://127.0.0.1:8080", "unix:/tmp/127.0.0.1:8080"),
    ],
)
def test_others_are_not_taken_for_the_proxy_itself(upstream: str, listen: str) -> None:
    checked = flaglift("serve", "--check", "--upstream", upstream, "--listen", listen)
    assert (checked.returncode, checked.stderr) == (0, "")


def test_check_does_not_mind_who_listens_already(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))
        unix.listen()
        listen = ("--listen", f"unix:{path}")
        pages = ("--operators", f"127.0.0.1:{tcp.getsockname()[1]}")
        assert flaglift("serve", "--check", *UPSTREAM, *listen, *pages).returncode == 0
    assert path.exists()


def test_check_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    check = ("serve", "--check", *UPSTREAM, "--listen", "127.0.0.1:443", "--traffic", str(path))
    assert flaglift(*check).returncode == 0
    assert not path.exists()
    TrafficStore(path).close()
    assert flaglift(*check).returncode == 0


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "httptools", None)
    for name in [name for name in sys.modules if name.startswith("flaglift.shim.proxy.")]:
        monkeypatch.delitem(sys.modules, name)
    result = flaglift("serve", "--upstream", "https://h")
    said = "flaglift: httptools is not installed: pip install 'flaglift[serve]'\n"
    assert (result.returncode, result.stderr) == (2, said)


def test_the_end_of_a_response_does_not_wait_for_its_beginning() -> None:
    with listeners.bound(("127.0.0.1", 0)) as door:
        door.listen()
        with socket.create_connection(door.getsockname()):
            connection, _ = door.accept()
            with connection:
                assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_addresses_of_ip_version_6() -> None:
    with (
        upstream() as service,
        process("--listen", "[::1]:0", "--upstream", service.url) as (_, inner),
        process("--upstream", inner) as (_, outer),
    ):
        assert inner.startswith("http://[::1]:")
        assert httpx.post(outer + PATH, data={"prompt[text]": LEGACY}).status_code == 201
        assert b"kling25" in service.last.body


def test_traffic_tells_who_and_whether_the_proxy_can_go(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    assert "no such file" in flaglift("traffic", path).stderr
    now = time.time()
    with TrafficStore(path) as store:
        result = flaglift("traffic", str(path))
        assert (result.returncode, result.stdout) == (1, "")
        assert result.stderr == (
            "the proxy ran, with all its workers, for 0.0 of the last 24 hours\n"
        )
        watched(store, now - 25 * HOUR, now)
        result = flaglift("traffic", str(path))
        assert (result.returncode, result.stderr) == (0, "")
        assert result.stdout == "nobody sent flags in the last 24 hours\n"
        assert flaglift("traffic", str(path), "--format", "json").returncode == 0
        old = Counter({"requests": 9, "legacy": 1, "kept": 1, "unread:charset": 2})
        new = Counter(requests=3)
        senders = [Sender("/tunes", f"key-{number}", "old/1") for number in range(3)]
        moment = now - 600
        store.add(WORKER, [(senders[0], old), (senders[1], new)], now=moment)
        store.add(WORKER, [(senders[2], old)], now=now - 90_000)
    result = flaglift("traffic", str(path))
    assert result.returncode == 1
    shown = [time.strftime("%F %TZ", time.gmtime(at)) for at in (moment, now - 90_000)]
    assert result.stdout.splitlines() == [
        "/tunes  key-0  old/1: 1 prompt with flags (1 not translated), 2 requests not read "
        f"(charset 2), last {shown[0]}",
        f"/tunes  key-2  old/1: silent since {shown[1]}",
    ]
    as_json = flaglift("traffic", str(path), "--format", "json", "--hours", "1")
    assert as_json.returncode == 1
    report = json.loads(as_json.stdout)
    assert report["hours"] == 1
    assert report["rows"][0]["unread"] == {"charset": 2}
    lost = time.time() - 60
    with TrafficStore(path) as store:
        store.add(WORKER, [], now=lost)
    assert flaglift("traffic", str(path)).stderr == (
        f"a worker ended at {time.strftime('%F %TZ', time.gmtime(lost))} and lost what it counted "
        "last\n"
    )


def test_the_body_is_the_same_as_everywhere(tmp_path: Path) -> None:
    with upstream() as service, process("--upstream", service.url) as (_, url):
        body = multipart_body([text_field()])
        httpx.post(url + PATH, content=body, headers={"content-type": MULTIPART})
        assert service.last.body == multipart_body(lifted())
