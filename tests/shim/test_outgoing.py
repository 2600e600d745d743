"""How the proxy reaches an upstream over TLS: certificates, and the network's own proxy."""

import asyncio
import base64
import contextlib
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from flaglift.errors import ConfigError
from flaglift.shim.proxy import tunnel
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.tunnel import NetworkProxy, proxy_for, race_delay
from peers import program
from running import flaglift
from shim.forms import LEGACY
from shim.servers import peer, proxied, upstream
from shim.test_serve_verb import process

pytestmark = pytest.mark.measured

PATH = "/tunes/7/prompts"
DATA = {"prompt[text]": LEGACY}


class Pair(NamedTuple):
    """A certificate, and its key."""

    certificate: Path
    key: Path


def made(folder: Path, name: str, *more: str) -> Pair:
    """Make a certificate that is signed by itself."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-days", "1", "-keyout",
         pair.key, "-out", pair.certificate, "-subj", f"/CN={name}", "-addext",
         "subjectAltName=DNS:localhost,DNS:api.example,IP:127.0.0.1", *(more or ("-nodes",))],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return pair


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return made(tmp_path_factory.mktemp("server"), "server")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    return made(tmp_path_factory.mktemp("client"), "client")


def secured(server: Pair, client: Pair | None = None) -> dict[str, Any]:
    """Return how uvicorn speaks TLS, and whether clients have to show a certificate."""
    own = {"ssl_keyfile": str(server.key), "ssl_certfile": str(server.certificate)}
    if client is None:
        return own
    return {**own, "ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_ca_certs": str(client.certificate)}


def https(url: str, host: str = "localhost") -> str:
    return url.replace("http://127.0.0.1", f"https://{host}")


@pytest.mark.parametrize("one_file", [False, True])
def test_both_sides_show_certificates(
    server: Pair, client: Pair, tmp_path: Path, one_file: bool
) -> None:
    shown = ["--upstream-cert", str(client.certificate), "--upstream-key", str(client.key)]
    if one_file:
        both = tmp_path / "both.pem"
        both.write_bytes(client.key.read_bytes() + client.certificate.read_bytes())
        shown = ["--upstream-cert", str(both)]
    trusted = ["--upstream-ca", str(server.certificate)]
    with upstream(**secured(server, client)) as service:
        to = ["--upstream", https(service.url)]
        with process(*to, *trusted, *shown) as (_, url):
            assert httpx.post(url + PATH, data=DATA).status_code == 201
            assert b"video_model%5D" in service.last.body
        with process(*to, *trusted) as (_, url):
            assert httpx.post(url + PATH, data=DATA).status_code == 502
        with process(*to, *shown) as (_, url):
            answer = httpx.post(url + PATH, data=DATA)
            said = "the upstream has a certificate that is not trusted"
            assert (answer.status_code, answer.json()) == (502, {"base": [said]})


def test_a_connection_with_tls_that_breaks_while_it_is_written_to(server: Pair) -> None:
    """What has arrived is encrypted: it is not taken for the beginning of an answer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)

    def resets(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as encrypted:
            encrypted.recv(1000)
            encrypted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    trusted = ["--upstream-ca", str(server.certificate)]
    with peer(resets) as to, process("--upstream", https(to), *trusted) as (_, url):
        answer = httpx.post(url + "/x", content=b"x" * 20_000_000)
    said = "the upstream closed the connection before it had answered"
    assert (answer.status_code, answer.json()) == (502, {"base": [said]})


def test_certificates_that_cannot_be_used(server: Pair, client: Pair, tmp_path: Path) -> None:
    locked = made(tmp_path, "locked", "-passout", "pass:secret")
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("no certificate")
    for options, said in (
        (["--upstream-ca", str(tmp_path / "none.pem")], "none.pem: cannot be used as certificates"),
        (["--upstream-ca", str(garbage)], "garbage.pem: cannot be used as certificates"),
        (["--upstream-cert", str(garbage)], "garbage.pem: cannot be used as certificates"),
        (["--upstream-cert", str(server.certificate)], "server.pem: cannot be used as"),
        (
            ["--upstream-cert", str(server.certificate), "--upstream-key", str(client.key)],
            "server.pem: cannot be used as",
        ),
        (
            ["--upstream-cert", str(locked.certificate), "--upstream-key", str(locked.key)],
            "locked.pem: cannot be used as",
        ),
        (["--upstream-key", str(client.key)], "--upstream-cert, which is missing"),
    ):
        result = flaglift("serve", "--upstream", "https://h", "--check", *options)
        assert result.returncode == 2, options
        assert said in result.stderr
    plain = flaglift("serve", "--upstream", "http://h", "--upstream-ca", str(garbage), "--check")
    assert (plain.returncode, "for an upstream with https" in plain.stderr) == (2, True)


class Network:
    """A proxy of a network, for those that have the password.

    Whatever host is asked for is this machine: `api.example` has no address.
    """

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self.asked: list[str] = []

    def __call__(self, connection: socket.socket) -> None:
        if self.tls is None:
            self.answer(connection)
        else:
            with self.tls.wrap_socket(connection, server_side=True) as secured:
                self.answer(secured)

    def answer(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(65536)
        first, *fields = head.decode().split("\r\n")
        method, target, _ = first.split()
        url = urlsplit(target if method != "CONNECT" else f"//{target}")
        assert f"Host: {url.netloc}" in fields
        self.asked.append(target)
        password = base64.b64encode(b"user:p@ss").decode()
        if f"Proxy-Authorization: Basic {password}" not in fields:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        with socket.create_connection(("127.0.0.1", url.port or 80)) as inner:
            if method == "CONNECT":
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n")
                connection.sendall(b"Via: 1.1 network\r\n\r\n")
            else:
                inner.sendall(head)  # servers take a target that is a whole address
            back = threading.Thread(target=pump, args=(inner, connection))
            back.start()
            pump(connection, inner)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(params=["http", "https"])
def network(
    request: pytest.FixtureRequest, server: Pair, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Network, str]]:
    tls = None
    if request.param == "https":
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(server.certificate, server.key)
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    act = Network(tls)
    with peer(act) as url:
        yield act, f"{request.param}://user:p%40ss@localhost:{url.rpartition(':')[2]}"


def test_a_proxy_of_the_network_makes_a_tunnel(
    network: tuple[Network, str], server: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    through, address = network
    monkeypatch.setenv("HTTPS_PROXY", address)
    with upstream(**secured(server)) as service:
        url_of = https(service.url, "api.example")
        with process("--upstream", url_of) as (_, url), httpx.Client() as client:
            for _ in range(3):
                assert client.post(url + PATH, data=DATA).status_code == 201
            assert b"video_model%5D" in service.last.body
        assert through.asked == [url_of.removeprefix("https://")]  # once: it is kept


def test_a_proxy_of_the_network_forwards_what_is_not_encrypted(
    network: tuple[Network, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    through, address = network
    monkeypatch.setenv("http_proxy", address)
    with upstream() as service:
        base = service.url.replace("127.0.0.1", "api.example") + "/v1"
        with process("--upstream", base) as (_, url), httpx.Client(trust_env=False) as client:
            own = {"proxy-authorization": "Basic of-the-client"}
            for _ in range(3):
                asked = client.post(url + PATH + "?a=1", data=DATA, headers=own)
                assert asked.status_code == 201
            assert client.get(url + "/readyz").status_code == 200
        assert b"video_model%5D" in service.last.body
        assert service.last.header("host") == base[len("http://") : -len("/v1")]
        password = base64.b64encode(b"user:p@ss").decode()
        assert service.last.header("proxy-authorization") == f"Basic {password}"
        assert through.asked == [f"{base}{PATH}?a=1"]  # the others on the same connection


def test_the_machine_itself_is_not_asked_for_through_a_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with upstream() as service:
        for host in ("127.0.0.1", "localhost"):
            with process("--upstream", service.url.replace("127.0.0.1", host)) as (_, url):
                answer = httpx.post(url + PATH, data=DATA, trust_env=False)
                assert answer.status_code == 201
    for host in ("127.3.3.3", "::1", "x.localhost"):
        assert proxy_for(host, 443, tls=False) is None
    assert proxy_for("localhost.example", 443, tls=False)


def test_hosts_that_are_excepted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "example.com, api.example")
    assert proxy_for("api.example", 443, tls=True) is None
    assert proxy_for("other.example", 443, tls=True)
    assert proxy_for("other.example", 443, tls=False) is None


@pytest.mark.parametrize(
    ("host", "excepted"),
    [
        ("10.1.2.3", True),
        ("11.1.2.3", False),
        ("192.0.2.7", True),
        ("fd00::1", True),
        ("fe00::1", True),
        ("fe00::2", False),
        ("api.example", True),
        ("api.example.", True),
        ("API.Example", True),
        ("other.example", False),
        ("a.inner.example", True),
        ("b.outer.example", True),
        ("router.example", False),
    ],
)
def test_exceptions_in_the_forms_of_other_programs(
    host: str, excepted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "proxy.example:3128")
    words = "10.0.0.0/8,192.0.2.7:443 fd00::/8, [fe00::1],api.example:443,other.example:80"
    monkeypatch.setenv("NO_PROXY", f"{words},.inner.example,*.outer.example")
    assert (proxy_for(host, 443, tls=True) is None) == excepted


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses(
    network: tuple[Network, str], monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    _, address = network
    monkeypatch.setenv(f"{scheme}_proxy", address.replace("p%40ss", "wrong"))
    with process("--upstream", f"{scheme}://api.example:9") as (running, url):
        answer = httpx.get(url + "/x", trust_env=False)
        assert answer.status_code == 502
        assert answer.json() == {"base": ["the upstream cannot be reached"]}
        running.terminate()
        assert running.wait(20) == 0
        assert running.stderr is not None
        log = running.stderr.read()
    assert "answers with '407'" in log
    assert "wrong" not in log


@pytest.mark.parametrize("said", [b"", b"x" * 70_000])
def test_a_proxy_that_speaks_something_else(said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def act(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(said)

    with peer(act) as address:
        monkeypatch.setenv("HTTPS_PROXY", address)
        with process("--upstream", "https://api.example:9") as (_, url):
            assert httpx.get(url + "/x").json() == {"base": ["the upstream cannot be reached"]}


def test_a_name_that_no_host_can_have_is_an_upstream_out_of_reach() -> None:
    with proxied(Options(f"http://{'x' * 64}.example", ("127.0.0.1", 0))) as url:
        assert httpx.get(url + "/x").json() == {"base": ["the upstream cannot be reached"]}
        assert httpx.get(url + "/readyz").status_code == 503


def test_what_a_proxy_says_after_its_answer_is_not_part_of_it() -> None:
    async def said() -> bytes:
        opening = tunnel._Opening()
        opening.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
        opening.data_received(b"more")
        return await opening.answer

    assert asyncio.run(said()) == b"HTTP/1.1 200 OK\r\n\r\n"


@pytest.mark.parametrize(
    ("address", "found"),
    [
        ("", None),
        ("proxy.example:3128", NetworkProxy(False, "proxy.example", 3128, b"")),
        ("http://proxy.example", NetworkProxy(False, "proxy.example", 80, b"")),
        ("https://[::1]", NetworkProxy(True, "::1", 443, b"")),
        ("http://u@proxy.example:1/", NetworkProxy(False, "proxy.example", 1, b"Basic dTo=")),
    ],
)
def test_addresses_of_proxies(
    address: str, found: NetworkProxy | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    assert proxy_for("api.example", 443, tls=True) == found


@pytest.mark.parametrize(
    "address",
    ["socks5://h:1", "http://", "http://h:0", "http://h:port", "http://[::1", "http://[::g]:1"],
)
def test_addresses_that_are_none(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setenv("http_proxy", address)
    for scheme in ("http", "https"):
        name = f"{scheme.upper()}_PROXY is not the address of a proxy"
        with pytest.raises(ConfigError, match=name):
            proxy_for("api.example", 443, tls=scheme == "https")
    result = flaglift("serve", "--upstream", "https://h", "--check")
    assert result.returncode == 2
    assert flaglift("serve", "--upstream", "http://localhost", "--check").returncode == 0


def test_a_tunnel_to_an_address_of_ip_version_6() -> None:
    head = NetworkProxy(False, "h", 1, b"")._head("::1", 443)
    assert head == b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n\r\n"


def test_only_names_have_addresses_to_try_side_by_side() -> None:
    assert [race_delay(host) for host in ("127.0.0.1", "::1")] == [None, None]
    assert race_delay("localhost") == 0.25
