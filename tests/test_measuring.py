"""Coverage is measured where a test asks for it, and nowhere else: it doubles the time."""

import os
import sys

import pytest

PROCESSES = "COVERAGE_PROCESS_CONFIG"


def measured() -> bool:
    """Tell whether this process is measured now."""
    coverage = sys.modules.get("coverage")
    return bool(coverage and coverage.Coverage.current())


@pytest.mark.no_cover
def test_a_test_without_coverage_is_not_measured() -> None:
    assert not measured()


def test_processes_are_not_measured() -> None:
    assert PROCESSES not in os.environ


@pytest.mark.measured
def test_processes_are_measured_where_a_test_asks_for_it() -> None:
    assert (PROCESSES in os.environ) == measured()
