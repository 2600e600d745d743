"""What does the rewriting proxy cost, beside the same proxy in mode `off` and beside nginx?

    python benchmarks/shim.py [--seconds 3] [--rounds 5] [--gigabytes 1]

Small prompts: requests per second and latency at 64 connections, in alternating runs, for three
kinds of traffic: the same few prompts with flags over and over, prompts with flags of which each is
another one, and prompts without flags. Uploads: the time of one large file, and the most memory
that the proxy held, with one upload and with 64 at once.

Then what is wanted of the rest (alone with `--only rest`): two workers beside nginx with two, the
99th hundredth at 8 connections, the ASGI middleware beside the bare app, the httpx transport beside
the bare one, and next to both of these what one costs that does nothing.

Ratios are medians of ratios of neighbouring runs, because other programs of the machine come and
go; those of processor time say what is spent, and are steadier than those of the clock. nginx is
left out if it is not installed (Debian: `apt-get install nginx-light`).
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import uvicorn

from flaglift.shim.asgi import Message, Middleware, Receive, Scope, Send
from flaglift.shim.httpx import Transport

CONNECTIONS = 64
MIB = 1024 * 1024
BOUNDARY = "9f86d081884c7d659a2feaa0c55ad015"  # as long as those of requests and httpx
NGINX = """
worker_processes {workers}; daemon off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
    access_log off; client_max_body_size 0; proxy_request_buffering off; keepalive_timeout 75;
    keepalive_requests 1000000;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
    uwsgi_temp_path {folder}; scgi_temp_path {folder};
    upstream sink {{ server 127.0.0.1:{sink}; keepalive 128; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://sink; proxy_http_version 1.1; proxy_set_header Connection "";
        }}
    }}
}}
"""


class Sink(asyncio.Protocol):
    """An upstream that reads bodies with a length and answers 201."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.head = b""
        self.left = -1

    def data_received(self, data: bytes) -> None:
        if self.left < 0:
            self.head += data
            head, blank, body = self.head.partition(b"\r\n\r\n")
            if not blank:
                return
            self.head = b""
            at = head.lower().index(b"content-length:") + 15
            self.left = int(head[at:].split(b"\r\n", 1)[0])
            data = body
        self.left -= len(data)
        if self.left == 0:
            self.left = -1
            self.transport.write(b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}")


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, bodies: Iterator[bytes], latencies: list[float]) -> None:
        self.bodies = bodies
        self.latencies = latencies

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.seen = b""
        self.ask()

    def ask(self) -> None:
        self.sent = time.perf_counter()
        self.transport.write(request(next(self.bodies)))

    def data_received(self, data: bytes) -> None:
        self.seen += data
        if self.seen.endswith(b"\r\n\r\n{}"):
            if not self.seen.startswith(b"HTTP/1.1 201"):
                raise SystemExit(f"not answered: {self.seen!r}")
            self.seen = b""
            self.latencies.append(time.perf_counter() - self.sent)
            self.ask()


def request(body: bytes, extra: int = 0) -> bytes:
    return (
        b"POST /tunes/1/prompts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer key\r\n"
        b"Content-Type: multipart/form-data; boundary=%b\r\nContent-Length: %d\r\n\r\n%b"
        % (BOUNDARY.encode(), len(body) + extra, body)
    )


def field(name: str, value: str, more: str = "") -> bytes:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def prompt(number: int, *, flags: bool = True) -> bytes:
    text = f"<lora:1533312:1.0> ohwx woman {number} hiking in the alps"
    if flags:
        text += (
            " --video --video_model seedance_v15_720p --duration 5"
            f' --video_prompt "Woman {number} looking at the camera"'
        )
    return field("prompt[text]", text)


def bodies(kind: str) -> Iterator[bytes]:
    for number in itertools.count():
        seen = number % 100 if kind == "repeated" else number
        yield prompt(seen, flags=kind != "modern") + f"--{BOUNDARY}--\r\n".encode()


async def load(port: int, kind: str, seconds: float, connections: int = CONNECTIONS) -> list[float]:
    latencies: list[float] = []
    loop = asyncio.get_running_loop()
    made = bodies(kind)
    clients = [
        await loop.create_connection(lambda: Client(made, latencies), "127.0.0.1", port)
        for _ in range(connections)
    ]
    await asyncio.sleep(seconds)
    measured = list(latencies)
    for transport, _ in clients:
        transport.abort()
    return measured


async def upload(port: int, length: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = prompt(1) + field("prompt[input_video]", "", '; filename="a.mp4"')[:-2]
    tail = f"\r\n--{BOUNDARY}--\r\n".encode()
    writer.write(request(head, length + len(tail)))
    chunk = bytes(range(256)) * 1024
    for _ in range(length // len(chunk)):
        writer.write(chunk)
        await writer.drain()
    writer.write(tail)
    if not (await reader.readline()).startswith(b"HTTP/1.1 201"):
        raise SystemExit("the upload was not answered with 201")
    writer.close()


async def uploads(port: int, length: int, count: int) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(upload(port, length) for _ in range(count)))
    return time.perf_counter() - started


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@contextlib.contextmanager
def running(*command: str, port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.05)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def peak_mib(pid: int) -> float:
    """The most memory of a process, and of its children, since it was last reset."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in [str(pid), *children]:
        (line,) = (x for x in Path(f"/proc/{one}/status").read_text().splitlines() if "VmHWM" in x)
        total += int(line.split()[1])
        Path(f"/proc/{one}/clear_refs").write_text("5")
    return total / 1024


def cpu_seconds(pid: int) -> float:
    """The processor time of a process and its children so far: steadier than the clock."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    total = 0
    for one in [str(pid), *children]:
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


Runs = dict[str, list[float]]


def ratio(runs: Runs, name: str, beside: str = "off") -> float:
    """The median of the ratios of runs that were neighbours."""
    return statistics.median(
        one / other for one, other in zip(runs[name], runs[beside], strict=True)
    )


def in_turns(ports: dict[str, int], number: int) -> list[tuple[str, int]]:
    """The servers, in an order that changes from round to round."""
    return list(ports.items())[:: -1 if number % 2 else 1]


def small_prompts(
    ports: dict[str, int], pids: dict[str, int], kind: str, seconds: float, rounds: int
) -> None:
    rates: Runs = {name: [] for name in ports}
    work: Runs = {name: [] for name in ports}
    half: Runs = {name: [] for name in ports}
    most: Runs = {name: [] for name in ports}
    for number in range(rounds + 1):
        for name, port in in_turns(ports, number):
            before = cpu_seconds(pids[name])
            latencies = sorted(asyncio.run(load(port, kind, seconds)))
            if number:  # the first round warms up
                rates[name].append(len(latencies) / seconds)
                work[name].append((cpu_seconds(pids[name]) - before) / len(latencies))
                half[name].append(latencies[len(latencies) // 2] * 1000)
                most[name].append(latencies[len(latencies) * 99 // 100] * 1000)
    for name in ports:
        rate, cost, p50, p99 = (statistics.median(x[name]) for x in (rates, work, half, most))
        print(
            f"{kind:9} {name:10} {rate:7.0f} requests/s  p50 {p50:6.1f} ms  p99 {p99:6.1f} ms"
            f"  processor {cost * 1e6:5.0f} us"
        )
    print(f"{kind:9} requests/s, translate / off: {ratio(rates, 'translate'):.2f} (wanted: 0.90)")
    per_second = 1 / ratio(work, "translate")
    print(f"{kind:9} requests per second of processor, translate / off: {per_second:.2f}")
    if "nginx" in ports:
        beside = ratio(rates, "translate", "nginx")
        print(f"{kind:9} requests/s, translate / nginx: {beside:.3f}", flush=True)


def large_files(ports: dict[str, int], pids: dict[str, int], gigabytes: float, rounds: int) -> None:
    length = int(gigabytes * 1024) * MIB
    times: Runs = {name: [] for name in ports}
    work: Runs = {name: [] for name in ports}
    peaks: dict[str, float] = dict.fromkeys(ports, 0.0)
    for number in range(rounds):
        for name, port in in_turns(ports, number):
            peak_mib(pids[name])
            before = cpu_seconds(pids[name])
            times[name].append(asyncio.run(uploads(port, length, 1)))
            work[name].append(cpu_seconds(pids[name]) - before)
            peaks[name] = max(peaks[name], peak_mib(pids[name]))
    for name in ports:
        spent, worked = statistics.median(times[name]), statistics.median(work[name])
        print(
            f"{gigabytes} GiB   {name:10} {spent:5.2f} s  processor {worked:5.2f} s"
            f"  peak {peaks[name]:5.0f} MiB"
        )
    for what, made in (("time", times), ("processor", work)):
        on = ratio(made, "translate")
        print(f"{gigabytes} GiB   {what}, translate / off: {on:.2f} (wanted: 1.10 at most)")
        if "nginx" in ports:
            on = ratio(made, "translate", "nginx")
            print(f"{gigabytes} GiB   {what}, translate / nginx: {on:.2f}")
    for name, port in ports.items():
        peak_mib(pids[name])
        spent = asyncio.run(uploads(port, 32 * MIB, CONNECTIONS))
        print(
            f"64 at once {name:10} {spent:5.2f} s  peak {peak_mib(pids[name]):5.0f} MiB", flush=True
        )


def measure(seconds: float, rounds: int, gigabytes: float) -> None:
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        sink = free_port()
        stack.enter_context(running(sys.executable, __file__, "--sink", str(sink), port=sink))
        ports: dict[str, int] = {}
        pids: dict[str, int] = {}
        for mode in ("off", "translate"):
            ports[mode] = free_port()
            options = f"--upstream http://127.0.0.1:{sink} --listen 127.0.0.1:{ports[mode]}"
            command = [sys.executable, "-m", "flaglift", "serve", "--mode", mode, *options.split()]
            pids[mode] = stack.enter_context(running(*command, port=ports[mode]))
        if nginx := shutil.which("nginx"):
            ports["nginx"] = free_port()
            config = Path(folder, "nginx.conf")
            config.write_text(
                NGINX.format(folder=folder, sink=sink, port=ports["nginx"], workers=1)
            )
            pids["nginx"] = stack.enter_context(
                running(nginx, "-c", str(config), port=ports["nginx"])
            )
        for kind in ("repeated", "different", "modern"):
            small_prompts(ports, pids, kind, seconds, rounds)
        large_files(ports, pids, gigabytes, rounds)


class Server(NamedTuple):
    port: int
    pid: int


class Ratios(NamedTuple):
    """Of one server to another, with prompts that all differ."""

    rate: float
    """Requests a second."""
    slow: float
    """The 99th hundredth of the latency."""
    per_processor: float
    """Requests a second of processor."""


def pair(
    one: Server, other: Server, seconds: float, rounds: int, *, connections: int = CONNECTIONS
) -> Ratios:
    rates: Runs = {"one": [], "other": []}
    slow: Runs = {"one": [], "other": []}
    work: Runs = {"one": [], "other": []}
    pids = {"one": one.pid, "other": other.pid}
    for number in range(rounds + 1):
        for name, port in in_turns({"one": one.port, "other": other.port}, number):
            before = cpu_seconds(pids[name])
            latencies = sorted(asyncio.run(load(port, "different", seconds, connections)))
            if number:  # the first round warms up
                rates[name].append(len(latencies) / seconds)
                slow[name].append(latencies[len(latencies) * 99 // 100])
                work[name].append(len(latencies) / (cpu_seconds(pids[name]) - before))
    return Ratios(*(ratio(runs, "one", "other") for runs in (rates, slow, work)))


def rest(seconds: float, rounds: int) -> None:
    with contextlib.ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        sink = free_port()
        this = (sys.executable, __file__)
        stack.enter_context(running(*this, "--sink", str(sink), port=sink))

        def start(*command: str, port: int) -> Server:
            return Server(port, stack.enter_context(running(*command, port=port)))

        def serve(*options: str) -> Server:
            port = free_port()
            to = ("--upstream", f"http://127.0.0.1:{sink}", "--listen", f"127.0.0.1:{port}")
            return start(sys.executable, "-m", "flaglift", "serve", *to, *options, port=port)

        off, translate = serve("--mode", "off"), serve()
        slow = pair(translate, off, seconds, rounds, connections=8).slow
        print(f"8 connections, p99, translate / off: {slow:.2f} (wanted: 1.50 at most)", flush=True)
        if nginx := shutil.which("nginx"):
            two, port = serve("--mode", "off", "--workers", "2"), free_port()
            config = Path(folder, "nginx.conf")
            config.write_text(NGINX.format(folder=folder, sink=sink, port=port, workers=2))
            beside = pair(two, start(nginx, "-c", str(config), port=port), seconds, rounds)
            print(f"two workers, off / nginx: {beside.rate:.2f} (wanted: 0.35)", flush=True)
            print(f"two workers, off / nginx, per second of processor: {beside.per_processor:.2f}")
        bare, shim, idle = (
            start(*this, "--app", name, str(port := free_port()), port=port)
            for name in ("bare", "shim", "idle")
        )
        for name, one in (("middleware", shim), ("one that does nothing", idle)):
            beside = pair(one, bare, seconds, rounds)
            print(f"ASGI app, {name} / bare: {beside.rate:.2f} (wanted: 0.85)")
            print(f"ASGI app, {name}, per second of processor: {beside.per_processor:.2f}")
        rates: Runs = {"shim": [], "idle": [], "bare": []}
        work: Runs = {"shim": [], "idle": [], "bare": []}
        for number in range(rounds + 1):
            for name, _ in in_turns(dict.fromkeys(rates, 0), number):
                before = time.process_time()
                rates[name].append(posts(sink, seconds, name))
                work[name].append(rates[name][-1] * seconds / (time.process_time() - before))
        for name, what in (("shim", "transport"), ("idle", "one that does nothing")):
            print(f"httpx, {what} / bare: {ratio(rates, name, 'bare'):.2f} (wanted: 0.90)")
            print(f"httpx, {what}, per second of processor: {ratio(work, name, 'bare'):.2f}")


class Idle(httpx.BaseTransport):
    """A transport that passes each request on to another."""

    def __init__(self, wrapped: httpx.BaseTransport) -> None:
        self.wrapped = wrapped

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.wrapped.handle_request(request)


def posts(port: int, seconds: float, kind: str) -> float:
    """How many requests a second one client of httpx sends."""
    transport: httpx.BaseTransport = httpx.HTTPTransport()
    if kind != "bare":
        transport = Transport(transport) if kind == "shim" else Idle(transport)
    head = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
    url, made, count = f"http://127.0.0.1:{port}/tunes/1/prompts", bodies("different"), 0
    with httpx.Client(transport=transport) as client:
        until = time.perf_counter() + seconds
        while time.perf_counter() < until:
            client.post(url, content=next(made), headers=head).raise_for_status()
            count += 1
    return count / seconds


def app(name: str, port: int) -> None:
    """Serve an ASGI app that reads a body, bare, with the middleware, or one that does nothing."""

    async def bare(scope: Scope, receive: Receive, send: Send) -> None:
        more = scope["type"] == "http"
        while more:
            message: Message = await receive()
            more = message.get("more_body", False)
        headers = [(b"content-length", b"2")]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": b"{}"})

    async def idle(scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            await send(message)

        await bare(scope, receive, watched)

    served = {"bare": bare, "idle": idle, "shim": Middleware(bare)}[name]
    uvicorn.run(served, port=port, log_level="critical", lifespan="off")


async def sink(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port, backlog=512)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--gigabytes", type=float, default=1)
    parser.add_argument("--only", choices=["proxy", "rest"])
    parser.add_argument("--sink", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--app", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.sink:
        asyncio.run(sink(given.sink))
    elif given.app:
        app(given.app[0], int(given.app[1]))
    else:
        if given.only != "rest":
            measure(given.seconds, given.rounds, given.gigabytes)
        if given.only != "proxy":
            rest(given.seconds, given.rounds)
