"""Without the packages of an extra, one sentence names it, and what needs none goes on."""

import importlib
import sys

import pytest

from flaglift.errors import InputError
from running import flaglift


@pytest.fixture
def no_columns_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("flaglift.columns")]:
        monkeypatch.delitem(sys.modules, name)


@pytest.mark.usefixtures("no_columns_yet")
def test_columns_without_arrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(InputError, match=r"columns need the extra `arrow`: pip install 'flag"):
        importlib.import_module("flaglift.columns")


@pytest.mark.usefixtures("no_columns_yet")
def test_a_cluster_without_spark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark", None)
    done = flaglift("migrate", "apply", "--engine", "spark", "*.parquet")
    assert done.returncode == 2
    assert done.stderr == "flaglift: Spark needs the extra `spark`: pip install 'flaglift[spark]'\n"
