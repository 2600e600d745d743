"""SIGKILL to workers and to the driver in the middle of a job: no file is lost, none is doubled."""

import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flaglift.migrate.job import Job
from flaglift.migrate.manifest import NAME
from flaglift.migrate.opening import open_store
from running import flaglift
from spark.warehouse import contents, warehouse

FILES, ROWS = 4, 5_000


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: small chunks are synced often."""
    memory = Path("/dev/shm")  # noqa: S108
    place = memory if memory.is_dir() else tmp_path
    with tempfile.TemporaryDirectory(dir=place) as name:
        yield warehouse(Path(name) / "house", files=FILES, rows=ROWS)


@pytest.fixture
def expected(tmp_path: Path) -> dict[str, object]:
    """What comes out when each file is migrated by itself."""
    alone = warehouse(tmp_path / "alone", files=FILES, rows=ROWS)
    for path in alone.glob("*.parquet"):
        flaglift("migrate", "apply", path, "--replace", "-q")
    return contents(alone)


def command(folder: Path) -> list[str]:
    apply = ["migrate", "apply", "--engine", "spark", "--master", "local[2,4]", "-q"]
    slowly = ["--replace", "--chunk-seconds", "0.05"]
    return [sys.executable, "-m", "flaglift", *apply, *slowly, f"{folder}/?.parquet"]


def begun(folder: Path) -> subprocess.Popen[bytes]:
    """Start a job, and return it when a file of it is being written."""
    process = subprocess.Popen(command(folder), stderr=subprocess.DEVNULL, start_new_session=True)
    until(lambda: any(folder.glob(".*flaglift-partial")) or process.poll() is not None)
    assert process.poll() is None
    return process


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not done():
        assert time.monotonic() < end
        time.sleep(0.005)


def workers(session: int) -> Iterator[int]:
    """Yield the Python processes of a session that run tasks: those that the daemon has forked."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            line = (folder / "cmdline").read_bytes()
        except OSError:  # it has ended
            continue
        if int(fields[3]) == session and b"pyspark.daemon" in line:
            found[int(folder.name)] = int(fields[1])
    yield from (process for process, parent in found.items() if parent in found)


def assert_done_once(folder: Path, expected: dict[str, object]) -> None:
    assert contents(folder) == expected
    for name in expected:
        with sqlite3.connect(folder / f"{name}.flaglift") as db:
            ((state,),) = db.execute("SELECT state FROM run").fetchall()
        db.close()
        assert state == "replaced"
        store = open_store(Job(str(folder / name)), write=False)
        keys = [entry.key for run in store.runs() for entry in store.entries(run)]
        store.close()
        assert (len(keys), len(set(keys))) == (ROWS // 2 - 1, ROWS // 2 - 1)
        assert flaglift("migrate", "verify", folder / name).returncode == 0
    assert len(list((folder / NAME).glob("*.parquet-*.json"))) == FILES


def test_workers_that_are_killed(folder: Path, expected: dict[str, object]) -> None:
    process = begun(folder)
    killed = 0
    for _ in range(2):
        for worker in list(workers(process.pid)):
            os.kill(worker, signal.SIGKILL)
            killed += 1
        time.sleep(0.3)
    assert killed
    assert process.wait(timeout=240) == 1  # one prompt of each file is refused
    assert_done_once(folder, expected)


def test_a_driver_that_is_killed(folder: Path, expected: dict[str, object]) -> None:
    for _ in range(2):
        process = begun(folder)
        process.kill()  # its JVM and its workers may go on for a while
        process.wait()
    done = subprocess.run(command(folder), stderr=subprocess.PIPE, check=False, timeout=240)
    assert done.returncode == 1, done.stderr
    assert_done_once(folder, expected)
