"""Coverage, as the suite finds it: what is measured now, and what tells processes to begin."""

import sys
from typing import Any

PROCESSES = "COVERAGE_PROCESS_CONFIG"
"""The variable in which coverage's `patch` tells processes to measure themselves."""


def measuring() -> Any:
    """Return the measurement that is under way in this process, if any."""
    coverage = sys.modules.get("coverage")
    return coverage and coverage.Coverage.current()
