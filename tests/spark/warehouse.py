"""Folders of Parquet files with prompts in them."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FIELDS = ("video_model", "video_prompt", "video_duration")


def warehouse(folder: Path, *, files: int, rows: int) -> Path:
    """Make a folder of files; half of the prompts have flags, one in each file is refused."""
    folder.mkdir()
    kinds = [pa.string(), pa.string(), pa.int16()]
    for number in range(files):
        texts = [
            f'cat {i}-{number} --video --video_model kling25 --duration 5 --video_prompt "jump {i}"'
            if i % 2
            else f"plain {i}-{number}"
            for i in range(rows - 1)
        ]
        columns = {"id": range(rows), "text": [*texts, 'a 6" heel --video']}
        table = pa.table(columns).append_column("seed", pa.array([7.5] * rows, pa.float32()))
        for name, kind in zip(FIELDS, kinds, strict=True):
            table = table.append_column(name, pa.nulls(rows, kind))
        pq.write_table(table, folder / f"{number}.parquet", row_group_size=1000, compression="zstd")
    return folder


def contents(folder: Path) -> dict[str, Any]:
    """Return the rows of a folder's files, but for kept originals."""
    paths = [path for path in sorted(folder.glob("*.parquet")) if "original" not in path.name]
    return {path.name: pq.read_table(path).to_pylist() for path in paths}
