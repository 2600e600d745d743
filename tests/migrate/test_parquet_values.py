"""Parquet columns whose values Python has no type for, or which do not hold text."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from migrate.sources import applied, planned, undone, verified
from migrate.test_manners import VIDEO

_KEYS = [
    pa.array([1, 2_000, None], pa.timestamp("ns")),
    pa.array([1, 2_000, 3], pa.timestamp("ns", "Europe/Berlin")),
    pa.array([1, 2_000, 3], pa.time64("ns")),
    pa.array([1, 2_000, 3], pa.duration("ns")),
    pa.array([253_402_300_800_000, -62_135_596_800_001, 0], pa.timestamp("ms")),
    pa.array([2**31 - 1, -(2**31), 0], pa.date32()),
    pa.array([b"a", b"\xff", None], pa.binary_view()),
    pa.array(["a", "b", None], pa.string_view()),
    pa.array([[1], [2_000], []], pa.list_(pa.timestamp("ns"))),
    pa.array([{"a": 1}, {"a": 2_000}, None], pa.struct([("a", pa.duration("ns"))])),
]


def _written(path: Path, **columns: Any) -> Path:
    given = {
        "text": pa.array([VIDEO.format(i) for i in range(3)]),
        "video_model": pa.array([None] * 3, pa.string()),
        "video_prompt": pa.array([None] * 3, pa.string()),
        "video_duration": pa.array([None] * 3, pa.int32()),
    }
    pq.write_table(pa.table({**given, **columns}), path)
    return path


@pytest.mark.parametrize("key", _KEYS, ids=lambda key: str(key.type))
@pytest.mark.parametrize("beside", [False, True])
def test_keys_of_any_type_are_found_again(tmp_path: Path, key: Any, beside: bool) -> None:
    """With a value beside the text, rows are decided on one by one."""
    held = {"video_model": pa.array(["kling25"] * 3)} if beside else {}
    path = _written(tmp_path / "p.parquet", k=key, **held)
    before = pq.read_table(path)
    assert planned(path, key="k").translated == 3
    assert applied(path, key="k", replace=True, rows=2).changed == 3
    assert verified(path, key="k")[1] == []
    # Without the original, undo finds each row in the journal by its key.
    (tmp_path / "p.original.parquet").unlink()
    assert undone(path, key="k", rows=1).restored == 3
    assert pq.read_table(path).equals(before)


@pytest.mark.parametrize(
    "kind",
    [
        pa.binary(),
        pa.large_binary(),
        pa.binary(7),
        pa.binary_view(),
        pa.json_(),
        pa.dictionary(pa.int32(), pa.binary()),
    ],
    ids=str,
)
def test_a_column_of_bytes_or_json_takes_no_text(tmp_path: Path, kind: Any) -> None:
    path = _written(tmp_path / "p.parquet", video_model=pa.array([None] * 3, kind))
    before = path.read_bytes()
    assert planned(path).refusals == {"does-not-fit": 3}
    assert applied(path, replace=True).changed == 0
    assert verified(path)[1] == []
    undone(path)
    assert path.read_bytes() == before


def test_a_value_of_a_target_that_python_has_no_type_for(tmp_path: Path) -> None:
    length = pa.array([1, None, None], pa.duration("ns"))
    path = _written(tmp_path / "p.parquet", video_duration=length)
    tally = applied(path, replace=True)
    assert (tally.changed, tally.refused) == (2, 1)
    assert verified(path)[1] == []
    assert undone(path).restored == 2
    assert pq.read_table(path)["video_duration"].combine_chunks().equals(length)
