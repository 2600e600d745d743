"""The proxy under faults for a while: nothing leaks, nothing hangs, nothing is lost.

`FLAGLIFT_SOAK_SECONDS` makes it longer.
"""

import contextlib
import os
import random
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from shim.forms import LEGACY, MULTIPART, field, file, lifted, multipart_body, text_field
from shim.servers import Upstream, serving
from shim.test_serve_verb import free_port, process, worker_of

SECONDS = float(os.environ.get("FLAGLIFT_SOAK_SECONDS", "5"))
WORKERS = 8
PATH = "/tunes/7/prompts"
LARGE = file(content=bytes(range(256)) * 4000)
MOST_GROWTH_KIB = 40 * 1024


class Client:
    """Sends requests of its own, and remembers how each was answered."""

    def __init__(self, number: int, url: str) -> None:
        self.random = random.Random(number)  # noqa: S311 - the same requests every time
        self.number = number
        self.url = url
        self.answered: dict[str, int] = {}
        self.sent = 0

    def run(self, until: float) -> None:
        acts: list[Callable[[], None]] = [
            self.small,
            self.small,
            self.upload,
            self.cut,
            self.garbage,
        ]
        with httpx.Client(timeout=30) as self.client:
            while time.monotonic() < until:
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
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data)
            if self.random.random() < 0.5:
                linger = struct.pack("ii", 1, 0)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def restart_now_and_then(app: Upstream, port: int, until: float) -> None:
    while time.monotonic() < until:
        with serving(app, port):
            time.sleep(0.8)
        time.sleep(0.1)


def status_of(pid: int) -> tuple[int, int]:
    """Return the memory of a process in KiB, and how many files it has open."""
    (line,) = [x for x in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmRSS" in x]
    return int(line.split()[1]), len(os.listdir(f"/proc/{pid}/fd"))


def drive(url: str, app: Upstream, port: int, seconds: float, first: int) -> list[Client]:
    until = time.monotonic() + seconds
    clients = [Client(first + number, url) for number in range(WORKERS)]
    threads = [threading.Thread(target=client.run, args=(until,)) for client in clients]
    threads.append(threading.Thread(target=restart_now_and_then, args=(app, port, until)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return clients


def test_soak() -> None:
    app, port = Upstream(), free_port()
    with process("--upstream", f"http://127.0.0.1:{port}", quiet=True) as (running, url):
        drive(url, app, port, 1.5, 0)
        app.received.clear()
        memory, _ = status_of(worker_of(running.pid))
        clients = drive(url, app, port, SECONDS, 100)
        after, _ = status_of(worker_of(running.pid))
        check(app, clients)
        assert after - memory < MOST_GROWTH_KIB
        for _ in range(200):
            if status_of(worker_of(running.pid))[1] <= 15:
                break
            time.sleep(0.1)
        assert status_of(worker_of(running.pid))[1] <= 15, "connections stay open"
        with serving(app, port):
            response = httpx.post(url + PATH, data={"prompt[text]": LEGACY})
            assert response.status_code == 201
        page = httpx.get(url + "/metrics").text
        assert 'outcome="translated"' in page


def check(app: Upstream, clients: list[Client]) -> None:
    complete: Counter[str] = Counter()
    wanted = {len(multipart_body([*lifted(), *more])) for more in ([], [LARGE])}
    for request in app.received:
        if request.complete:
            callback = request.body.partition(b'name="prompt[callback]"\r\n\r\n')[2]
            name = callback.partition(b"\r\n")[0].decode()
            complete[name] += 1
            extra = len(multipart_body([field("prompt[callback]", name)])) - len(multipart_body([]))
            assert len(request.body) - extra in wanted
    statuses: Counter[int] = Counter()
    for client in clients:
        assert len(client.answered) == client.sent, "a request was not answered"
        for sent, status in client.answered.items():
            statuses[status] += 1
            assert status in (201, 502, 504)
            assert complete[sent] == 1 if status == 201 else complete[sent] <= 1
    assert complete["cut"] == 0
    assert statuses[201] > 20
