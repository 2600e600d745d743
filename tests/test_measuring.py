"""Coverage is measured where a test asks for it, and nowhere else: it doubles the time."""

import os

import pytest

from measuring import PROCESSES, measuring


@pytest.mark.no_cover
def test_a_test_without_coverage_is_not_measured() -> None:
    assert not measuring()


def test_processes_are_not_measured() -> None:
    assert PROCESSES not in os.environ


@pytest.mark.measured
def test_processes_are_measured_where_a_test_asks_for_it() -> None:
    assert (PROCESSES in os.environ) == bool(measuring())
