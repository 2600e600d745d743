"""SIGKILL at every boundary of a small run, and at random moments of a larger one."""

import csv
import gzip
import io
import itertools
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from flaglift.migrate.job import Job
from migrate.conftest import PROMPTS, Database, open_database
from migrate.sources import opened

KILLER = Path(__file__).with_name("killer.py")
FILES = ("prompts.jsonl", "prompts.json", "prompts.csv", "prompts.parquet", "prompts.jsonl.gz",
         "prompts.jsonl.zst")  # fmt: skip
DATABASES = ("sqlite", "postgresql", "mysql")
CHANGED = 4
"""Of six prompts."""
PARTS = 4
"""Into which each long test is split, so that they run beside each other."""
KILLS = int(os.environ.get("FLAGLIFT_KILLS", "20"))
"""At random moments, of each kind of source; `make kills` has more."""


class Killer:
    """Runs commands in forks that can be killed."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def __call__(self, *argv: str, **order: Any) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"argv": ["migrate", *argv], **order}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where there is one: these tests sync files thousands of times."""
    memory = Path("/dev/shm")  # noqa: S108
    if not memory.is_dir():
        yield tmp_path
        return
    with tempfile.TemporaryDirectory(dir=memory) as name:
        yield Path(name)


@pytest.fixture(scope="module")
def killer() -> Iterator[Killer]:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, str(KILLER)], stdin=pipe, stdout=pipe, text=True
    ) as process:
        yield Killer(process)
        assert process.stdin
        process.stdin.close()


def content(name: str, prompts: list[str]) -> bytes:
    """Return a file of prompts."""
    rows = [
        {"id": i, "text": t, "video_model": None, "video_prompt": None, "video_duration": None}
        for i, t in enumerate(prompts)
    ]
    if name.endswith(".json"):
        return json.dumps(rows, indent=1).encode()
    if name.endswith(".csv"):
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
        return buffer.getvalue().encode()
    if name.endswith(".parquet"):
        sink = io.BytesIO()
        texts = ("text", "video_model", "video_prompt")
        kinds = [(n, pa.string() if n in texts else pa.int64()) for n in rows[0]]
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(kinds)), sink, row_group_size=4)
        return sink.getvalue()
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if name.endswith(".gz"):
        return gzip.compress(lines)
    if name.endswith(".zst"):
        return zstandard.compress(lines)
    return lines


class Source:
    """A source that can be made anew and compared."""

    def __init__(
        self,
        address: str,
        make: Callable[[], None],
        state: Callable[[], Any],
        entries: Callable[[], int],
        options: tuple[str, ...] = (),
    ) -> None:
        self.address = address
        self.make = make
        self.state = state
        self.entries = entries
        self.options = ("apply", address, *options, "--keep-going", "-q")


def file_source(folder: Path, name: str, prompts: list[str]) -> Source:
    path = folder / name
    data = content(name, prompts)

    def make() -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        path.write_bytes(data)

    def state() -> Any:
        left = sorted(p.name for p in folder.iterdir() if not p.name.endswith("-journal"))
        return path.read_bytes() if not name.endswith(".parquet") else table(path), left

    def table(path: Path) -> Any:
        return pq.read_table(path).to_pylist(), str(pq.ParquetFile(path).metadata.num_row_groups)

    def entries() -> int:
        with sqlite3.connect(folder / f"{name}.flaglift") as db:
            assert db.execute("SELECT count(*) FROM run").fetchone() == (1,)
        with opened(Job(str(path)), write=False) as store:
            keys = [entry.key for run in store.runs() for entry in store.entries(run)]
        db.close()
        assert len(keys) == len(set(keys))
        return len(keys)

    return Source(str(path), make, state, entries, ("--replace",))


def table_source(database: Database, prompts: list[str]) -> Source:
    address = database.prompts([])

    def make() -> None:
        for name in ("flaglift_runs", "flaglift_journal", "flaglift_leases"):
            database.run(f"DROP TABLE IF EXISTS {name}")
        database.run("DELETE FROM prompts")
        database.fill(list(prompts))

    def entries() -> int:
        with opened(Job(address), write=False) as store:
            runs = store.runs()
            keys = [entry.key for run in runs for entry in store.entries(run)]
        assert len(keys) == len(set(keys))
        return len(keys)

    return Source(address, make, database.rows, entries)


def sources(kind: str, folder: Path, prompts: list[str]) -> Iterator[Source]:
    if kind in FILES:
        yield file_source(folder / "work", kind, prompts)
        return
    for database in open_database(kind, folder):
        yield table_source(database, prompts)


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", [*FILES, *DATABASES])
def test_a_kill_at_every_boundary_of_an_apply(
    kind: str, part: int, folder: Path, killer: Killer
) -> None:
    for source in sources(kind, folder, PROMPTS):
        source.make()
        start = source.state()
        whole = killer(*source.options, rows=2)
        assert whole["code"] == 1, whole  # one prompt is refused
        done = source.state()
        assert done != start
        assert source.entries() == CHANGED
        for boundary in itertools.count(part + 1, PARTS):
            source.make()
            if not killer(*source.options, rows=2, kill_at=boundary)["killed"]:
                break
            again = killer(*source.options, rows=2)
            assert again["code"] == 1, (boundary, again)
            assert source.state() == done, boundary
            assert source.entries() == CHANGED, boundary
        assert boundary > 10


@pytest.mark.parametrize("kind", ["prompts.jsonl", "prompts.parquet", *DATABASES])
def test_the_list_of_refused_prompts_is_whole_after_a_kill(
    kind: str, folder: Path, killer: Killer
) -> None:
    listed = folder / "refused.jsonl"
    for source in sources(kind, folder, [*PROMPTS, *PROMPTS]):
        options = (*source.options, "--refused", str(listed))
        source.make()
        killer(*options, rows=4)
        whole = listed.read_bytes()
        assert whole.count(b"\n") == 2
        for boundary in itertools.count(1, 7):
            source.make()
            listed.unlink()
            if not killer(*options, rows=4, kill_at=boundary)["killed"]:
                break
            killer(*options, rows=4)
            assert listed.read_bytes() == whole, boundary
        assert boundary > 10


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", [*FILES, *DATABASES])
def test_a_kill_at_every_boundary_of_an_undo(
    kind: str, part: int, folder: Path, killer: Killer
) -> None:
    for source in sources(kind, folder, PROMPTS):
        source.make()
        start = source.state()
        killer(*source.options, rows=2)
        undone = killer("undo", source.address, rows=2)
        assert undone["code"] == 0, undone
        assert_undone(source, start)
        for boundary in itertools.count(part + 1, PARTS):
            source.make()
            killer(*source.options, rows=2)
            if not killer("undo", source.address, rows=2, kill_at=boundary)["killed"]:
                break  # it had less to wait for, and was through before
            again = killer("undo", source.address, rows=2)
            assert again["code"] == 0, (boundary, again)
            assert_undone(source, start)
        assert boundary > 10


def assert_undone(source: Source, start: Any) -> None:
    """The source is as it was; beside a file, only the journal is left."""
    if isinstance(start, tuple):
        state, left = source.state()
        assert state == start[0]
        assert all(name in start[1] or ".flaglift" in name for name in left)
        assert not any("partial" in name or "undo" in name for name in left)
    else:
        assert source.state() == start


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize("kind", [*FILES, *DATABASES])
def test_kills_at_random_moments(kind: str, part: int, folder: Path, killer: Killer) -> None:
    rng = random.Random(f"{kind} {part}")  # noqa: S311
    prompts = [f"{PROMPTS[i % 6]} " if i % 6 != 5 else f"plain {i}" for i in range(300)]
    for source in sources(kind, folder, prompts):
        source.make()
        start = source.state()
        seconds = killer(*source.options, rows=20)["seconds"]
        done, entries = source.state(), source.entries()
        assert entries == 200 - 50
        kills = 0
        while kills < KILLS / PARTS:
            source.make()
            while killer(*source.options, rows=20, kill_after=rng.uniform(0.002, seconds))[
                "killed"
            ]:
                kills += 1
            assert killer(*source.options, rows=20)["code"] == 1
            assert source.entries() >= entries
            assert source.state() == done
        assert killer("undo", source.address)["code"] == 0
        assert_undone(source, start)
