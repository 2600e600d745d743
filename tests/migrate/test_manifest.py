"""Many files as one job: each is migrated once, whoever is at it and however often."""

import json
import os
import signal
import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from flaglift.cli import migrate_spark
from flaglift.cli.migrate_spark import migrate_one
from flaglift.errors import InputError
from flaglift.migrate.job import Job
from flaglift.migrate.locking import file_lock
from flaglift.migrate.manifest import NAME, Manifest, matching
from migrate.conftest import PROMPTS
from running import flaglift

OPTIONS: dict[str, Any] = {
    "planned": None, "max_drift": 0.05, "restart": False, "quiet": True, "limit": None,
    "keep_going": False, "chunk_seconds": 0.5, "rows_per_second": None, "pause_file": None,
    "rehearse": False, "refused": None, "with_text": False, "control_file": None,
    "max_load": None, "max_replica_lag": None, "replica": (), "jobs": 1,
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for day in ("1", "2"):
        (tmp_path / day).mkdir()
        for name in ("a", "b"):
            lines = [json.dumps({"text": f"{text} {day}{name}"}) + "\n" for text in PROMPTS]
            (tmp_path / day / f"{name}.jsonl").write_text("".join(lines))
    return tmp_path


def test_a_pattern_and_the_folder_it_begins_with(folder: Path) -> None:
    job = Job("")
    place, files = matching(f"{folder}/*/*.jsonl", job)
    assert place == folder
    assert [str(path.relative_to(folder)) for path in files] == [
        "1/a.jsonl", "1/b.jsonl", "2/a.jsonl", "2/b.jsonl",
    ]  # fmt: skip
    assert matching(f"{folder}/**/*.jsonl", job) == (place, files)
    assert matching(f"{folder}/1/a.jsonl", job) == (folder / "1", files[:1])
    assert matching(f"{folder}/1/[a]*", job) == (folder / "1", files[:1])
    with pytest.raises(InputError, match=r"--to .*: the files are in it; name another folder"):
        matching(f"{folder}/1/*.jsonl", Job("", to=folder))
    with pytest.raises(InputError, match=r"\*\.parquet: there is no such file; quote the pattern"):
        matching(f"{folder}/*.parquet", job)


def test_results_and_kept_originals_are_no_sources(folder: Path) -> None:
    _, files = matching(f"{folder}/**/*.jsonl", Job(""))
    for name in ("1/a.migrated.jsonl", "2/b.original.jsonl", "to/1/a.jsonl"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("")
    assert matching(f"{folder}/**/*.jsonl", Job("", to=folder / "to"))[1] == files
    # Without its source, it is a file like any other.
    (folder / "1" / "a.jsonl").unlink()
    names = [path.name for path in matching(f"{folder}/1/*.jsonl", Job(""))[1]]
    assert names == ["a.migrated.jsonl", "b.jsonl"]


def migrated(folder: Path, *, restart: bool = False, **chosen: Any) -> list[dict[str, Any]]:
    job = Job("", **chosen)
    place, files = matching(f"{folder}/?/*.jsonl", job)
    manifest = Manifest(place, job)
    options = {**OPTIONS, "restart": restart}
    return [migrate_one(manifest, options, path) for path in manifest.begin(files, restart=restart)]


def runs(path: Path) -> list[tuple[str]]:
    with sqlite3.connect(f"{path}.flaglift") as db:
        found = db.execute("SELECT state FROM run ORDER BY started, id").fetchall()
    db.close()
    return found


def test_each_file_is_done_once(folder: Path) -> None:
    first = migrated(folder, to=folder / "new")
    assert [commit["counts"]["translated"] for commit in first] == [4, 4, 4, 4]
    results = {path: path.read_bytes() for path in (folder / "new").rglob("*.jsonl")}
    assert len(results) == 4
    assert b'"a cat 2b"' in results[folder / "new" / "2" / "b.jsonl"]
    assert migrated(folder, to=folder / "new") == first
    assert all(runs(Path(commit["file"])) == [("finished",)] for commit in first)
    # What the commits have lost, the files' own runs still know.
    for commit in (folder / NAME).glob("*.jsonl-*.json"):
        commit.unlink()
    again = migrated(folder, to=folder / "new")
    assert [commit["run"] for commit in again] == [commit["run"] for commit in first]
    assert results == {path: path.read_bytes() for path in (folder / "new").rglob("*.jsonl")}


def test_a_file_that_is_not_as_it_was_left_is_done_again(folder: Path) -> None:
    first = migrated(folder)
    (folder / "1" / "a.jsonl").write_text('{"text": "a dog --video --video_model kling25"}\n')
    (folder / "1" / "b.migrated.jsonl").unlink()
    later = migrated(folder)
    assert [old == new for old, new in zip(first, later, strict=True)] == [False, False, True, True]
    assert '"a dog"' in (folder / "1" / "a.migrated.jsonl").read_text() or "error" in later[0]
    assert (folder / "1" / "b.migrated.jsonl").exists()


def test_in_place_and_taken_back_by_the_usual_commands(folder: Path) -> None:
    path = folder / "2" / "a.jsonl"
    before = path.read_bytes()
    assert [commit["state"] for commit in migrated(folder)] == ["finished"] * 4
    # A result beside the file is not yet one in its place.
    first = migrated(folder, replace=True)
    assert [commit["state"] for commit in first] == ["replaced"] * 4
    assert migrated(folder, replace=True) == first
    assert migrated(folder) == first
    assert flaglift("migrate", "verify", path).returncode == 0
    assert "replaced" in flaglift("migrate", "status", path).stdout
    assert flaglift("migrate", "undo", path).returncode == 0
    assert path.read_bytes() == before
    assert [commit["state"] for commit in migrated(folder, replace=True)] == ["replaced"] * 4
    assert path.read_bytes() != before


def test_other_options_before_the_job_is_done(folder: Path) -> None:
    job = Job("")
    place, files = matching(f"{folder}/?/*.jsonl", job)
    manifest = Manifest(place, job)
    manifest.begin(files, restart=False)
    migrate_one(manifest, OPTIONS, files[0])
    with pytest.raises(InputError) as caught:
        migrated(folder, encoding="latin-1")
    begun = json.loads((folder / NAME / "job.json").read_text())["begun"]
    assert str(caught.value) == (
        f"{folder / NAME}: the job of {begun} has 3 files left, and was begun with other options or"
        " another version of flaglift; finish it with those, or drop it with --restart"
    )
    done = migrated(folder, encoding="latin-1", restart=True)
    assert all("error" not in commit for commit in done)
    # When it is done, another one may begin.
    assert all("error" in commit for commit in migrated(folder, text="[", to=folder / "new"))


@pytest.mark.parametrize(
    "content",
    ["", "[", "7", "[]", "{}", "[" * 100_000, '{"fingerprint": 1, "begun": "", "files": []}',
     '{"fingerprint": "", "begun": "", "files": 5}', '{"fingerprint": "", "files": []}',
     '{"fingerprint": "", "begun": "", "files": [1]}'],
)  # fmt: skip
def test_a_damaged_job_is_named(folder: Path, content: str) -> None:
    place = folder / NAME / "job.json"
    migrated(folder)
    place.write_text(content)
    with pytest.raises(InputError) as caught:
        migrated(folder)
    assert str(caught.value) == (
        f"{place}: is not as flaglift writes it; remove it to begin the job again, in which files"
        " that are done are not migrated again"
    )
    place.unlink()
    assert all("error" not in commit for commit in migrated(folder))
    place.unlink()
    place.mkdir()
    with pytest.raises(InputError, match=r"job\.json: is a directory"):
        migrated(folder)


def test_a_damaged_commit_is_written_again(folder: Path) -> None:
    first = migrated(folder)
    for commit in (folder / NAME).glob("1-*.json"):
        commit.unlink()
    (one, *_) = (folder / NAME).glob("a.jsonl-*.json")
    saved = json.loads(one.read_text())
    edits: list[dict[str, Any]] = [
        {"counts": 5},
        {"counts": {"records": 10**400}},
        {"state": []},
        {"file": 7},
    ]
    wrong = ["", "7", "[" * 100_000, "{}", *(json.dumps({**saved, **edit}) for edit in edits)]
    for content in [*wrong, json.dumps({k: v for k, v in saved.items() if k != "state"})]:
        one.write_text(content)
        assert [commit["run"] for commit in migrated(folder)] == [each["run"] for each in first]


def test_files_that_come_later_and_files_that_are_gone(folder: Path) -> None:
    migrated(folder)
    (folder / "1" / "c.jsonl").write_text('{"text": "a cat --video --video_model kling25"}\n')
    (folder / "2" / "b.jsonl").unlink()
    later = {Path(commit["file"]).name: commit for commit in migrated(folder)[3:]}
    assert later["c.jsonl"]["counts"]["translated"] == 1
    assert "there is no such file" in later["b.jsonl"]["error"]


def test_a_file_that_cannot_be_migrated_stops_no_other(folder: Path) -> None:
    (folder / "1" / "b.jsonl").write_text("{")
    done = migrated(folder)
    assert ["error" in commit for commit in done] == [False, True, False, False]
    assert "repair it, or skip such records with --keep-going" in done[1]["error"]


def test_a_file_with_a_long_name_is_done_once(folder: Path) -> None:
    path = (folder / "1" / "a.jsonl").rename(folder / "1" / ("\N{CAT FACE}" * 55 + "aa.jsonl"))
    manifest = Manifest(folder, Job(""))
    manifest.begin([path], restart=False)
    done = migrate_one(manifest, OPTIONS, path)
    assert done["state"] == "finished"
    assert manifest.committed(path) == done


def test_a_file_that_somebody_else_is_at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_spark, "_POLL_SECONDS", 0.01)
    path = folder / "1" / "a.jsonl"
    manifest = Manifest(folder, Job(""))
    manifest.begin([path], restart=False)
    lock = Path(f"{path}.flaglift-lock")
    with file_lock(lock, "test"):
        monkeypatch.setattr(migrate_spark, "_WAIT_SECONDS", 0.05)
        assert "another run is working on it" in migrate_one(manifest, OPTIONS, path)["error"]
    monkeypatch.setattr(migrate_spark, "_WAIT_SECONDS", 60)
    held, released = threading.Event(), threading.Event()

    def hold() -> None:
        with file_lock(lock, "test"):
            held.set()
            released.wait()

    other = threading.Thread(target=hold)
    other.start()
    held.wait()

    def release(seconds: float) -> None:
        released.set()
        other.join()

    monkeypatch.setattr(time, "sleep", release)
    assert migrate_one(manifest, OPTIONS, path)["state"] == "finished"


def test_a_task_that_is_told_to_stop_is_not_done(folder: Path) -> None:
    path = folder / "1" / "a.jsonl"
    manifest = Manifest(folder, Job(""))
    manifest.begin([path], restart=False)
    pause = folder / "pause"
    pause.touch()

    def stop() -> None:
        while not Path(f"{path}.flaglift").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop, daemon=True).start()
    with pytest.raises(RuntimeError, match="stopped before the end"):
        migrate_one(manifest, {**OPTIONS, "pause_file": pause}, path)
    assert manifest.committed(path) is None
