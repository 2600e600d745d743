"""How a run stands back for others, is told what to do while it goes on, and what is left of it."""

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from sqlalchemy import text

from flaglift.cli import EXIT_INTERRUPTED, cli
from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.job import Job
from flaglift.migrate.limits import LoadLimits
from flaglift.migrate.records import Chunk
from flaglift.migrate.throttle import Throttle
from flaglift.migrate.undoing import undo
from migrate.conftest import PROMPTS, Database, open_database
from migrate.sources import applied, control, opened, undone

VIDEO = "cat {} --video --video_model kling25 --duration 5"


def call(*argv: str) -> int:
    code: int = cli.main(["migrate", *argv], prog_name="flaglift", standalone_mode=False)
    return code


def lines(path: Path, count: int = 6) -> Path:
    path.write_text("".join(json.dumps({"text": VIDEO.format(i)}) + "\n" for i in range(count)))
    return path


class Orders:
    """A control file that says the next thing each time the run has waited for the last."""

    def __init__(self, path: Path, *documents: str | None) -> None:
        self.path = path
        self.said: list[str] = []
        self._documents = list(documents)
        self.next()

    def next(self, seconds: float = 0.0) -> None:  # noqa: ARG002
        document = self._documents.pop(0)
        if document is None:
            self.path.unlink()
        else:
            self.path.write_text(document)

    def throttle(self) -> Throttle:
        return Throttle(control_file=self.path, sleep=self.next, say=self.said.append)


def never() -> bool:
    return False


def test_a_control_file_is_obeyed_between_chunks(tmp_path: Path) -> None:
    orders = Orders(tmp_path / "control", "rate = 50\nchunk = 0.1", "pause = true", None)
    throttle = orders.throttle()
    throttle.wait(1, 1.0, never)
    assert (throttle.rows_per_second, throttle.chunk_seconds) == (50, 0.1)
    throttle.learn(1000, 1000, 0.1)
    assert throttle.rows <= 50
    orders.next()
    throttle.wait(0, 1.0, never)
    assert orders.said == [f"waiting: {orders.path} says so"]
    assert throttle.rows_per_second == 50
    assert not throttle.stop_asked
    orders.path.write_text("stop = true")
    throttle.wait(1, 1.0, never)
    assert throttle.stop_asked


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("speed = 1", "`speed` is not one of rate, chunk, pause, stop"),
        ("rate = 'fast'", "`rate` is a number above 0"),
        ("rate = true", "`rate` is a number above 0"),
        ("chunk = 0", "`chunk` is a number above 0"),
        ("rate = inf", "`rate` is a number above 0"),
        ("rate = nan", "`rate` is a number above 0"),
        ("chunk = inf", "`chunk` is a number above 0"),
        ("pause = 1", "`pause` is true or false"),
        ("stop =", "Invalid value"),
    ],
)
def test_a_run_waits_until_it_understands_what_it_is_told(
    tmp_path: Path, document: str, reason: str
) -> None:
    orders = Orders(tmp_path / "control", document, document, "pause = false")
    orders.throttle().wait(1, 1.0, never)
    (said,) = orders.said
    assert said.startswith(f"waiting: {orders.path}: ")
    assert reason in said


def test_a_run_does_not_hang_where_its_orders_are_a_pipe(tmp_path: Path) -> None:
    path = tmp_path / "control"
    os.mkfifo(path)
    said: list[str] = []
    throttle = Throttle(control_file=path, sleep=lambda _: path.unlink(), say=said.append)
    throttle.wait(1, 1.0, never)
    assert said[0].startswith(f"waiting: {path}: ")
    assert said[0].endswith("Not a regular file")


def test_a_lower_rate_holds_for_the_next_chunk(tmp_path: Path) -> None:
    (tmp_path / "control").write_text("rate = 10")
    throttle = Throttle(rows=20_000, control_file=tmp_path / "control")
    throttle.wait(1, 1.0, never)
    assert throttle.rows == 10


def test_a_control_file_is_obeyed_while_the_next_chunk_is_not_due(tmp_path: Path) -> None:
    path, clock = tmp_path / "control", [0.0]
    orders = {1.0: "rate = 200", 5.0: "rate = 1000", 6.0: "stop = true"}

    def sleep(seconds: float) -> None:
        clock[0] = round(clock[0] + seconds, 3)
        if clock[0] in orders:
            path.write_text(orders[clock[0]])

    throttle = Throttle(rows_per_second=100, control_file=path, clock=lambda: clock[0], sleep=sleep)
    throttle.wait(10_000, 0.0, never)
    assert throttle.stop_asked
    # 100 s are due; 99 s become 49.5 s, of which 45.5 s become 9.1 s.
    assert clock[0] == 6.0
    orders.clear()
    path.write_text("rate = 1000")
    throttle.stop_asked = False
    throttle.wait(10_000, 0.0, never)
    assert clock[0] == pytest.approx(16.0)


def test_a_run_waits_while_others_work(tmp_path: Path) -> None:
    reasons = iter(["the load is 9", "the load is 9", "the load is 8", None])
    said: list[str] = []
    throttle = Throttle(held_up=lambda: next(reasons), say=said.append, sleep=lambda _: None)
    throttle.wait(1, 0.0, never)
    assert said == ["waiting: the load is 9", "waiting: the load is 8"]
    Throttle(held_up=lambda: "the load is 9").wait(1, 0.0, lambda: True)


def test_a_stop_in_the_control_file_ends_a_run_that_goes_on_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, control = lines(tmp_path / "p.jsonl", 900), tmp_path / "control"
    control.write_text("stop = true")
    options = (str(path), "-q", "--control-file", str(control))
    assert call("plan", *options) == EXIT_INTERRUPTED
    assert call("apply", *options, "--replace") == EXIT_INTERRUPTED
    assert "stopped before the end" in capsys.readouterr().out
    assert call("status", str(path)) == 0
    assert "stopped, begun" in capsys.readouterr().out
    control.unlink()
    assert call("apply", *options, "--replace") == 0
    control.write_text("stop = true")
    assert call("undo", str(path), "--control-file", str(control)) == EXIT_INTERRUPTED
    control.unlink()
    assert call("undo", str(path), "--control-file", str(control)) == 0
    assert path.read_text().count("--video ") == 900


def test_an_undo_keeps_to_a_rate(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(30)])
    before = database.rows()
    applied(source)
    naps: list[float] = []
    chosen = Control(Throttle(rows_per_second=4, sleep=naps.append, clock=lambda: sum(naps)))
    with opened(Job(source)) as store:
        assert undo(store, chosen).restored == 30
    assert 5.0 < sum(naps) < 8.0
    assert database.rows() == before


def test_an_undo_of_a_file_keeps_to_a_rate(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", 30)
    before = path.read_bytes()
    applied(path, replace=True)
    naps: list[float] = []
    chosen = Control(Throttle(rows_per_second=4, sleep=naps.append, clock=lambda: sum(naps)))
    with opened(Job(str(path))) as store:
        assert undo(store, chosen).restored == 30
    assert 5.0 < sum(naps) < 8.0
    assert path.read_bytes() == before


def test_the_last_passes_over_a_table_obey_the_control_file(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(3)])
    chosen = control()
    chosen.throttle.control_file = tmp_path / "control"
    job = Job(source)
    with opened(job) as store, store.writing(restart=False) as writer:
        read = store.read_left

        def read_left(*args: Any) -> Chunk | None:
            (tmp_path / "control").write_text("stop = true")
            database.run("INSERT INTO prompts (id, text) VALUES (9, 'late --video')")
            return read(*args)

        monkeypatch.setattr(store, "read_left", read_left)
        assert not Migration(store, decider_of(job, store.fields), chosen).apply(writer)
        assert writer.run.state == "running"
    (tmp_path / "control").unlink()
    assert applied(source).changed == 3


def test_the_work_of_others_on_a_server(database: Database) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(3)])
    with opened(Job(source), write=False) as store:
        if database.kind == "sqlite":
            with (
                pytest.raises(InputError, match="does not tell what --max-load limits"),
                LoadLimits(store, 5, None).watching(),
            ):
                pass
            assert LoadLimits(store, None, None)() is None
            return
        quiet = store.pressure()["load"]
        sleep = "pg_sleep" if database.kind == "postgresql" else "sleep"
        connections = [database.engine.connect() for _ in range(2)]
        threads = [
            threading.Thread(target=c.execute, args=(text(f"SELECT {sleep}(2)"),))
            for c in connections
        ]
        for thread in threads:
            thread.start()
        limits = LoadLimits(store, quiet, None)
        end = time.monotonic() + 2
        reasons = set()
        while time.monotonic() < end:
            reasons.add(limits())
            time.sleep(0.05)
        for thread, connection in zip(threads, connections, strict=True):
            thread.join()
            connection.close()
        assert any(reason and reason.startswith("the load is ") for reason in reasons)
        lag = store.pressure().get("lag")
        if database.kind == "postgresql":
            assert lag == 0
            assert LoadLimits(store, None, 10)() is None
        else:
            with (
                pytest.raises(InputError, match="does not tell what --max-replica-lag limits"),
                LoadLimits(store, None, 10).watching(),
            ):
                pass


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[Database]:
    yield from open_database("postgresql", tmp_path)


def test_an_account_that_does_not_see_the_work_of_others(postgresql: Database) -> None:
    source = postgresql.prompts([VIDEO.format(1)])
    postgresql.run("DROP ROLE IF EXISTS flaglift_blind")
    postgresql.run("CREATE ROLE flaglift_blind LOGIN")
    postgresql.run("GRANT SELECT ON prompts TO flaglift_blind")
    blind = postgresql.engine.url.set(drivername="postgresql", username="flaglift_blind")
    try:
        address = blind.render_as_string(hide_password=False)
        with pytest.raises(InputError, match="GRANT pg_read_all_stats"):
            call("plan", f"{address}#prompts", "-q", "--max-load", "5")
    finally:
        postgresql.run("DROP OWNED BY flaglift_blind")
        postgresql.run("DROP ROLE flaglift_blind")
    assert source.endswith("#prompts")


def test_limits_are_for_servers(tmp_path: Path) -> None:
    source = lines(tmp_path / "p.jsonl")
    for verb in ("plan", "apply"):
        with pytest.raises(InputError, match="does not tell what --max-load limits"):
            call(verb, str(source), "-q", "--max-load", "5")
    assert [*tmp_path.iterdir()] == [source]


def test_journals_are_listed_and_deleted(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    source = database.prompts([VIDEO.format(i) for i in range(50)])
    applied(source)
    assert call("runs", source, "--format", "json") == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run["journal_bytes"] > 100
    assert call("runs", source) == 0
    assert f"its journal takes {run['journal_bytes']:,} bytes" in capsys.readouterr().out
    assert call("purge", source, "--before", "2020-01-01") == 0
    assert "journals of 0 runs" in capsys.readouterr().out
    assert call("purge", source, "--run", run["run"]) == 0
    assert "can no longer be undone" in capsys.readouterr().out
    with opened(Job(source), write=False) as store:
        assert [(r.state, store.journal_bytes(r)) for r in store.runs()] == [("purged", 0)]
    assert undone(source).runs == []
    assert applied(source).changed == 0


def test_the_journal_of_a_file_gives_its_room_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, journal = lines(tmp_path / "p.jsonl", 6000), tmp_path / "p.jsonl.flaglift"
    applied(path, replace=True)
    full = journal.stat().st_size
    assert call("runs", str(path)) == 0
    assert "its journal takes" in capsys.readouterr().out
    assert call("purge", str(path), "--all") == 0
    assert journal.stat().st_size < full / 4
    with sqlite3.connect(journal) as db:
        assert db.execute("SELECT state FROM run").fetchall() == [("purged",)]
    db.close()
    assert applied(path, replace=True).changed == 0


def test_a_journal_that_is_needed_is_kept(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl", 900)
    asked = iter([False, False, True])
    applied(path, rows=10, stopped=lambda: next(asked))
    with pytest.raises(InputError, match="is unfinished; finish it or undo it"):
        call("purge", str(path), "--all")
    with pytest.raises(InputError, match="there is no run 2020"):
        call("purge", str(path), "--run", "2020")
    with pytest.raises(click.UsageError, match="--run, --before or --all"):
        call("purge", str(path))


def test_a_run_that_went_on_since_it_was_read(database: Database) -> None:
    source = database.prompts([*PROMPTS, *PROMPTS])
    before = database.rows()
    asked = iter([False, True])
    applied(source, rows=4, stopped=lambda: next(asked))
    with opened(Job(source), write=True) as store:
        (early,) = store.runs()
        applied(source)
        assert early.tally.changed < store.runs()[0].tally.changed
        held, broken = store.verify(early)
        assert (len(held), broken) == (1, [])
        with store.undoing(early) as undoer:
            while undoer.undo(100):
                pass
            undoer.finish()
    assert database.rows() == before
