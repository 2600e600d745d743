"""A file that is decided on in several processes: what comes of it is the same."""

import gc
import json
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import zstandard

from flaglift.errors import InputError
from flaglift.migrate import workers
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.files.store import FileStore
from flaglift.migrate.job import Job
from flaglift.migrate.sampling import Look, Seen
from flaglift.migrate.tally import Tally
from flaglift.migrate.workers import Workers
from migrate.conftest import PROMPTS
from migrate.sources import control, deadly, opened, undone, verified
from migrate.test_kill import content
from running import flaglift

pytestmark = pytest.mark.measured

FILES = ("p.jsonl", "p.json", "p.csv", "p.parquet", "p.jsonl.gz", "p.csv.zst")
SHOWN = Look(2, listed=True)
PLAIN = [prompt for prompt in PROMPTS if '"' not in prompt and "\n" not in prompt]
MANY = [f"{prompt} {number}" for number in range(12) for prompt in PROMPTS]


def applied(
    path: Path,
    jobs: int,
    rows: int = 5,
    meddle: Callable[[Workers], None] = lambda _: None,
    look: Callable[..., Any] = SHOWN,
    **options: Any,
) -> tuple[Tally, list[Seen]]:
    """Apply in chunks of so many records; return the counts, and what was seen of each chunk."""
    job = Job(str(path), **options)
    seen: list[Seen] = []
    run = control(rows=rows)
    run.look = look
    run.throttle.learn = lambda *_: None  # type: ignore[method-assign]
    with ExitStack() as stack:
        store = stack.enter_context(opened(job))
        assert isinstance(store, FileStore)
        writer = stack.enter_context(store.writing(restart=False))
        decide = decider_of(job, store.fields)
        ahead = stack.enter_context(closing(Workers(job, store, run, jobs))) if jobs > 1 else None

        def watch(_: Tally, each: Seen) -> None:
            seen.append(each)
            if ahead:
                meddle(ahead)

        run.watch = watch
        assert Migration(store, decide, run, ahead.parts if ahead else None).apply(writer)
        writer.finish()
        return writer.run.tally, seen


def journal(path: Path) -> list[tuple[Any, ...]]:
    """Return all that a journal says but when and by which run."""
    with sqlite3.connect(f"{path}.flaglift") as db:
        blocks = db.execute("SELECT first, entries FROM journal ORDER BY first").fetchall()
        places = db.execute("SELECT hash, block FROM place ORDER BY 1, 2").fetchall()
        runs = db.execute("SELECT state, cursor, tally FROM run").fetchall()
    return [*blocks, *places, *runs]


def written(
    folder: Path, name: str, jobs: int, data: bytes | None = None, **options: Any
) -> list[Any]:
    """Return all that comes of a file."""
    folder.mkdir()
    path = folder / name
    data = data or content(name.removesuffix(".zst") if ".csv" in name else name, MANY)
    path.write_bytes(zstandard.compress(data) if name == "p.csv.zst" else data)
    tally, seen = applied(path, jobs, **options)
    result = path.with_name(name.replace("p.", "p.migrated."))
    shown = [
        (each.samples.prompts, each.samples.problems, each.refused) for each in seen if each.samples
    ]
    found = [result.read_bytes(), journal(path), tally, shown]
    chosen = {name: value for name, value in options.items() if name != "meddle"}
    assert verified(path, **chosen)[1] == []
    undone(path, **chosen)
    assert not result.exists()
    return found


@pytest.mark.parametrize("name", FILES)
def test_bytes_and_journal_are_the_same_with_any_number_of_processes(
    tmp_path: Path, name: str
) -> None:
    one = written(tmp_path / "1", name, 1)
    assert one == written(tmp_path / "2", name, 2)
    assert name != "p.jsonl" or one == written(tmp_path / "3", name, 3)
    assert one[2].changed == 48


def test_added_columns_and_unreadable_rows_are_the_same(tmp_path: Path) -> None:
    rows = [
        "id,text",
        *(f'{n},"{prompt}"' for n, prompt in enumerate(PLAIN)),
        '7,a 6" heel',
        "",
        "8",
    ]
    data = "\r\n".join(rows).encode()
    one, two = (
        written(tmp_path / str(jobs), "p.csv", jobs, data, create_columns=True) for jobs in (1, 2)
    )
    assert one == two
    assert one[2].problems == 2


def test_a_plan_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", MANY) + b"no JSON\n")
    refused = tmp_path / "refused"
    found: list[Any] = []
    for jobs in ("1", "2"):
        run = flaglift(
            "migrate", "plan", path, "--format", "json", "--refused", refused, "--jobs", jobs
        )
        assert run.returncode == 1, run.stderr
        document = json.loads(run.stdout)
        found.append((document["counts"], document["samples"], document["problems"]))
        found.append(refused.read_text())
    assert found[:2] == found[2:]
    assert len(found[1].splitlines()) == 13


def test_processes_that_are_killed_are_replaced(tmp_path: Path) -> None:
    whole = written(tmp_path / "1", "p.jsonl", 1)

    def kill(ahead: Workers) -> None:
        if not killed:
            killed.extend(ahead._pool._processes)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    killed: list[int] = []
    assert written(tmp_path / "2", "p.jsonl", 2, meddle=kill) == whole
    assert killed


def has_written(path: Path) -> bool:
    try:
        with sqlite3.connect(f"file:{path}.flaglift?mode=ro", uri=True) as db:
            return db.execute("SELECT cursor FROM run").fetchone() not in (None, ("null",))
    except sqlite3.OperationalError:  # it is not there yet, or has no tables
        return False


def test_a_record_that_ends_every_process_is_said(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    prompts = [*MANY[:12], 'deadly 6" heel --video', *MANY[12:24]]  # no shape decides on it
    path.write_bytes(content("p.jsonl", prompts))
    with pytest.raises(InputError, match="a process ended while it decided on the next lines"):
        applied(path, 2, look=deadly)
    assert has_written(path)
    assert applied(path, 1)[0].changed == 16  # what was done before is not done again


def test_a_damaged_row_group_is_said_by_the_process_that_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    data = bytearray(content("p.parquet", MANY))
    data[4:40] = b"\xff" * 36
    path.write_bytes(data)
    with pytest.raises(InputError, match="row group 0 is damaged"):
        applied(path, 2)


@pytest.mark.parametrize(("sign", "jobs"), [(signal.SIGKILL, 1), (signal.SIGINT, 3)])
def test_a_run_that_was_ended_goes_on_with_another_number_of_processes(
    tmp_path: Path, sign: signal.Signals, jobs: int
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", MANY * 20))
    command = [sys.executable, "-m", "flaglift", "migrate", "apply", str(path), "-q"]
    with subprocess.Popen(
        [*command, "--jobs", "2", "--rows-per-second", "300"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        while not has_written(path):
            assert process.poll() is None
            time.sleep(0.05)
        # To all of them, as a terminal does; a kill hits only the one.
        (os.killpg if sign is signal.SIGINT else os.kill)(process.pid, sign)
        process.communicate(timeout=60)  # ends when the workers' copies are closed
    assert process.returncode == (130 if sign is signal.SIGINT else -sign)
    assert journal(path)[-1][0] == "running"
    run = flaglift("migrate", "apply", path, "-q", "--jobs", str(jobs))
    assert run.returncode == 1, run.stderr  # some are refused
    other = tmp_path / "other" / "p.jsonl"
    other.parent.mkdir()
    other.write_bytes(path.read_bytes())
    applied(other, 1, rows=2000)
    results = [each.with_name("p.migrated.jsonl").read_bytes() for each in (path, other)]
    assert results[0] == results[1]


@pytest.mark.parametrize(
    ("source", "options", "said"),
    [
        ("sqlite:///{}/p.db#p", ("--create-columns",), "--jobs is for files"),
        ("{}/p.jsonl", ("--limit", "3"), "--limit counts in one process"),
    ],
)
def test_what_one_process_has_to_do_is_said_before_anything_is_done(
    tmp_path: Path, source: str, options: tuple[str, ...], said: str
) -> None:
    (tmp_path / "p.jsonl").write_bytes(content("p.jsonl", PROMPTS))
    with sqlite3.connect(tmp_path / "p.db") as db:
        db.execute("CREATE TABLE p (id INTEGER PRIMARY KEY, text TEXT)")
    before = sorted(os.listdir(tmp_path))
    for verb in ("plan", "apply"):
        run = flaglift("migrate", verb, source.format(tmp_path), *options, "--jobs", "2")
        assert run.returncode == 2
        assert said in run.stderr
    assert sorted(os.listdir(tmp_path)) == before


def test_a_worker_returns_no_more_than_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", PROMPTS))
    monkeypatch.setattr(workers, "start_worker", bool)
    monkeypatch.setattr(workers, "_worker", None)
    job = Job(str(path))
    with opened(job) as store:
        assert isinstance(store, FileStore)
        chunk = store.cut(None, 10)
        assert chunk
        workers._start(job, pickle.loads(pickle.dumps(store)), Look())  # noqa: S301
        part = workers._part(chunk, write=True)
    gc.unfreeze()
    assert (part.chunk.records, part.chunk.body, part.decided) == ((), None, ())
    assert part.tally.changed == 4
    assert part.made.entries.hashes
