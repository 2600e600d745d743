"""Runs an example as its user would."""

import subprocess
import sys
from pathlib import Path

RECIPES = Path(__file__).parents[2] / "examples" / "recipes"


def printed(name: str) -> str:
    """Return what a recipe prints; it must not fail, and its own code must not warn."""
    done = subprocess.run(
        [sys.executable, "-W", "error:::__main__", str(RECIPES / f"with_{name}.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
