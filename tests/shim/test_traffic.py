"""Who still sends flags: what is counted, kept and told."""

import asyncio
import contextlib
import itertools
import json
import os
import shutil
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
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
from flaglift.shim.proxy.report import HOUR, ProxyRun, Report
from flaglift.shim.proxy.request import Request
from flaglift.shim.proxy.traffic import Sender, TrafficStore, Worker, hour_of
from lossless.timing import growth
from shim.forms import JSON, LEGACY, UNREADABLE, json_body
from shim.servers import proxied, upstream

PATH = "/tunes/7/prompts"
WORKER = Worker("one")


def sent(*headers: tuple[str, str], client: str | None = "10.0.0.1") -> Request:
    pairs = [(name.encode(), value.encode()) for name, value in headers]
    body = Body(lambda: None, lambda: None)
    return Request("POST", PATH.encode(), "1.1", pairs, pairs, True, body, client)


def seen(text: str, mode: Mode = Mode.TRANSLATE, media_type: str = JSON) -> Inspection:
    headers = [(b"content-type", media_type.encode())]
    looked = inspect(Target("POST", PATH), headers, Policy(mode))
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


def count(store: TrafficStore, *inspections: Inspection) -> Counting:
    counts = Counting(store, Callers(store.secret), WORKER)
    for inspection in inspections:
        counts(Exchange(sent(("user-agent", "old/1")), PATH.encode(), inspection))
    asyncio.run(counts.write())
    return counts


def test_the_report_counts_by_route_and_caller(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    other = inspect(Target("GET", "/x"), [], Policy())
    with TrafficStore(path) as store:
        count(
            store, seen(LEGACY), seen(UNREADABLE), seen("a cat"), seen(LEGACY, Mode.REPORT),
            seen(LEGACY, Mode.OFF), seen(LEGACY, media_type="text/plain"), other,
        )  # fmt: skip
        count(store, seen(LEGACY))
        secret = store.secret
    with TrafficStore(path, reads=True) as store:
        assert store.secret == secret
        report = store.report(1)
    (row,) = report.rows
    assert (row.route, row.caller, row.agent) == ("/tunes/:id/prompts", "10.0.0.1", "old/1")
    assert (row.requests, row.legacy, row.kept) == (7, 4, 2)
    assert row.unread == {"off": 1, "media-type": 1}
    assert time.time() - row.last < 60
    assert not report.clean
    assert json.loads(json.dumps(report.to_dict()))["rows"][0]["legacy"] == 4


def watched(store: TrafficStore, began: float, until: float, worker: Worker = WORKER) -> None:
    """Have a worker run from one moment to another, and end as it should."""
    store.add(worker, [], now=began)
    store.add(worker, [], now=until, ends=True)
    store._run = None


NOW = 1_800_000_000.0
TWO = [Worker("two", number, 2) for number in range(2)]


@pytest.mark.parametrize(
    ("runs", "hours"),
    [
        ([(WORKER, 2, 2), (WORKER, 1, 0)], 1),
        ([], 0),
        ([(WORKER, 5, 0)], 3),
        ([(WORKER, 5, 1), (WORKER, 1, 0)], 3),
        ([(WORKER, 5, 1.5), (WORKER, 0.5, 0)], 2),
        ([(WORKER, 5, 1), (WORKER, 4, 0)], 3),
        ([(TWO[0], 5, 0)], 0),
        ([(TWO[0], 5, 0), (TWO[1], 2, 1)], 1),
        ([(TWO[0], 5, 0), (TWO[1], 2, 1), (TWO[1], 1, 0)], 2),
        ([(TWO[0], 5, 1), (TWO[1], 5, 1), (WORKER, 1, 0)], 3),
        ([(WORKER, 9, 4)], 0),
    ],
)
def test_watched_is_when_all_workers_of_a_proxy_were_there(
    runs: list[tuple[Worker, float, float]], hours: float
) -> None:
    with TrafficStore(None) as store:
        for worker, began, until in runs:
            watched(store, NOW - began * HOUR, NOW - until * HOUR, worker)
        report = store.report(3, now=NOW)
    assert report.watched == hours * HOUR
    assert report.complete is report.clean is (hours == 3)


def test_a_minute_an_hour_is_left_to_restarts_but_lost_counts_are_not_forgiven() -> None:
    with TrafficStore(None) as store:
        watched(store, NOW - 5 * HOUR, NOW - HOUR)
        watched(store, NOW - HOUR + 179, NOW)
        assert store.report(3, now=NOW).complete
        assert not store.report(2, now=NOW).complete
    with TrafficStore(None) as store:
        store.add(WORKER, [], now=NOW - 5 * HOUR)
        store.add(WORKER, [], now=NOW - 1)
        running = store.report(3, now=NOW)
        assert (running.complete, running.watched) == (True, 3 * HOUR)
        store._run = None  # killed, and started again
        store.add(WORKER, [], now=NOW)
        store.add(WORKER, [], now=NOW + 3600)
        killed = store.report(3, now=NOW + 3600)
        assert not killed.complete
        assert [run.seen for run in killed.lost] == [NOW - 1]


def test_flags_count_while_they_are_in_the_time_asked_for() -> None:
    flags = Counter({"requests": 1, "legacy": 1})
    with TrafficStore(None) as store:
        store.add(WORKER, [], now=NOW - 9 * HOUR)
        for what in (flags, Counter({"unread:charset": 1})):
            sender = Sender("/tunes", min(what), "-")
            store.add(WORKER, [(sender, what)], now=NOW - 2 * HOUR)
        store.add(WORKER, [(Sender("/tunes", "new", "-"), Counter(requests=1))], now=NOW)
        report = store.report(3, now=NOW)
        assert (report.complete, report.clean) == (True, False)
        assert [row.silent for row in report.rows] == [False, True, False]
        later = store.report(1, now=NOW)
        assert (later.complete, later.clean) == (True, True)
        assert [row.last for row in later.rows] == [NOW - 2 * HOUR, 0, NOW - 2 * HOUR]


def test_a_file_of_another_version_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE seen (x)")
    for version in (0, 1):  # others begin to count at 1, too
        other.execute(f"PRAGMA user_version = {version}")
        for reads in (False, True):
            with pytest.raises(InputError, match=r"version of flaglift, or by another program"):
                TrafficStore(path, reads=reads)
    assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("seen",)]
    other.close()


def test_no_more_callers_are_told_apart_than_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_SENDERS", 2)
    with TrafficStore(None) as store:
        counts = Counting(store, Callers(b""), WORKER)
        for number in range(5):
            counts(Exchange(sent(client=f"10.0.0.{number}"), PATH.encode(), seen(LEGACY)))
        asyncio.run(counts.write())
        callers = {row.caller: row.legacy for row in store.report(1).rows}
    assert callers == {"10.0.0.0": 1, "10.0.0.1": 1, "(others)": 3}


def test_counts_that_cannot_be_written_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "traffic.db"
    with TrafficStore(path) as store:
        counts = Counting(store, Callers(b""), WORKER)
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        with sqlite3.connect(path) as other:
            other.execute("ALTER TABLE sent RENAME TO hidden")
        asyncio.run(counts.write())
        assert "cannot be written" in caplog.text
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        other.execute("ALTER TABLE hidden RENAME TO sent")
        other.close()
        asyncio.run(counts.write())
        assert store.report(1).rows[0].legacy == 2


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_is_taken_away_is_said_and_its_counts_are_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, replaced: bool
) -> None:
    path, away = tmp_path / "traffic.db", tmp_path / "away.db"
    with TrafficStore(path) as store:
        path.rename(away)
        if replaced:
            path.touch()
        counts = Counting(store, Callers(b""), WORKER)
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        for _ in range(3):
            asyncio.run(counts.write())
        [told] = caplog.messages  # it tries once a second
        assert "traffic.db: was removed or replaced; put it back" in told
        asyncio.run(counts.write(ends=True))
        assert caplog.messages == [told, told]
        with pytest.raises(InputError, match="was removed or replaced"):
            store.report(1)
        away.replace(path)
        asyncio.run(counts.write())
        assert store.report(1).rows[0].legacy == 1


def test_it_writes_every_so_often(tmp_path: Path) -> None:
    async def run(store: TrafficStore) -> None:
        counts = Counting(store, Callers(b""), WORKER)
        counts(Exchange(sent(), PATH.encode(), seen(LEGACY)))
        keeping = asyncio.ensure_future(counts.keep(every=0.01))
        while not store.report(1).rows:
            await asyncio.sleep(0.01)
        keeping.cancel()

    with TrafficStore(tmp_path / "traffic.db") as store:
        asyncio.run(run(store))


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    missing = tmp_path / "missing.db"
    with pytest.raises(InputError, match=r"missing\.db: no such file; `flaglift serve --traffic`"):
        TrafficStore(missing, reads=True)
    assert not missing.exists()
    with pytest.raises(InputError, match="cannot be used for traffic: file name too long"):
        TrafficStore(tmp_path / ("x" * 300), reads=True)
    empty = tmp_path / "empty.db"
    empty.touch()
    with pytest.raises(InputError, match=r"empty\.db: is empty; `flaglift serve --traffic` writes"):
        TrafficStore(empty, reads=True)
    os.mkfifo(tmp_path / "pipe")
    for other in (tmp_path, tmp_path / "pipe"):
        for reads in (False, True):
            with pytest.raises(InputError, match="is not a regular file"):
                TrafficStore(other, reads=reads)
    text = tmp_path / "text"
    text.write_text("no database " * 100)
    with pytest.raises(InputError, match="file is not a database"):
        TrafficStore(text)
    with pytest.raises(InputError, match="cannot be used for traffic"):
        TrafficStore(tmp_path / "no" / "folder.db")


@contextlib.contextmanager
def unwritable(path: Path) -> Iterator[None]:
    """Let nobody write a file, nor next to it. Who may write everywhere is somebody else then."""
    user, top = os.geteuid(), Path(tempfile.gettempdir())
    folders = list(itertools.takewhile(lambda folder: folder != top, path.parents))
    modes = [folder.stat().st_mode for folder in folders]
    for folder in folders:
        folder.chmod(0o555)
    path.chmod(0o444)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        for folder, mode in zip(folders, modes, strict=True):
            folder.chmod(mode)


def test_a_file_is_read_where_nothing_may_be_written(tmp_path: Path) -> None:
    path = tmp_path / "it's 100 %?#.db"
    with TrafficStore(path) as store:
        store.add(WORKER, [(Sender("r", "c", "a"), Counter(requests=1, legacy=1))])
    with unwritable(path), TrafficStore(path, reads=True) as store:
        assert store.report(1).rows[0].legacy == 1
        with pytest.raises(InputError, match="readonly database"):
            store.add(WORKER, [])
        with pytest.raises(InputError, match="readonly database"):
            TrafficStore(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_written_to_is_not_read_without_what_is_next_to_it(tmp_path: Path) -> None:
    path, copy = tmp_path / "traffic.db", tmp_path / "copy" / "traffic.db"
    copy.parent.mkdir()
    with TrafficStore(path) as store:
        store.add(WORKER, [(Sender("r", "c", "a"), Counter(requests=1, legacy=1))])
        with TrafficStore(path, reads=True) as reader:
            assert reader.report(1).rows[0].legacy == 1
        for end in ("", "-wal"):
            shutil.copy(f"{path}{end}", f"{copy}{end}")
    with unwritable(copy), pytest.raises(InputError, match="cannot be used for traffic"):
        TrafficStore(copy, reads=True)


def alter(path: Path, statement: str, values: tuple[object, ...] = ()) -> None:
    """Change a file as another program may."""
    with contextlib.closing(sqlite3.connect(path)) as other, other:
        other.execute(statement, values)


def test_a_file_that_is_damaged_is_named(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    TrafficStore(path).close()
    alter(path, "DROP TABLE runs")
    with (
        TrafficStore(path, reads=True) as store,
        pytest.raises(InputError, match=r"traffic\.db: cannot be read: no such table: runs"),
    ):
        store.report(1)
    options = Options("http://127.0.0.1:9", ("127.0.0.1", 0), traffic=path)
    with proxied(options) as proxy, sqlite3.connect(path) as other:
        other.execute("DROP TABLE sent")
        answer = httpx.get(proxy + "/traffic")
    other.close()
    assert answer.status_code == 503
    assert "cannot be read: no such table: sent" in answer.json()["base"][0]


@pytest.mark.parametrize(
    ("what", "count", "last", "sentence"),
    [
        ("seen", 1, 1.0, "it counts `seen`, which this version of flaglift does not know"),
        ("last", 1, 1.0, "it counts `last`, which"),
        ("add", 1, 1.0, "it counts `add`, which"),
        (b"legacy", 1, 1.0, "cannot be read: row 1 of its table `sent` is damaged"),
        ("legacy", "many", 1.0, "row 1 of its table `sent` is damaged; name a new file"),
        ("legacy", 1.5, 1.0, "row 1 of its table `sent` is damaged"),
        ("legacy", -1, 1.0, "row 1 of its table `sent` is damaged"),
        ("legacy", 1, "today", "row 1 of its table `sent` is damaged"),
        ("legacy", 1, -1.0, "row 1 of its table `sent` is damaged"),
        ("legacy", 1, float("inf"), "row 1 of its table `sent` is damaged"),
    ],
)
def test_counts_of_another_kind_are_no_report(
    tmp_path: Path, what: object, count: object, last: object, sentence: str
) -> None:
    path = tmp_path / "traffic.db"
    TrafficStore(path).close()
    row = (hour_of(time.time()), "/p", "", "", what, count, last)
    alter(path, "INSERT INTO sent VALUES (?, ?, ?, ?, ?, ?, ?)", row)
    with TrafficStore(path, reads=True) as store, pytest.raises(InputError) as caught:
        store.report(1)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("name", ["route", "caller", "agent"])
def test_names_that_are_no_text_are_no_report(tmp_path: Path, name: str) -> None:
    path = tmp_path / "traffic.db"
    with TrafficStore(path) as store:
        store.add(WORKER, [(Sender("r", "c", "a"), Counter(requests=1))])
        alter(path, f"UPDATE sent SET {name} = x'ff'")  # noqa: S608 - one of three
        with pytest.raises(InputError, match="row 1 of its table `sent` is damaged"):
            store.report(1)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("proxy", b"p"), ("worker", "x"), ("worker", -1), ("worker", 1), ("workers", "two"),
        ("workers", 0), ("began", "x"), ("began", -1.0), ("seen", "x"), ("seen", float("inf")),
        ("ended", "no"), ("ended", 2),
    ],
)  # fmt: skip
def test_times_of_another_kind_are_no_report(tmp_path: Path, column: str, value: object) -> None:
    path = tmp_path / "traffic.db"
    with TrafficStore(path) as store:
        watched(store, NOW - 5 * HOUR, NOW)
        assert store.report(3, now=NOW).clean
        alter(path, f"UPDATE runs SET {column} = ?", (value,))  # noqa: S608 - one of ours
        with pytest.raises(InputError, match="row 1 of its table `runs` is damaged"):
            store.report(3, now=NOW)


def test_a_file_without_its_key_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    TrafficStore(path).close()
    alter(path, "UPDATE secret SET value = 'text'")
    for reads in (False, True):
        with pytest.raises(InputError, match=r"traffic\.db: its table `secret` is damaged"):
            TrafficStore(path, reads=reads)


def test_a_file_that_computes_what_is_read_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    TrafficStore(path).close()
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
    alter(path, "DROP TABLE sent")
    alter(path, f"CREATE VIEW sent AS {endless}")
    for reads in (False, True):
        with pytest.raises(InputError, match="by another program"):
            TrafficStore(path, reads=reads)


def test_what_comes_after_now_is_not_watched_yet() -> None:
    with TrafficStore(None) as store:
        watched(store, NOW - HOUR, NOW + 24 * HOUR)  # the clock was wrong
        report = store.report(24, now=NOW)
        assert (report.watched, report.clean) == (HOUR, False)
    with TrafficStore(None) as store:
        store.add(WORKER, [], now=NOW - 5 * HOUR)
        store.add(WORKER, [], now=NOW + HOUR)
        assert not store.report(3, now=NOW).complete  # it may have ended long ago


@pytest.mark.parametrize("workers", [1, 2])
def test_a_proxy_that_restarts_all_the_time_is_reported_in_time(workers: int) -> None:
    def report(count: int) -> Report:
        runs = [
            ProxyRun(str(run if workers == 1 else 0), number, workers, run, run + 0.5, True)
            for run in range(count)
            for number in range(workers)
        ]
        return Report(24, 0, count, runs, [])

    assert report(100).watched == 50
    few, many = bytes(300), bytes(3000)
    assert growth(lambda data: report(len(data)).watched, few, many) < 30  # a quadratic one: 100


def test_a_file_that_others_have_locked_holds_up_no_request(tmp_path: Path) -> None:
    path = tmp_path / "traffic.db"
    with (
        upstream() as service,
        proxied(Options(service.url, ("127.0.0.1", 0), traffic=path)) as proxy,
        ThreadPoolExecutor(1) as operator,
        contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        time.sleep(1.5)  # within a second, it tries to write what it has counted: for ten
        report = operator.submit(httpx.get, proxy + "/traffic", timeout=60)
        time.sleep(0.5)
        assert httpx.post(proxy + PATH, json={"text": LEGACY}).status_code == 201
        assert not report.done()
        other.rollback()
        assert report.result().status_code == 200


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
            for wrong in ("", "0", "-1", "x", "99999", "9" * 5000, "%D9%A3"):
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


def test_workers_that_start_at_once_share_a_new_file(tmp_path: Path) -> None:
    for number in range(30):
        path = tmp_path / f"{number}.db"
        with ThreadPoolExecutor(4) as workers:
            stores = list(workers.map(lambda _, path=path: TrafficStore(path), range(4)))
        assert len({store.secret for store in stores}) == 1
        for store in stores:
            store.close()


def test_a_file_that_stays_locked_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(traffic, "_PATIENCE", 0.1)
    other = sqlite3.connect(tmp_path / "traffic.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(InputError, match=r"traffic\.db: cannot be used for traffic: .*locked"):
        TrafficStore(tmp_path / "traffic.db")
    other.close()
