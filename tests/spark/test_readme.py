"""The examples for Spark do what they say."""

import os
import shlex
from pathlib import Path
from typing import Any

import pytest

from columns.chapter import examples
from running import flaglift
from spark.warehouse import warehouse


def test_the_function(spark: Any) -> None:
    prompts = spark.createDataFrame(
        [(1, "a cat --video --video_model kling25")], "id int, text string"
    )
    scope = {"prompts": prompts}
    exec(compile(examples()[1], "columns.md", "exec"), scope)  # noqa: S102
    (row,) = scope["new"].collect()
    assert (row.id, row.status, row.text, row.video_model) == (1, "translated", "a cat", "kling25")


def test_the_command(spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse(tmp_path / "warehouse", files=2, rows=20)
    monkeypatch.chdir(tmp_path)
    command = shlex.split(examples()[2])
    assert command.pop(0) == "flaglift"
    assert flaglift(*command).returncode == 1  # one prompt of each file is refused
    assert sorted(os.listdir("modern")) == ["0.parquet", "1.parquet"]
    assert Path("warehouse/flaglift.manifest/job.json").exists()
