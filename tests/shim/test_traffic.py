"""Who still sends flags: what is counted, kept and told."""

import asyncio
import json
import sqlite3
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from flaglift.errors import InputError
from flaglift.shim.core.inspection import Inspection, Target, inspect
from flaglift.shim.core.policy import Mode, Policy
from flaglift.shim.proxy import counting, traffic
from flaglift.shim.proxy.body import Body
from flaglift.shim.proxy.caller import Callers
from flaglift.shim.proxy.counting import Counting
from flaglift.shim.proxy.exchange import Exchange
from flaglift.shim.proxy.headers import product
from flaglift.shim.proxy.options import Options
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.traffic import HOUR, Sender, Store, hour_of
from shim.forms import JSON, LEGACY, UNREADABLE, json_body
from shim.servers import proxied, upstream

PATH = "/tunes/7/prompts"


def sent(*headers: tuple[str, str], client: str | None = "10.0.0.1") -> Request:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    body = Body(lambda: None, lambda: None)
    return Request("POST", PATH.encode(), "1.1", pairs, pairs, True, body, client)


def seen(text: str, mode: Mode = Mode.TRANSLATE, media_type: str = JSON) -> Inspection:
    headers = [(b"content-type", media_type.encode())]
    looked = inspect(Target("POST", PATH), headers, Policy(mode), announced=True)
    looked.rewriter.feed(json_body({"text": text}))
    looked.rewriter.finish()
    return looked


def test_callers_are_told_apart_and_not_given_away() -> None:
    callers = Callers(b"secret", "X-App")
    key = callers.name(sent(("authorization", "Bearer k"), ("x-forwarded-for", "6.6.6.6")))
    assert key.startswith("key-")
    assert "Bearer" not in key
    assert key == callers.name(sent(("authorization", "Bearer k"), client=None))
    assert key != callers.name(sent(("authorization", "Bearer l")))
    assert key != Callers(b"other").name(sent(("authorization", "Bearer k")))
    assert callers.name(sent(("x-app", "billing"), ("authorization", "Bearer k"))) == "billing"
    assert callers.name(sent(("x-app", "two words"))) == "10.0.0.1"
    assert callers.name(sent(client=None)) == "local"
    assert Callers(b"").name(sent(("x-app", "billing"))) == "10.0.0.1"


@pytest.mark.parametrize(
    ("agent", "shown"),
    [("python-requests/2.31.0 (x)", "python-requests/2.31.0"), ("a b", "a"), ("\x1b", "-")],
)
def test_only_the_first_product_of_an_agent_is_kept(agent: str, shown: str) -> None:
    assert product_of(sent(("accept", "x"), ("user-agent", agent))) == shown
    assert product_of(sent()) == "-"


def product_of(request: Request) -> str:
    return product(request.names)


def count(store: Store, *inspections: Inspection) -> Counting:
    counts = Counting(store, Callers(store.secret))
    for inspection in inspections:
        counts(Exchange(sent(("user-agent", "old/1")), PATH.encode(), inspection))
    asyncio.run(counts.write())
    return counts


def test_the_report_counts_by_route_and_caller(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    other = inspect(Target("GET", "/x"), [], Policy(), announced=False)
    with Store(path) as store:
        count(
            store, seen(LEGACY), seen(UNREADABLE), seen("a cat"), seen(LEGACY, Mode.REPORT),
            seen(LEGACY, Mode.OFF), seen(LEGACY, media_type="text/plain"), other,
        )  # fmt: skip
        count(store, seen(LEGACY))
        secret = store.secret
    with Store(path, create=False) as store:
        assert store.secret == secret
        report = store.report(1)
    (row,) = report.rows
    assert row._replace(last=0) == ("/tunes/:id/prompts", "10.0.0.1", "old/1", 7, 4, 2, 2, 0)
    assert row.last == hour_of(time.time())
    assert not report.clean
    assert report.to_dict()["rows"] == [row._asdict()]


def test_clean_needs_the_proxy_to_have_run_all_the_time(tmp_path: Path) -> None:
    with Store(None) as store:
        count(store, seen("a cat"))
        report = store.report(2)
        assert (report.complete, report.clean) == (False, False)
        now = hour_of(time.time())
        for hour in range(3):
            store.add(now - hour * HOUR, HOUR, [])
        report = store.report(2)
        assert (report.complete, report.clean) == (True, True)
        assert report.watched <= 3 * HOUR
        store.add(now - 2 * HOUR, 0, [(Sender("/tunes", "x", "-"), Counter(unread=1))])
        assert not store.report(2).clean
        assert store.report(1).clean


def test_no_more_callers_are_told_apart_than_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_SENDERS", 2)
    with Store(None) as store:
        counts = Counting(store, Callers(b""))
        for number in range(5):
            counts(Exchange(sent(client=f"10.0.0.{number}"), PATH.encode(), seen(LEGACY)))
        asyncio.run(counts.write())
        callers = {row.caller: row.legacy for row in store.report(1).rows}
    assert callers == {"10.0.0.0": 1, "10.0.0.1": 1, "(others)": 3}


def test_counts_that_cannot_be_written_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "traffic.db"
    with Store(path) as store:
        counts = Counting(store, Callers(b""))
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        with sqlite3.connect(path) as other:
            other.execute("ALTER TABLE seen RENAME TO hidden")
        asyncio.run(counts.write())
        assert "cannot be written" in caplog.text
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        other.execute("ALTER TABLE hidden RENAME TO seen")
        other.close()
        asyncio.run(counts.write())
        assert store.report(1).rows[0].legacy == 2


def test_it_writes_every_so_often(tmp_path: Path) -> None:
    async def run(store: Store) -> None:
        counts = Counting(store, Callers(b""))
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        keeping = asyncio.ensure_future(counts.keep(every=0.01))
        while not store.report(1).rows:
            await asyncio.sleep(0.01)
        keeping.cancel()

    with Store(tmp_path / "traffic.db") as store:
        asyncio.run(run(store))


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    with pytest.raises(InputError, match=r"missing\.db: no such file; `flaglift serve --traffic`"):
        Store(missing, create=False)
    assert not missing.exists()
    text = tmp_path / "text"
    text.write_text("no database " * 100)
    with pytest.raises(InputError, match="file is not a database"):
        Store(text)
    with pytest.raises(InputError, match="cannot be used for traffic"):
        Store(tmp_path / "no" / "folder.db")


def test_the_pages_for_operators(tmp_path: Path) -> None:
    with upstream() as service:
        beside = Options(service.url, ("127.0.0.1", 0), traffic=tmp_path / "traffic.db")
        with proxied(beside) as proxy:
            httpx.post(proxy + PATH, json={"text": LEGACY})
            httpx.post(proxy + PATH, json={"text": UNREADABLE})
            httpx.post(proxy + PATH, content=b"x")
            assert httpx.get(proxy + "/healthz").json() == {"status": "ok"}
            assert httpx.head(proxy + "/metrics").status_code == 200
            assert httpx.post(proxy + "/metrics").status_code == 201  # the upstream's
            page = httpx.get(proxy + "/metrics").text
            for line in (
                'flaglift_requests_total{mode="translate",outcome="translated",'
                'route="/tunes/:id/prompts",status="201"} 1.0',
                'flaglift_untouched_requests_total{reason="media-type",'
                'route="/tunes/:id/prompts"} 1.0',
                'flaglift_prompts_total{mode="translate",route="/tunes/:id/prompts",'
                'status="refused"} 1.0',
                'flaglift_findings_total{code="FL101"} 1.0',
                'flaglift_request_seconds_count{mode="translate"} 4.0',
            ):
                assert line in page
            assert "process_resident_memory_bytes" in page
            for _ in range(100):
                report = httpx.get(proxy + "/traffic?hours=2").json()
                if report["rows"]:
                    break
                time.sleep(0.1)
            assert (report["hours"], report["clean"]) == (2, False)
            assert report["rows"][0]["legacy"] == 2
            assert httpx.get(proxy + "/traffic").json()["hours"] == 24
            for wrong in ("0", "-1", "x", "99999"):
                assert httpx.get(f"{proxy}/traffic?hours={wrong}").status_code == 400
        assert [request.path for request in service.received] == [PATH, PATH, PATH, "/metrics"]


def test_the_pages_may_have_an_address_of_their_own() -> None:
    with upstream() as service:
        options = Options(service.url, ("127.0.0.1", 0), operators=("127.0.0.1", 0))
        pages: list[str] = []
        with proxied(options, pages) as proxy:
            assert httpx.get(pages[1] + "/healthz").status_code == 200
            assert httpx.get(proxy + "/healthz").status_code == 201
            assert service.last.path == "/healthz"
            missing = httpx.get(pages[1] + "/x")
            assert missing.status_code == 404
            assert "/metrics" in json.loads(missing.text)["base"][0]
            assert httpx.post(pages[1] + "/metrics").status_code == 404


def test_hours_begin_at_full_hours() -> None:
    assert hour_of(7205.9) == 7200
    assert traffic.HOUR == 3600
