"""A real Spark on this machine: two cores, and four attempts at every task."""

from collections.abc import Iterator
from typing import Any

import pytest

from flaglift.columns.spark import session
from peers import program


@pytest.fixture(scope="session", autouse=True)
def _java() -> None:
    program("bash")  # of which Spark's own scripts are
    program("java")


@pytest.fixture(scope="session")
def spark(_java: None) -> Iterator[Any]:
    begun = session("local[2,4]")
    begun.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "500")
    yield begun
    begun.stop()
