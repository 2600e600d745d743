"""The workers of `flaglift serve`: several, replaced, ended, and started by systemd."""

import asyncio
import contextlib
import errno
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from flaglift.errors import ConfigError
from flaglift.shim.asgi import Send
from flaglift.shim.proxy import listeners
from flaglift.shim.proxy.assignment import REPLACED
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.server import Proxy
from flaglift.shim.proxy.supervisor import Supervisor
from flaglift.shim.proxy.traffic import TrafficStore
from shim.forms import LEGACY
from shim.servers import Received, Upstream, created, upstream, wait_until
from shim.test_serve_verb import FLAGLIFT, PATH, free_port, process, workers_of

pytestmark = pytest.mark.measured

DATA = {"prompt[text]": LEGACY}


@pytest.fixture
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


def counted(url: str) -> int:
    page = httpx.get(url + "/metrics").text
    found = re.findall(r'flaglift_requests_total\{.*route="/tunes/:id/prompts".*\} (\d+)\.0', page)
    return sum(map(int, found))


def test_counters_of_workers_add_up(service: Upstream, tmp_path: Path) -> None:
    traffic = tmp_path / "traffic.db"
    options = ("--upstream", service.url, "--workers", "2", "--traffic", str(traffic))
    with process(*options) as (running, url):
        assert len(workers_of(running.pid)) == 2
        for _ in range(20):  # each on a connection of its own
            assert httpx.post(url + PATH, data=DATA).status_code == 201
        wait_until(lambda: counted(url) == 20)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    with TrafficStore(traffic) as store:
        report = store.report(1)
    assert sum(row.legacy for row in report.rows) == 20
    assert {run.worker for run in report.runs} == {0, 1}
    assert all(run.ended and run.workers == 2 for run in report.runs)


def test_a_worker_that_is_killed_is_replaced(service: Upstream) -> None:
    with process("--upstream", service.url, "--workers", "2") as (running, url):
        before = set(workers_of(running.pid))
        httpx.post(url + PATH, data=DATA)
        wait_until(lambda: counted(url) == 1)
        os.kill(min(before), signal.SIGKILL)
        wait_until(lambda: len(set(workers_of(running.pid)) - before) == 1)
        for _ in range(10):
            # Of those that the kernel gives to the new worker, the first waits for it to start.
            assert httpx.post(url + PATH, data=DATA, timeout=60).status_code == 201
        wait_until(lambda: counted(url) == 11)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


@pytest.fixture
def held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file: while it is there, workers that start come no further."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, time\n"
        "def held():\n"
        f"    return os.path.exists({str(tmp_path / 'held')!r})\n"
        "while 'FLAGLIFT_SERVE_ASSIGNMENT' in os.environ and held():\n"
        "    time.sleep(0.02)\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "held"


def refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def begun(pid: int) -> list[int]:
    """Return the workers that are about to serve: they handle the signal to stop."""
    bit = 1 << (REPLACED - 1)
    found = r"\nSigCgt:\t([0-9a-f]+)\n"
    return [
        worker
        for worker in workers_of(pid)
        for (caught,) in [re.findall(found, Path(f"/proc/{worker}/status").read_text())]
        if int(caught, 16) & bit
    ]


def ask_often(url: str) -> None:
    for _ in range(20):  # each on a connection of its own
        assert httpx.post(url + PATH, data=DATA, timeout=30).status_code == 201


@pytest.mark.parametrize("workers", [1, 2])
def test_nobody_connects_before_a_worker_serves(
    service: Upstream, held: Path, workers: int
) -> None:
    """What waits for the port to open, as a balancer does, then gets its answers."""
    held.touch()
    port = free_port()
    options = ["--upstream", service.url, "--listen", f"127.0.0.1:{port}", "--workers"]
    command = [*FLAGLIFT, "serve", *options, str(workers)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as running:
        wait_until(lambda: len(workers_of(running.pid)) == workers)
        assert refuses(port)
        held.unlink()
        wait_until(lambda: not refuses(port))
        answer = httpx.post(f"http://127.0.0.1:{port}{PATH}", data=DATA, timeout=60)
        assert answer.status_code == 201
        running.terminate()
        assert running.wait(60) == 0


def test_while_a_worker_is_replaced_the_others_have_its_connections(
    service: Upstream, held: Path
) -> None:
    with process("--upstream", service.url, "--workers", "2", quiet=True) as (running, url):
        for worker in workers_of(running.pid):
            held.touch()
            os.kill(worker, signal.SIGKILL)
            wait_until(lambda: len(begun(running.pid)) == 1 and len(workers_of(running.pid)) == 2)
            ask_often(url)
            held.unlink()
            wait_until(lambda: len(begun(running.pid)) == 2)
            ask_often(url)
        held.touch()
        os.kill(workers_of(running.pid)[0], signal.SIGKILL)
        wait_until(lambda: len(workers_of(running.pid)) == 2)
        running.terminate()  # nobody waits for the one that starts
        wait_until(lambda: refuses(int(url.rpartition(":")[2])))
        held.unlink()
        assert running.wait(60) == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_connections_that_no_worker_has_accepted_outlive_the_workers(
    service: Upstream, workers: int
) -> None:
    body = f"prompt%5Btext%5D={LEGACY.replace(' ', '+')}".encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {len(body)}\r\n"
    )
    form = b"Content-Type: application/x-www-form-urlencoded\r\n\r\n"
    options = ("--upstream", service.url, "--workers", str(workers))
    with process(*options, quiet=True) as (running, url), contextlib.ExitStack() as opened:
        place = ("127.0.0.1", int(url.rpartition(":")[2]))
        old = workers_of(running.pid)
        for worker in old:
            os.kill(worker, signal.SIGSTOP)
        clients = [
            opened.enter_context(socket.create_connection(place, timeout=60)) for _ in range(20)
        ]
        for client in clients:
            client.sendall(head.encode() + form + body)
        for worker in old:
            os.kill(worker, signal.SIGKILL)
        for client in clients:
            assert client.recv(65536).startswith(b"HTTP/1.1 201")
        assert len(service.received) == 20


def test_what_lies_in_the_folder_is_not_imported(service: Upstream, tmp_path: Path) -> None:
    """A worker is another program than the one that was started, and found in the same places."""
    (tmp_path / "http.py").write_text("raise SystemExit('not the one')")
    program = str(Path(sys.executable).with_name("flaglift"))
    command = [program, "serve", "--upstream", service.url, "--listen", "127.0.0.1:0"]
    with (
        subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as running,
        contextlib.ExitStack() as end,
    ):
        end.callback(running.terminate)
        assert running.stderr is not None
        assert "listening on" in running.stderr.readline()
        running.terminate()
        assert running.wait(60) == 0


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_signals_that_mean_something_to_other_servers_end_nothing(
    service: Upstream, number: signal.Signals
) -> None:
    """`systemctl kill` sends them to all processes."""
    with process("--upstream", service.url) as (running, url):
        before = workers_of(running.pid)
        for pid in (running.pid, *before):
            os.kill(pid, number)
        for _ in range(5):
            assert httpx.post(url + PATH, data=DATA).status_code == 201
        assert workers_of(running.pid) == before
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert running.stderr is not None
        assert f"{number.name} is ignored: SIGHUP reloads, SIGTERM ends" in running.stderr.read()


def kill_workers(pid: int) -> None:
    for worker in workers_of(pid):
        os.kill(worker, signal.SIGKILL)


def test_a_worker_that_cannot_be_started_now_is_started_later(service: Upstream) -> None:
    """As where the system has no room for another process, or no descriptor."""
    with process("--upstream", service.url) as (running, url):
        soft, hard = resource.prlimit(running.pid, resource.RLIMIT_NOFILE)
        last = max(int(file.name) for file in Path(f"/proc/{running.pid}/fd").iterdir())
        # There is one left, for the configuration.
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (last + 2, hard))
        assert running.stderr is not None
        log = iter(running.stderr)
        why = "cannot be started: too many open files"
        running.send_signal(signal.SIGHUP)
        assert any(f"not reloaded: a worker {why}" in line for line in log)
        assert httpx.post(url + PATH, data=DATA).status_code == 201
        kill_workers(running.pid)
        for _ in range(2):
            assert any(f"worker 0 {why}" in line for line in log)
        resource.prlimit(running.pid, resource.RLIMIT_NOFILE, (soft, hard))
        assert httpx.post(url + PATH, data=DATA, timeout=60).status_code == 201
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0


def test_workers_that_cannot_be_started_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent")
    options = Options("http://127.0.0.1:9", ("127.0.0.1", 0))
    files = len(list(Path("/proc/self/fd").iterdir()))
    with (
        pytest.raises(ConfigError, match="a worker cannot be started: no such file"),
        Supervisor(options, lambda: options) as running,
    ):
        running.run()
    assert len(list(Path("/proc/self/fd").iterdir())) <= files  # those of other tests close


def test_the_folder_of_the_counters_may_be_tidied_away(
    service: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As systemd-tmpfiles does after ten days."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with process("--upstream", service.url) as (running, url):
        (folder,) = tmp_path.iterdir()
        shutil.rmtree(folder)
        assert httpx.post(url + PATH, data=DATA).status_code == 201
        kill_workers(running.pid)
        assert httpx.post(url + PATH, data=DATA, timeout=60).status_code == 201
        assert counted(url) == 1
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("folder", "why"),
    [(True, "file too large"), (False, "there is no folder for temporary files")],
)
def test_counters_without_room_on_the_disk_are_kept_in_memory(
    service: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: bool, why: str
) -> None:
    """The library maps its files: a page that the disk has no room for would kill the process."""
    (tmp_path / "folders").mkdir()
    (tmp_path / "sitecustomize.py").write_text(
        "import tempfile\n"
        "make = tempfile.mkdtemp\n"
        "def mkdtemp(suffix=None, prefix=None, dir=None):\n"
        f"    open({str(tmp_path / 'folders' / 'probe')!r}, 'w').close()\n"
        f"    return make(suffix, prefix, {str(tmp_path / 'folders')!r})\n"
        "tempfile.mkdtemp = mkdtemp\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with process("--upstream", service.url) as (running, url):
        if folder:
            resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
        else:
            shutil.rmtree(tmp_path / "folders")
        kill_workers(running.pid)
        for _ in range(3):
            assert httpx.post(url + PATH, data=DATA, timeout=60).status_code == 201
        wait_until(lambda: counted(url) == 3)
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
        assert running.stderr is not None
        log = running.stderr.read()
    assert f"counters in /metrics are those of this worker alone: {why}" in log


def test_a_worker_that_ends_at_once_is_replaced_after_a_while(service: Upstream) -> None:
    with process("--upstream", service.url, quiet=True) as (running, url):
        seen = set[int]()
        for _ in range(3):
            wait_until(lambda: set(workers_of(running.pid)) - seen)
            (new,) = set(workers_of(running.pid)) - seen
            seen.add(new)
            os.kill(new, signal.SIGKILL)
        began = time.monotonic()
        assert httpx.post(url + PATH, data=DATA, timeout=30).status_code == 201
        assert time.monotonic() - began > 0.9


@contextlib.contextmanager
def asking(url: str) -> Iterator[list[int]]:
    """Send one request after the other; yield the statuses."""
    statuses: list[int] = []
    enough = threading.Event()

    def ask() -> None:
        while not enough.is_set():
            statuses.append(httpx.post(url + PATH, data=DATA).status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield statuses
    finally:
        enough.set()
        thread.join()


def test_sighup_reads_the_configuration_again_and_drops_no_request(
    service: Upstream, tmp_path: Path
) -> None:
    config = tmp_path / "flaglift.toml"
    good = f'[serve]\nupstream = "{service.url}"\n'
    config.write_text(good + 'mode = "off"\n')
    with process("--config", str(config), quiet=True) as (running, url):
        with asking(url) as statuses:
            wait_until(lambda: len(statuses) > 3)
            (old,) = workers_of(running.pid)
            assert b"video_model%5D" not in service.last.body
            config.write_text(good + 'mode = "translate"\nlisten = ":1"\n')
            running.send_signal(signal.SIGHUP)
            wait_until(lambda: b"video_model%5D" in service.last.body)
            wait_until(lambda: old not in workers_of(running.pid))
            for wrong in (good + "mode = 1", good + 'overlay = "x"', "default-model = 1\n" + good):
                config.write_text(wrong)
                running.send_signal(signal.SIGHUP)
                time.sleep(0.5)
                assert httpx.post(url + PATH, data=DATA).status_code == 201
            assert b"video_model%5D" in service.last.body
        running.send_signal(signal.SIGTERM)
        assert running.wait(20) == 0
    assert set(statuses) == {201}


@pytest.mark.parametrize("kept", [False, True])
def test_a_client_that_connected_before_a_reload_may_ask_after_it(
    service: Upstream, kept: bool
) -> None:
    """Also on a connection that it has used before: it cannot see that it is about to end.

    A check of health that does so is told of what serves now.
    """
    question = b"GET /%b HTTP/1.1\r\nHost: x\r\n\r\n" % (b"readyz" if kept else b"x")
    with process("--upstream", service.url, "--shutdown-timeout", "0.5") as (running, url):
        host, port = url.removeprefix("http://").split(":")
        assert running.stderr is not None
        (old,) = workers_of(running.pid)
        with socket.create_connection((host, int(port)), timeout=60) as early:
            if kept:
                early.sendall(question)
                assert b"connection: close" not in early.recv(65536)
            httpx.get(url + "/x")  # the one before is accepted, too
            running.send_signal(signal.SIGHUP)
            while "reloaded" not in running.stderr.readline():
                pass
            time.sleep(1.2)  # longer than it would have if nobody served any more
            assert old in workers_of(running.pid)
            early.sendall(question)
            answer = early.recv(65536)
            assert answer.startswith(b"HTTP/1.1 200" if kept else b"HTTP/1.1 201")
            assert b"connection: close" in answer
        wait_until(lambda: old not in workers_of(running.pid))


@pytest.mark.parametrize("ends", [False, True])
def test_a_request_may_take_longer_than_a_reload_but_not_than_the_end(ends: bool) -> None:
    asked, may_answer = threading.Event(), threading.Event()

    async def slow(_request: Received, send: Send) -> None:
        asked.set()
        while not may_answer.is_set():
            await asyncio.sleep(0.05)
        await created(_request, send)

    options = ("--shutdown-timeout", "0.5", "--grace", "300")
    statuses: list[int | None] = []

    def ask() -> None:
        try:
            statuses.append(httpx.post(url + PATH, data=DATA, timeout=60).status_code)
        except httpx.TransportError:
            statuses.append(None)

    with (
        upstream(slow) as service,
        process("--upstream", service.url, *options) as (running, url),
    ):
        assert running.stderr is not None
        (old,) = workers_of(running.pid)
        asking = threading.Thread(target=ask)
        asking.start()
        assert asked.wait(60)
        running.send_signal(signal.SIGHUP)
        while "reloaded" not in running.stderr.readline():
            pass
        time.sleep(1.2)  # longer than it would have at the end
        if ends:
            running.send_signal(signal.SIGTERM)
            wait_until(lambda: old not in workers_of(running.pid))
        may_answer.set()
        asking.join()
        wait_until(lambda: old not in workers_of(running.pid))  # which has no grace
        assert statuses == [None if ends else 201]
        if not ends:
            running.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(url + "/readyz").status_code == 503)
        running.send_signal(signal.SIGTERM)  # the second one ends the grace
        assert running.wait(60) == 0


def test_unix_sockets_on_both_sides(service: Upstream, tmp_path: Path) -> None:
    inner, outer = f"unix:{tmp_path}/inner", f"unix:{tmp_path}/outer"
    first = [*FLAGLIFT, "serve", "--upstream", service.url, "--listen", inner, "--workers", "2"]
    with contextlib.ExitStack() as running:
        for command in (first, [*FLAGLIFT, "serve", "--upstream", inner, "--listen", outer]):
            one = running.enter_context(
                subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
            )
            running.callback(one.wait)
            running.callback(one.terminate)
            assert one.stderr is not None
            assert f"listening on {command[command.index('--listen') + 1]}" in one.stderr.readline()
        transport = httpx.HTTPTransport(uds=f"{tmp_path}/outer")
        with httpx.Client(transport=transport) as client:
            assert client.post("http://x" + PATH, data=DATA).status_code == 201
        assert b"video_model%5D" in service.last.body
        itself = [*FLAGLIFT, "serve", "--upstream", outer, "--listen", outer]
        taken = subprocess.run(itself, capture_output=True, text=True, check=False, timeout=30)
        assert (taken.returncode, "address already in use" in taken.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_an_address_that_cannot_be_used_leaves_no_other_bound(tmp_path: Path) -> None:
    options = Options("http://127.0.0.1:9", tmp_path / "bound", operators=tmp_path / "no" / "sock")
    with pytest.raises(ConfigError, match="no/sock: no such file or directory"):
        Supervisor(options, lambda: options).__enter__()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM])
def test_a_socket_that_somebody_uses_is_not_taken(kind: int, tmp_path: Path) -> None:
    path = tmp_path / "used"
    with socket.socket(socket.AF_UNIX, kind) as used, socket.socket(socket.AF_UNIX) as waits:
        used.bind(str(path))
        if kind == socket.SOCK_STREAM:
            used.listen(0)
            waits.connect(str(path))  # another one that connects would have to wait
        with pytest.raises(ConfigError, match="used: address already in use"):
            listeners.bound(path)
        assert path.exists()


def test_a_socket_left_by_a_proxy_that_was_killed_is_taken(
    service: Upstream, tmp_path: Path
) -> None:
    path = tmp_path / "left"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    command = [*FLAGLIFT, "serve", "--upstream", service.url, "--listen", f"unix:{path}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        assert running.stderr is not None
        assert "listening on" in running.stderr.readline()
        running.terminate()
        assert running.wait(10) == 0


LISTEN = """
import os, sys
files = [os.dup(int(file)) for file in sys.argv[1].split(",")]
os.environ["LISTEN_PID"], os.environ["LISTEN_FDS"] = str(os.getpid()), str(len(files))
for number, file in enumerate(files):
    os.dup2(file, 3 + number)
    os.set_inheritable(3 + number, True)  # where it was there already
os.execv(sys.executable, [sys.executable, "-m", "flaglift", *sys.argv[2:]])
"""


def test_systemd_hands_over_the_socket_and_is_told(service: Upstream, tmp_path: Path) -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
    ):
        manager.bind(f"{tmp_path}/notify")
        manager.settimeout(120)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        running = subprocess.Popen(
            [sys.executable, "-c", LISTEN, str(listener.fileno()), "serve", "--upstream",
             service.url, "--workers", "2"],
            pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL,
            env={**os.environ, "NOTIFY_SOCKET": f"{tmp_path}/notify"},
        )  # fmt: skip
        with running, contextlib.ExitStack() as end:
            end.callback(running.terminate)
            assert manager.recv(100) == b"READY=1"
            assert httpx.post(url + PATH, data=DATA).status_code == 201
            running.send_signal(signal.SIGHUP)
            assert manager.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
            assert manager.recv(100) == b"READY=1"
            assert httpx.post(url + PATH, data=DATA).status_code == 201
            running.terminate()
            assert manager.recv(100) == b"STOPPING=1"
            assert running.wait(20) == 0


def test_systemd_may_hand_over_a_socket_without_a_path(service: Upstream) -> None:
    name = f"\0flaglift-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(name)
        listener.listen()
        running = subprocess.Popen(
            [sys.executable, "-c", LISTEN, str(listener.fileno()), "serve", "--upstream",
             service.url],
            pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        with running, contextlib.ExitStack() as end:
            end.callback(running.terminate)
            assert running.stderr is not None
            assert f"listening on unix:@{name[1:]}," in running.stderr.readline()
            client.settimeout(60)
            client.connect(name)
            client.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 200")
            running.terminate()
            assert running.wait(60) == 0


def test_more_sockets_than_there_are_uses_for() -> None:
    with contextlib.ExitStack() as opened:
        listeners = [opened.enter_context(socket.create_server(("", 0))) for _ in range(3)]
        files = [listener.fileno() for listener in listeners]
        refused = subprocess.run(
            [sys.executable, "-c", LISTEN, ",".join(map(str, files)), "serve", "--upstream",
             "http://localhost:9"],
            pass_fds=files, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert refused.returncode == 2
    assert "3 sockets were passed: give one, and one for --operators" in refused.stderr


def test_what_is_passed_must_be_a_socket_that_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "many")
    with pytest.raises(ConfigError, match="LISTEN_FDS='many' is not a number of sockets"):
        listeners.passed_by_systemd()
    monkeypatch.setenv("LISTEN_FDS", "1")
    with (
        open(os.devnull) as file,
        socket.socket() as silent,
    ):
        for number in (file.fileno(), os.dup(silent.fileno())):
            monkeypatch.setattr(listeners, "_FIRST_PASSED", number)
            with pytest.raises(ConfigError, match="LISTEN_FDS is not a socket that listens"):
                listeners.passed_by_systemd()


def test_a_service_manager_that_cannot_be_told_stops_nothing(
    service: Upstream, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/none")
    with process("--upstream", service.url) as (running, url):
        assert running.stderr is not None
        assert f"NOTIFY_SOCKET={tmp_path}/none cannot be told: " in running.stderr.readline()
        assert httpx.post(url + PATH, data=DATA).status_code == 201


def test_two_that_start_at_once_do_not_both_listen() -> None:
    """Both can bind, as neither listens yet."""
    with listeners.bound(("127.0.0.1", 0)) as first:
        address = first.getsockname()
        with Proxy(Options("http://127.0.0.1:9", address)) as second:
            first.listen()
            with pytest.raises(ConfigError, match=r"cannot listen on 127\.0\.0\.1:.* in use"):
                asyncio.run(second.run())


def test_readiness_is_the_upstream_and_not_being_about_to_end(service: Upstream) -> None:
    with process("--upstream", "http://127.0.0.1:9") as (_, url):
        assert httpx.get(url + "/livez").status_code == 200
        unready = httpx.get(url + "/readyz")
        assert unready.status_code == 503
        assert unready.json() == {"base": ["the upstream cannot be reached"]}
    with process("--upstream", service.url, "--grace", "600") as (running, url):
        for _ in range(2):
            assert httpx.get(url + "/readyz").json() == {"status": "ok"}
        running.send_signal(signal.SIGTERM)
        wait_until(lambda: httpx.get(url + "/readyz").status_code == 503)
        assert httpx.get(url + "/readyz").json() == {"base": ["the proxy is about to end"]}
        assert httpx.get(url + "/livez").status_code == 200
        assert httpx.post(url + PATH, data=DATA).status_code == 201
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0


def test_the_grace_ends_by_itself(service: Upstream) -> None:
    with process("--upstream", service.url, "--grace", "0.5") as (running, _):
        began = time.monotonic()
        running.send_signal(signal.SIGTERM)
        assert running.wait(60) == 0
        assert time.monotonic() - began > 0.5


def test_a_reload_that_no_worker_starts_with_changes_nothing(
    service: Upstream, tmp_path: Path
) -> None:
    config, log = tmp_path / "flaglift.toml", tmp_path / "log"
    (tmp_path / "x.db").write_bytes(b"not a database" * 99)
    good = f'[serve]\nupstream = "{service.url}"\nlisten = "127.0.0.1:0"\n'
    config.write_text(good)
    command = [*FLAGLIFT, "serve", "--config", str(config), "--workers", "2"]
    with (
        log.open("wb") as opened,
        subprocess.Popen(command, stderr=opened) as running,
        contextlib.ExitStack() as end,
    ):
        end.callback(running.terminate)
        wait_until(lambda: "listening on" in log.read_text())
        url = re.findall(r"http://[\d.:]+", log.read_text())[0]
        before = workers_of(running.pid)
        config.write_text(good + 'traffic = "x.db"\n')
        running.send_signal(signal.SIGHUP)
        told = f"is not reloaded: {tmp_path}/x.db: cannot be used for traffic"
        wait_until(lambda: told in log.read_text())
        # Where it listens is for the workers to say: the port was the system's choice.
        loop = good.replace(service.url, url)
        config.write_text(loop + 'operators = "127.0.0.1:1"\n')
        running.send_signal(signal.SIGHUP)
        wait_until(lambda: "is not reloaded: a worker did not start" in log.read_text())
        wait_until(lambda: workers_of(running.pid) == before)
        assert "operators has changed: that needs a restart" in log.read_text()
        assert httpx.post(url + PATH, data=DATA).status_code == 201
        running.terminate()
        assert running.wait(20) == 0


def test_workers_that_do_not_start_are_an_error(
    service: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["flaglift", "serve", "--nonsense"])
    options = Options(service.url, ("127.0.0.1", 0), workers=2)
    with (
        pytest.raises(ConfigError, match="a worker did not start"),
        Supervisor(options, lambda: options) as running,
    ):
        running.run()


def test_the_port_is_free_again_where_the_upstream_is_the_proxy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
    options = Options(f"http://127.0.0.1:{address[1]}", address)
    with pytest.raises(ConfigError, match="is where the proxy itself listens"):
        Supervisor(options, lambda: options).__enter__()
    socket.create_server(address).close()


@pytest.mark.parametrize(
    ("module", "whom"),
    [
        ("flaglift.shim.proxy.supervisor", "(os.getpid(),)"),
        ("flaglift.shim.proxy.server", "(os.getpid(), os.getppid()) if WORKER else ()"),
    ],
)
def test_sigterm_while_it_starts(service: Upstream, tmp_path: Path, module: str, whom: str) -> None:
    """It may come to the supervisor alone, or to all, as systemd sends it."""
    (tmp_path / "sitecustomize.py").write_text(
        "import os, signal, sys\n"
        "WORKER = 'FLAGLIFT_SERVE_ASSIGNMENT' in os.environ\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        for process in {whom} if name == {module!r} else ():\n"
        "            os.kill(process, signal.SIGTERM)\n"
        "sys.meta_path.insert(0, Finder())\n"
    )
    done = subprocess.run(
        [*FLAGLIFT, "serve", "--listen", "127.0.0.1:0", "--upstream", service.url, "--workers=2"],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert (done.returncode, done.stderr.splitlines()[-1][-6:]) == (0, " ended"), done.stderr
    assert "did not start" not in done.stderr
