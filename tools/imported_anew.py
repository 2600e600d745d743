"""A pytest plugin of `mutants.py`: each changed function is imported anew, with all that uses it.

mutmut forks from a process that has run the tests once. What a module does when it is imported, and
what is kept of a first call, would be there already, made without the change.
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    """Forget the modules of this folder, in the process of one change."""
    if not _is_changed():
        return (yield)
    here = str(Path.cwd())
    for name, module in [*sys.modules.items()]:
        path = getattr(module, "__file__", None)
        if path and path.startswith(here) and name != __name__:
            del sys.modules[name]
    try:
        return (yield)
    except Exception:  # which mutmut would take for its own fault
        os._exit(pytest.ExitCode.TESTS_FAILED)


def pytest_sessionfinish(exitstatus: int) -> None:
    """Count tests that are not found, or whose modules cannot be imported, as failed."""
    if _is_changed() and exitstatus == pytest.ExitCode.USAGE_ERROR:
        os._exit(pytest.ExitCode.TESTS_FAILED)


def _is_changed() -> bool:
    return "__mutmut_" in os.environ.get("MUTANT_UNDER_TEST", "")
