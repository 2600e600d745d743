"""`flaglift migrate apply --engine spark`: what it leaves, and the usual commands behind it."""

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from flaglift.cli import migrate_spark
from flaglift.cli.migrate_spark import migrate_one
from flaglift.columns import spark as job
from running import flaglift
from spark.warehouse import contents, warehouse

APPLY = ("migrate", "apply", "--engine", "spark", "-q")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return warehouse(tmp_path / "house", files=3, rows=400)


def test_files_are_migrated_as_one_by_one(spark: Any, folder: Path, tmp_path: Path) -> None:
    done = flaglift(*APPLY, f"{folder}/*.parquet", "--to", tmp_path / "new", "--format", "json")
    assert done.returncode == 1, done.stderr  # one prompt of each file is refused
    document = json.loads(done.stdout)
    assert (document["state"], document["run"]) == ("finished", "of 3 files")
    assert (document["counts"]["records"], document["counts"]["refused"]) == (1200, 3)
    for path in sorted(folder.glob("*.parquet")):
        flaglift("migrate", "apply", path, "--to", tmp_path / "alone.parquet", "--restart", "-q",
                 "--journal", tmp_path / f"{path.name}.journal")  # fmt: skip
        result = tmp_path / "new" / path.name
        assert result.read_bytes() == (tmp_path / "alone.parquet").read_bytes()
        (tmp_path / "alone.parquet").unlink()
        assert flaglift("migrate", "verify", path).returncode == 0
        assert "finished" in flaglift("migrate", "status", path).stdout
    again = flaglift(*APPLY, f"{folder}/*.parquet", "--to", tmp_path / "new", "--format", "json")
    assert json.loads(again.stdout)["counts"] == document["counts"]


def test_in_place_and_back(spark: Any, folder: Path) -> None:
    before = contents(folder)
    done = flaglift(*APPLY, f"{folder}/*.parquet", "--replace")
    assert "1,200 records read" in done.stdout
    assert contents(folder) != before
    for path in sorted(folder.glob("?.parquet")):
        assert flaglift("migrate", "undo", path).returncode == 0
    assert contents(folder) == before
    plan = flaglift("migrate", "plan", folder / "0.parquet")
    assert "nothing was written" in plan.stdout


def test_a_damaged_file_stops_no_other(spark: Any, folder: Path, tmp_path: Path) -> None:
    (folder / "1.parquet").write_bytes(b"PAR1 or so")
    done = flaglift(*APPLY, f"{folder}/*.parquet", "--to", tmp_path / "new")
    assert done.returncode == 1
    assert "run of 3 files is unfinished" in done.stdout
    assert "1.parquet: not a whole Parquet file" in done.stdout
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["0.parquet", "2.parquet"]


def test_many_damaged_files(spark: Any, tmp_path: Path) -> None:
    for number in range(22):
        (tmp_path / f"{number}.jsonl").write_text("{")
    done = flaglift(*APPLY, f"{tmp_path}/*.jsonl")
    assert "and 2 more files that could not be migrated" in done.stdout


def test_options_that_are_for_one_file(tmp_path: Path) -> None:
    for option in ("--limit=5", "--journal=j", "--plan=p"):
        done = flaglift(*APPLY, f"{tmp_path}/*.parquet", option)
        assert done.returncode == 2
        assert f"{option.partition('=')[0]} is for one file, not for many" in done.stderr
    done = flaglift(*APPLY, "sqlite:///a.db#prompts")
    assert "--engine spark is for files" in done.stderr


def test_a_task_that_always_fails(spark: Any, folder: Path) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: division by zero"):
        job.each([1], lambda number: number / 0)
    with pytest.raises(RuntimeError, match=r"Python worker exited unexpectedly \(crashed\)"):
        job.each([1], lambda _: os._exit(1))
    assert job.each([], str) == []
    assert job.each([1, 2], str) == ["1", "2"]


def test_a_job_that_spark_gives_up(
    spark: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(manifest: Any, options: Any, path: Path) -> Any:
        if path.name == "1.parquet":
            raise RuntimeError("stopped before the end")
        return migrate_one(manifest, options, path)

    with monkeypatch.context() as patch:
        patch.setattr(migrate_spark, "migrate_one", stop)
        done = flaglift(*APPLY, f"{folder}/*.parquet", "--replace")
    assert done.returncode == 2
    assert "of 3 files done; run the same command again to resume" in done.stderr
    assert "RuntimeError: stopped before the end" in done.stderr
    done = flaglift(*APPLY, f"{folder}/*.parquet", "--replace")
    assert "1,200 records read" in done.stdout


def test_the_interpreter_of_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYSPARK_PYTHON", raising=False)
    job.choose_python("spark://master:7077")
    assert "PYSPARK_PYTHON" not in os.environ
    job.choose_python("local[2]")
    assert os.environ["PYSPARK_PYTHON"] == sys.executable
    monkeypatch.setenv("PYSPARK_PYTHON", "python3")
    job.choose_python("local[2]")
    assert os.environ["PYSPARK_PYTHON"] == "python3"
