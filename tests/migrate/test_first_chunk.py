"""Orders to stop, to pause or to wait are obeyed before the first chunk, too."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from cli.test_migrate_verb import call
from flaglift.cli import EXIT_INTERRUPTED
from flaglift.migrate.control import Control
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.job import Job
from flaglift.migrate.limits import LoadLimits
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle
from flaglift.migrate.undoing import undo
from migrate.conftest import Database, open_database
from migrate.sources import applied, opened
from migrate.test_manners import VIDEO, lines
from migrate.test_sql import kill_connections


@pytest.fixture(params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path)


@pytest.fixture(params=["file", "sqlite"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "file":
        yield str(lines(tmp_path / "p.jsonl", 9))
        return
    for database in open_database("sqlite", tmp_path):
        yield database.prompts([VIDEO.format(i) for i in range(9)])


def test_a_stop_that_was_asked_for_before(
    source: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    order = tmp_path / "control"
    options = (source, "--control-file", str(order))
    order.write_text("stop = true")
    assert call("plan", *options, "-q") == EXIT_INTERRUPTED
    assert ": 0 records read" in capsys.readouterr().out
    assert call("apply", *options, "-q") == EXIT_INTERRUPTED
    assert ": 0 records read, 0 changed" in capsys.readouterr().out
    order.unlink()
    assert call("apply", *options, "-q") == 0
    order.write_text("stop = true")
    capsys.readouterr()
    assert call("undo", *options) == EXIT_INTERRUPTED
    said = capsys.readouterr().out
    assert ": 0 records restored\n" in said
    assert "stopped before the end; run the same command again to resume" in said
    order.unlink()
    assert call("undo", *options) == 0
    assert f"{9 * ('://' in source)} records restored of 1 run" in capsys.readouterr().out


@pytest.mark.parametrize("held", ["pause file", "control file", "load"])
def test_a_pause_that_began_before(held: str, source: str, tmp_path: Path) -> None:
    file = tmp_path / "held"
    file.write_text("pause = true")
    left = [3]
    read: list[Tally] = []

    def sleep(_: float) -> None:
        assert not read
        left[0] -= 1
        if not left[0]:
            file.unlink()

    options: dict[str, dict[str, Any]] = {
        "pause file": {"pause_file": file},
        "control file": {"control_file": file},
        "load": {"held_up": lambda: "the load is 9" if left[0] else None},
    }
    throttle = Throttle(sleep=sleep, **options[held])
    control = Control(throttle, watch=lambda tally, _: read.append(tally))
    job = Job(source)
    with opened(job) as store, store.writing(restart=False) as writer:
        assert Migration(store, decider_of(job, store.fields), control).apply(writer)
    assert left == [0]
    assert writer.run.tally.changed == 9


@pytest.mark.parametrize("lost", range(1, 4))
def test_a_connection_that_is_lost_while_the_load_is_asked_for(
    lost: int, server: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = server.prompts([VIDEO.format(i) for i in range(4)])
    before = server.rows()
    job, asked = Job(source), [0]
    with opened(job) as store:
        pressure = store.pressure

        def lose() -> Mapping[str, float]:
            asked[0] += 1
            if asked[0] == lost:
                kill_connections(server)
            return pressure()

        monkeypatch.setattr(store, "pressure", lose)
        limits = LoadLimits(store, 1000, None)
        control = Control(Throttle(rows=2, held_up=limits), patience=(0.01, 0.01))
        with store.writing(restart=False) as writer:
            migration = Migration(store, decider_of(job, store.fields), control)
            assert migration.apply(writer)
            migration.finish(writer)
            assert writer.run.tally.changed == 4
        assert asked[0] >= lost
        asked[0] = 0
        assert undo(store, control).restored == 4
        assert asked[0] >= lost
    assert server.rows() == before
    assert applied(source).changed == 4
