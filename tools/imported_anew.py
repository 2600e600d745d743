"""A pytest plugin of `mutants.py`: each changed function is imported anew, with all that uses it.

mutmut forks from a process that has run the tests once. What a module does when it is imported, and
what is kept of a first call, would be there already, made without the change.
"""

import os
import sys
from pathlib import Path


def pytest_load_initial_conftests() -> None:
    """Forget the modules of this folder, in the process of one change."""
    if "__mutmut_" not in os.environ.get("MUTANT_UNDER_TEST", ""):
        return
    here = str(Path.cwd())
    for name, module in [*sys.modules.items()]:
        path = getattr(module, "__file__", None)
        if path and path.startswith(here) and name != __name__:
            del sys.modules[name]
