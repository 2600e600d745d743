"""A real Spark on this machine: two cores, and four attempts at every task."""

from collections.abc import Iterator
from typing import Any

import pytest

from flaglift.columns.spark import session


@pytest.fixture(scope="session")
def spark() -> Iterator[Any]:
    begun = session("local[2,4]")
    begun.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", "500")
    yield begun
    begun.stop()
