"""What `/metrics` counts, and that the dashboard and the alerts ask for nothing else."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import promql_parser
import pytest
import yaml
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from flaglift.shim.proxy.options import Options
from running import flaglift
from shim.forms import LEGACY, UNREADABLE
from shim.servers import Received, peer, proxied, respond, upstream, wait_until
from shim.test_connections import connected
from shim.test_proxy_faults import closed_port
from shim.test_serve_verb import process

pytestmark = pytest.mark.measured

DEPLOY = Path(__file__).parents[2] / "deploy"
PATH = "/tunes/7/prompts"
TRACE = "0af7651916cd43dd8448eb211c80319c"
CLIENT = 3
"""The kind of the span of a call, in the collector's protocol."""
CALLED = {"http.request.method": "GET", "server.address": "127.0.0.1"}
SAMPLE = r"\b(flaglift_\w+)"


@pytest.fixture(scope="module")
def page() -> Iterator[str]:
    """The page of a proxy that has seen some of everything."""

    async def slow(request: Received, send: Any) -> None:
        time.sleep(0.03)
        await respond(send, 201, b"x" * 1000)

    with upstream(slow) as service, process("--upstream", service.url, "--workers", "2") as one:
        url = one[1]
        for text in (LEGACY, UNREADABLE, "a plain cat"):
            httpx.post(url + PATH, data={"prompt[text]": text})
        httpx.post(url + "/other", data={"prompt[text]": LEGACY})
        wait_until(lambda: total(httpx.get(url + "/metrics").text, "flaglift_requests_total") == 4)
        yield httpx.get(url + "/metrics").text


def samples(text: str) -> list[tuple[str, dict[str, str], float]]:
    return [
        (sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    ]


def total(text: str, name: str, **labels: str) -> float:
    """Add up the samples of a name that have these labels."""
    return sum(
        value
        for found, has, value in samples(text)
        if found == name and labels.items() <= has.items()
    )


def test_bytes_and_the_upstreams_time_are_histograms(page: str) -> None:
    sent = [
        len(httpx.Request("POST", "http://x", data={"prompt[text]": text}).content)
        for text in (LEGACY, UNREADABLE, "a plain cat", LEGACY)
    ]
    assert total(page, "flaglift_request_bytes_sum") == sum(sent)
    assert total(page, "flaglift_request_bytes_count") == 4
    assert total(page, "flaglift_request_bytes_bucket", le="256.0") == sum(x <= 256 for x in sent)
    assert total(page, "flaglift_response_bytes_sum") == 4000
    assert total(page, "flaglift_response_bytes_bucket", le="256.0") == 0
    assert total(page, "flaglift_response_bytes_bucket", le="1024.0") == 4
    assert total(page, "flaglift_upstream_seconds_count") == 4
    assert total(page, "flaglift_upstream_seconds_sum") >= 4 * 0.03
    assert total(page, "flaglift_upstream_seconds_bucket", le="0.025") == 0
    spent = total(page, "flaglift_request_seconds_sum")
    assert total(page, "flaglift_upstream_seconds_sum") < spent


def test_an_upstream_that_did_not_answer_has_no_time() -> None:
    with proxied(Options(closed_port(), ("127.0.0.1", 0))) as url:
        assert httpx.get(url + "/x").status_code == 502
        text = httpx.get(url + "/metrics").text
    assert total(text, "flaglift_requests_total", status="502") == 1
    assert total(text, "flaglift_upstream_seconds_count") == 0


def expressions() -> dict[str, str]:
    """The queries of the dashboard and of the alerts, by what they are for."""
    dashboard = json.loads((DEPLOY / "grafana" / "flaglift.json").read_text())
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    found = {
        f"{panel['title']} {target['legendFormat']}": target["expr"]
        for panel in dashboard["panels"]
        for target in panel["targets"]
    }
    for group in alerts["groups"]:
        found |= {rule["alert"]: rule["expr"] for rule in group["rules"]}
    return found


@pytest.mark.parametrize("title", expressions())
def test_a_query_is_one_and_asks_for_what_is_counted(title: str, page: str) -> None:
    query = expressions()[title].replace("$__rate_interval", "5m").replace("$job", ".*")
    promql_parser.parse(query)
    known = {name: set[str]() for name, _, _ in samples(page)}
    for name, labels, _ in samples(page):
        known[name] |= labels.keys()
    used = re.findall(rf"{SAMPLE}(?:\{{(.*?)\}})?", query)
    assert used
    grouped = re.findall(r"by \((.*?)\)", query)
    for name, matchers in used:
        asked = re.findall(r"(\w+)\s*=", matchers) + re.findall(r"\w+", " ".join(grouped))
        assert name in known, f"{title}: {name} is not in /metrics"
        assert set(asked) - {"job"} <= known[name], title


def test_each_metric_is_on_the_dashboard(page: str) -> None:
    shown = set(re.findall(SAMPLE, " ".join(expressions().values())))
    names = {re.sub("_(bucket|sum|count)$", "", name) for name in shown}
    counted = {
        re.sub("_(bucket|sum|count|created)$", "", name)
        for name, _, _ in samples(page)
        if name.startswith("flaglift_")
    }
    assert {name.removesuffix("_total") for name in counted} == {
        name.removesuffix("_total") for name in names
    }


def test_panels_do_not_overlap_and_labels_are_of_the_metrics() -> None:
    dashboard = json.loads((DEPLOY / "grafana" / "flaglift.json").read_text())
    places = [(one["gridPos"]["x"], one["gridPos"]["y"]) for one in dashboard["panels"]]
    assert len(set(places)) == len(places)
    assert len({one["id"] for one in dashboard["panels"]}) == len(places)
    for panel in dashboard["panels"]:
        for target in panel["targets"]:
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                assert re.search(rf"by \(.*\b{label}\b.*?\)", target["expr"])
    alerts = yaml.safe_load((DEPLOY / "prometheus" / "alerts.yml").read_text())
    for rule in alerts["groups"][0]["rules"]:
        said = " ".join(rule["annotations"].values())
        for label in re.findall(r"\$labels\.(\w+)", said):
            assert re.search(rf"by \(.*\b{label}\b.*?\)", rule["expr"])


class Collector(BaseHTTPRequestHandler):
    """Takes spans as a collector of OpenTelemetry does."""

    received: list[ExportTraceServiceRequest]

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["content-length"]))
        assert self.path == "/v1/traces"
        self.received.append(ExportTraceServiceRequest.FromString(data))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


def value(attribute: Any) -> Any:
    kind = attribute.value.WhichOneof("value")
    found = getattr(attribute.value, kind)
    return [one.string_value for one in found.values] if kind == "array_value" else found


Span = tuple[Any, dict[str, Any]]
"""A span, and its attributes by name."""


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[Span]]]:
    """Run a collector; return what it got."""
    Collector.received = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Collector) as collector:
        thread = threading.Thread(target=collector.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{collector.server_port}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", address)
        yield lambda: [
            (span, {one.key: value(one) for one in span.attributes})
            for request in Collector.received
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        collector.shutdown()
        thread.join()


def test_each_request_is_a_span_of_its_trace(collected: Callable[[], list[Span]]) -> None:
    parent = f"00-{TRACE}-b7ad6b7169203331-01"
    with upstream() as service:
        slow = ("--client-timeout", "0.2")
        with process("--upstream", service.url, "--spans", *slow) as (running, url):
            headers = {"traceparent": parent, "tracestate": "a=1", "x-request-id": "7"}
            httpx.post(url + PATH, data={"prompt[text]": UNREADABLE}, headers=headers)
            continued = service.last.header("traceparent") or ""
            assert service.last.header("tracestate") == "a=1"
            httpx.post(url + "/other/9", json={"x": LEGACY})
            fresh = service.last.header("traceparent") or ""
            httpx.get(url + "/x", headers={"upgrade": "websocket", "connection": "upgrade"})
            with connected(url) as gone:
                gone.sendall(b"POST /gone HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1")
                gone.recv(1)  # the rest is too slow
            service.answer = broken
            httpx.get(url + "/broken")
            running.terminate()
            assert running.wait(20) == 0
    everything = collected()
    calls = {one.parent_span_id: (one, said) for one, said in everything if one.kind == CLIENT}
    spans = {one.name: (one, said) for one, said in everything if one.kind != CLIENT}
    assert len(calls) == len(everything) - len(spans)
    posted, said = spans[f"POST {'/tunes/:id/prompts'}"]
    assert (posted.trace_id.hex(), posted.parent_span_id.hex()) == (TRACE, parent[36:52])
    call, of_call = calls[posted.span_id]
    assert call.trace_id == posted.trace_id
    assert continued == f"00-{TRACE}-{call.span_id.hex()}-01"
    assert of_call == {
        "http.request.method": "POST", "server.address": "127.0.0.1", "server.port":
        int(service.url.rpartition(":")[2]), "http.response.status_code": 201,
    }  # fmt: skip
    assert posted.start_time_unix_nano <= call.start_time_unix_nano <= call.end_time_unix_nano
    seconds = said.pop("flaglift.upstream_seconds")
    assert 0 < seconds * 1e9 < posted.end_time_unix_nano - posted.start_time_unix_nano
    assert said == {
        "http.request.method": "POST", "http.route": "/tunes/:id/prompts", "flaglift.mode":
        "translate", "flaglift.request_id": "7", "flaglift.outcome": "left",
        "flaglift.codes": ["FL101"], "http.response.status_code": 201,
    }  # fmt: skip
    other, said = spans["POST /other/:id"]
    assert other.trace_id.hex() not in ("", TRACE)
    assert fresh[:-2] == f"00-{other.trace_id.hex()}-{calls[other.span_id][0].span_id.hex()}-"
    assert said["flaglift.reason"] == "flags-elsewhere"
    failed, said = spans["GET /broken"]
    assert (failed.status.code, said["http.response.status_code"]) == (2, 503)
    _, said = spans["POST /gone"]
    assert said["http.response.status_code"] == 408
    assert "flaglift.upstream_seconds" not in said
    assert len(spans) == 4  # what is refused at its head is in the log only
    (service_name,) = (
        value(one)
        for one in Collector.received[0].resource_spans[0].resource.attributes
        if one.key == "service.name"
    )
    assert service_name == "flaglift"


def test_each_call_to_the_upstream_is_a_span_of_its_own(
    collected: Callable[[], list[Span]],
) -> None:
    heads: list[bytes] = []

    def act(connection: socket.socket) -> None:
        heads.append(connection.recv(65536))
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        if len(heads) == 1:
            heads.append(connection.recv(65536))  # and closes the kept connection instead

    with peer(act) as address, process("--upstream", address, "--spans") as (running, url):
        port = int(address.rpartition(":")[2])
        for path in ("/first", "/second"):
            assert httpx.get(url + path).status_code == 200
        running.terminate()
        assert running.wait(20) == 0
    with process("--upstream", closed_port(), "--spans") as (running, url):
        assert httpx.get(url + "/third").status_code == 502
        running.terminate()
        assert running.wait(20) == 0
    (request,) = [one for one, _ in collected() if one.name == "GET /second"]
    calls = [one for one in collected() if one[0].parent_span_id == request.span_id]
    assert [(one.status.code, said) for one, said in calls] == [
        (2, {**CALLED, "server.port": port, "error.type": "no response"}),
        (0, {**CALLED, "server.port": port, "http.request.resend_count": 1,
             "http.response.status_code": 200}),
    ]  # fmt: skip
    sent = [re.findall(rb"traceparent: 00-\w+-(\w+)", head)[0].decode() for head in heads[1:]]
    assert sent == [one.span_id.hex() for one, _ in calls]
    # What no connection was made for was no call.
    assert len([one for one, _ in collected() if one.kind == CLIENT]) == 3


async def broken(_request: Received, send: Any) -> None:
    await respond(send, 503, b"")


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "flaglift.shim.proxy.spans", None)
    result = flaglift("serve", "--upstream", "https://h", "--spans", "--check")
    assert result.returncode == 2
    assert "pip install 'flaglift[otel]'" in result.stderr
