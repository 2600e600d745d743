"""The proxy under faults for a while: nothing leaks, nothing hangs, nothing is lost.

`FLAGLIFT_SOAK_SECONDS` makes it longer. However slow the machine is, a run goes on until enough has
happened in it.
"""

import contextlib
import logging
import os
import random
import signal
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from flaglift.shim.asgi import Send
from shim.forms import LEGACY, MULTIPART, field, file, lifted, multipart_body, text_field
from shim.servers import Received, Upstream, created, serving, wait_until
from shim.test_serve_verb import free_port, process, worker_of, workers_of
from shim.test_supervisor import counted

LOGGER = logging.getLogger(__name__)
SECONDS = float(os.environ.get("FLAGLIFT_SOAK_SECONDS", "5"))
WORKERS = 8
ASKING = 4
PATH = "/tunes/7/prompts"
LARGE = file(content=bytes(range(256)) * 4000)
MOST_GROWTH_KIB = 40 * 1024
PATIENCE = 120.0


class Arrivals:
    """What the upstream got of each request that arrived whole: its name, and how long it was.

    No body is kept: in ten minutes they would fill the memory.
    """

    def __init__(self) -> None:
        self.app = Upstream(answer=self)
        self.lengths: list[tuple[str, int]] = []

    async def __call__(self, received: Received, send: Send) -> None:
        self.lengths.append((callback_of(received.body), len(received.body)))
        self.app.received.clear()
        await created(received, send)


class Run:
    """How long something goes on: so many seconds, and until it did what it is for."""

    def __init__(self, seconds: float, enough: Callable[[], bool] = lambda: True) -> None:
        self._until = time.monotonic() + seconds
        self._enough = enough

    @property
    def goes_on(self) -> bool:
        now = time.monotonic()
        return now < self._until or (now < self._until + PATIENCE and not self._enough())


class Client:
    """Sends requests of its own, and remembers how each was answered."""

    def __init__(self, number: int, url: str) -> None:
        self.random = random.Random(number)  # noqa: S311 - the same requests every time
        self.number = number
        self.url = url
        self.answered: dict[str, int] = {}
        self.sent = 0

    @property
    def done(self) -> int:
        """How many requests the upstream has answered."""
        return list(self.answered.values()).count(201)

    def run(self, run: Run) -> None:
        acts: list[Callable[[], None]] = [
            self.small,
            self.small,
            self.upload,
            self.cut,
            self.garbage,
        ]
        with httpx.Client(timeout=PATIENCE) as self.client:
            while run.goes_on:
                self.random.choice(acts)()

    def small(self) -> None:
        self._post([text_field(), field("prompt[callback]", self._name())])

    def upload(self) -> None:
        self._post([text_field(), field("prompt[callback]", self._name()), LARGE])

    def cut(self) -> None:
        body = multipart_body([text_field(), field("prompt[callback]", "cut"), LARGE])
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: {MULTIPART}\r\n"
        sent = f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        self._raw(sent[: self.random.randrange(len(sent))])

    def garbage(self) -> None:
        self._raw(self.random.randbytes(self.random.randrange(3000)) + b"\r\n\r\n")

    def _name(self) -> str:
        self.sent += 1
        return f"{self.number}-{self.sent}"

    def _post(self, parts: Any) -> None:
        response = self.client.post(
            self.url + PATH, content=multipart_body(parts), headers={"content-type": MULTIPART}
        )
        self.answered[parts[1].content.decode()] = response.status_code

    def _raw(self, data: bytes) -> None:
        host, port = self.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
            if self.random.random() < 0.5:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def restart_now_and_then(app: Upstream, port: int, run: Run) -> None:
    while run.goes_on:
        with serving(app, port):
            time.sleep(0.8)
        time.sleep(0.1)


def status_of(pid: int) -> tuple[int, int]:
    """Return the memory of a process in KiB, and how many files it has open."""
    (line,) = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in x]
    return int(line.split()[1]), len(os.listdir(f"/proc/{pid}/fd"))


def drive(url: str, app: Upstream, port: int, seconds: float, first: int) -> list[Client]:
    clients = [Client(first + number, url) for number in range(WORKERS)]
    run = Run(seconds, lambda: all(client.done > 5 for client in clients))
    threads = [threading.Thread(target=client.run, args=(run,)) for client in clients]
    threads.append(threading.Thread(target=restart_now_and_then, args=(app, port, run)))
    run_all(threads)
    return clients


def run_all(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_soak() -> None:
    arrivals, port = Arrivals(), free_port()
    app = arrivals.app
    with process("--upstream", f"http://127.0.0.1:{port}", quiet=True) as (running, url):
        drive(url, app, port, 1.5, 0)
        arrivals.lengths.clear()
        memory, _ = status_of(worker_of(running.pid))
        clients = drive(url, app, port, SECONDS, 100)
        after, _ = status_of(worker_of(running.pid))
        check(arrivals, clients)
        assert after - memory < MOST_GROWTH_KIB
        wait_until(lambda: status_of(worker_of(running.pid))[1] <= 15)  # no connection stays open
        LOGGER.warning("%d requests; %d KiB, then %d", len(arrivals.lengths), memory, after)
        with serving(app, port):
            response = httpx.post(url + PATH, data={"prompt[text]": LEGACY}, timeout=PATIENCE)
            assert response.status_code == 201
        page = httpx.get(url + "/metrics").text
        assert 'outcome="translated"' in page


def check(arrivals: Arrivals, clients: list[Client]) -> None:
    complete: Counter[str] = Counter()
    wanted = {len(multipart_body([*lifted(), *more])) for more in ([], [LARGE])}
    for name, length in arrivals.lengths:
        complete[name] += 1
        extra = len(multipart_body([field("prompt[callback]", name)])) - len(multipart_body([]))
        assert length - extra in wanted
    statuses: Counter[int] = Counter()
    for client in clients:
        assert len(client.answered) == client.sent, "a request was not answered"
        for sent, status in client.answered.items():
            statuses[status] += 1
            assert status in (201, 502, 504)
            assert complete[sent] == 1 if status == 201 else complete[sent] <= 1
    assert complete["cut"] == 0
    assert statuses[201] > 20


class Disturbance:
    """What befalls a proxy of several workers while it serves: reloads, floods, crashes."""

    def __init__(self, pid: int, url: str, *, crashes: bool) -> None:
        self.pid = pid
        host, port = url.removeprefix("http://").split(":")
        self.address = host, int(port)
        self.crashes = crashes
        self.killed = 0
        self.number = 0

    def run(self, run: Run) -> None:
        while run.goes_on:
            with contextlib.ExitStack() as flood:
                for _ in range(100):
                    connection = socket.create_connection(self.address, timeout=PATIENCE)
                    flood.enter_context(connection)
                self.number += 1
                if self.crashes and self.number % 4 == 1:
                    for worker in workers_of(self.pid)[:1]:
                        os.kill(worker, signal.SIGKILL)
                        self.killed += 1
                else:
                    os.kill(self.pid, signal.SIGHUP)
                time.sleep(0.3)


def ask(run: Run, url: str, number: int, answered: dict[str, int | str]) -> None:
    """Send requests, on one connection as long as it is kept; one that was cut off has no status.

    Of every other number, each is on a connection of its own.
    """
    sent = 0
    with httpx.Client(timeout=PATIENCE) as client:
        while run.goes_on:
            sent += 1
            name = f"{number}-{sent}"
            body = multipart_body([text_field(), field("prompt[callback]", name)])
            head = {"content-type": MULTIPART, **({"connection": "close"} if number % 2 else {})}
            try:
                answered[name] = client.post(url + PATH, content=body, headers=head).status_code
            except httpx.TransportError as error:
                answered[name] = repr(error)


@pytest.mark.parametrize("crashes", [False, True])
def test_reloads_floods_and_crashes_lose_nothing(crashes: bool) -> None:
    answered: dict[str, int | str] = {}
    options = ("--workers", "2", "--max-connections", "64")
    arrivals = Arrivals()
    with (
        serving(arrivals.app) as to,
        process("--upstream", to, *options, quiet=True) as (running, url),
    ):
        memory, files = status_of(running.pid)
        disturbance = Disturbance(running.pid, url, crashes=crashes)
        run = Run(
            SECONDS,
            lambda: disturbance.number > 4 and list(answered.values()).count(201) > 20,
        )
        threads = [threading.Thread(target=disturbance.run, args=(run,))]
        threads += [
            threading.Thread(target=ask, args=(run, url, number, answered))
            for number in range(ASKING)
        ]
        run_all(threads)
        cut = {name: error for name, error in answered.items() if isinstance(error, str)}
        assert {status for name, status in answered.items() if name not in cut} == {201}
        assert crashes or not cut
        received = Counter(name for name, _ in arrivals.lengths)
        assert set(received.values()) == {1}, "a request was doubled"
        assert answered.keys() - cut.keys() <= received.keys() <= answered.keys()
        least, most = len(answered) - len(cut), len(received)
        # Equal, where nothing crashed. What a killed worker had just answered it may not have
        # counted: that comes after the answer.
        least -= disturbance.killed * ASKING
        wait_until(lambda: least <= counted(url) <= most)
        happened = len(answered), len(cut), disturbance.number, disturbance.killed
        LOGGER.warning("%d requests, %d cut off, %d disturbances, %d crashes", *happened)
        wait_until(lambda: status_of(running.pid)[1] <= files + 2)
        after, open_files = status_of(running.pid)
        assert after - memory < MOST_GROWTH_KIB
        LOGGER.warning(
            "supervisor: %d KiB, then %d; %d files, then %d", memory, after, files, open_files
        )


def callback_of(body: bytes) -> str:
    return body.partition(b'name="prompt[callback]"\r\n\r\n')[2].partition(b"\r\n")[0].decode()
