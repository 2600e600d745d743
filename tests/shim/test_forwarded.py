"""Where requests come from: what the upstream is told of it, and who counts as the caller."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from flaglift.shim.proxy.forwarded import continued, origin
from flaglift.shim.proxy.options import Options
from shim.servers import Upstream, proxied, upstream
from shim.test_traffic import sent

CLAIMED = [
    ("x-forwarded-for", "6.6.6.6"),
    ("x-forwarded-for", "7.7.7.7, 8.8.8.8"),
    ("x-forwarded-proto", "https"),
    ("x-forwarded-host", "shop.example"),
    ("x-real-ip", "6.6.6.6"),
    ("forwarded", "for=6.6.6.6;proto=https"),
]


@pytest.fixture(scope="module")
def service() -> Iterator[Upstream]:
    with upstream() as app:
        yield app


def told(service: Upstream) -> dict[str, str]:
    names = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-real-ip", "forwarded")
    found = {name: service.last.header(name) for name in names}
    return {name: value for name, value in found.items() if value is not None}


def test_what_a_client_claims_ends_at_the_proxy(
    service: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with proxied(Options(service.url, ("127.0.0.1", 0))) as url:
        httpx.get(url + "/x", headers=CLAIMED)
    assert told(service) == {}
    assert "caller=127.0.0.1 " in caplog.text
    assert "6.6.6.6" not in caplog.text


def test_what_a_trusted_proxy_says_is_continued(
    service: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with proxied(Options(service.url, ("127.0.0.1", 0), trust_forwarded=True)) as url:
        httpx.get(url + "/x", headers=CLAIMED)
        assert told(service) == {
            "x-forwarded-for": "6.6.6.6, 7.7.7.7, 8.8.8.8, 127.0.0.1",
            "x-forwarded-proto": "https",
            "x-forwarded-host": "shop.example",
            "x-real-ip": "6.6.6.6",
            "forwarded": "for=6.6.6.6;proto=https, for=127.0.0.1;proto=http",
        }
        httpx.get(url + "/x")
        assert told(service) == {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "http"}
    assert re.findall(r"caller=(\S+)", caplog.text) == ["8.8.8.8", "127.0.0.1"]


@pytest.mark.parametrize(
    ("headers", "peer", "wanted"),
    [
        ([("x-forwarded-for", " 2001:DB8::1 ,")], "10.0.0.1", "2001:db8::1"),
        ([("x-forwarded-for", "6.6.6.6, unknown")], "10.0.0.1", "10.0.0.1"),
        ([("x-forwarded-for", "\xe9")], None, None),
        ([("forwarded", 'for=6.6.6.6, proto=https; For="[2001:db8::2]:80"')], None, "2001:db8::2"),
        ([("forwarded", "for=9.9.9.9:4711;by=8.8.8.8")], "10.0.0.1", "9.9.9.9"),
        ([("forwarded", "by=8.8.8.8")], "10.0.0.1", "10.0.0.1"),
        ([("forwarded", 'host="a;for=6.6.6.6";for=9.9.9.9')], "10.0.0.1", "9.9.9.9"),
        ([("forwarded", 'for=9.9.9.9;host="a, for=6.6.6.6"')], "10.0.0.1", "9.9.9.9"),
        ([("forwarded", 'host="a\\", for=6.6.6.6";for=9.9.9.9')], "10.0.0.1", "9.9.9.9"),
        ([("forwarded", 'for=6.6.6.6;host="a'), ("forwarded", "for=9.9.9.9")], "::1", "::1"),
        ([("forwarded", 'for="9.9.9.9:_port"')], "10.0.0.1", "9.9.9.9"),
        ([("forwarded", "for=[2001:db8::2")], "10.0.0.1", "10.0.0.1"),
        ([("x-forwarded-for", "6.6.6.6, 9.9.9.9:4711")], "10.0.0.1", "9.9.9.9"),
        ([("x-forwarded-for", "[2001:db8::2]:4711")], "10.0.0.1", "2001:db8::2"),
        ([("x-forwarded-for", '"[2001:db8::2]"')], "10.0.0.1", "2001:db8::2"),
        ([("x-forwarded-for", "::ffff:9.9.9.9")], "10.0.0.1", "9.9.9.9"),
        ([("x-forwarded-for", "9.9.9:4711")], "10.0.0.1", "10.0.0.1"),
        ([("forwarded", "for=_hidden")], "10.0.0.1", "10.0.0.1"),
        ([("forwarded", "")], "10.0.0.1", "10.0.0.1"),
    ],
)
def test_the_last_address_in_the_chain_is_the_one_that_was_seen(
    headers: list[tuple[str, str]], peer: str | None, wanted: str | None
) -> None:
    assert origin(sent(*headers, client=peer)) == wanted


@pytest.mark.parametrize(
    ("peer", "added"),
    [
        ("::1", [("X-Forwarded-For", "::1"), ("Forwarded", 'for=a, for="[::1]";proto=http')]),
        (None, [("Forwarded", "for=a, for=unknown;proto=http")]),
    ],
)
def test_peers_without_an_address_of_four_numbers(
    peer: str | None, added: list[tuple[str, str]]
) -> None:
    found = continued(sent(("forwarded", "for=a"), client=peer))
    wanted = [("X-Forwarded-Proto", "http"), *added]
    assert found == [(name.encode(), value.encode()) for name, value in wanted]


def test_an_address_is_the_same_on_a_socket_for_both_versions_of_ip(
    service: Upstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    with socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True) as both:
        options = Options(service.url, both.getsockname()[:2], trust_forwarded=True)
        with proxied(options, listeners=[both]) as url:
            httpx.get(f"http://127.0.0.1:{url.rpartition(':')[2]}/x")
    assert told(service)["x-forwarded-for"] == "127.0.0.1"
    assert "caller=127.0.0.1 " in caplog.text


@pytest.mark.parametrize(
    ("said", "passed"),
    [
        (['for=a;by="b,c"', "for=d"], 'for=a;by="b,c", for=d, for=10.0.0.1;proto=http'),
        (['for="a\\"b, c"'], 'for="a\\"b, c", for=10.0.0.1;proto=http'),
        (['for="a'], None),  # what is added would be part of the quoted string
        (["", " , "], None),
    ],
)
def test_quoted_strings_stay_as_they_are(said: list[str], passed: str | None) -> None:
    found = dict(continued(sent(*[("forwarded", value) for value in said], client="10.0.0.1")))
    assert found.get(b"Forwarded") == (passed and passed.encode())


def test_a_name_that_wsgi_takes_for_the_same_is_dropped(service: Upstream) -> None:
    claims = {"X_Forwarded_For": "6.6.6.6", "X-Forwarded_Proto": "https", "X_Real_IP": "6.6.6.6"}
    for trusted in (False, True):
        options = Options(service.url, ("127.0.0.1", 0), trust_forwarded=trusted)
        with proxied(options) as url:
            httpx.get(url + "/x", headers=claims)
        assert [name for name, _ in service.last.headers if "_" in name] == []
