"""The suite is tried: bugs that are put into a copy of the package turn the tests of a room red.

`data/seeded_bugs.toml` lists them. A bug that no test notices asks for the test, not for another
bug.
"""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

import flaglift

ROOT = Path(__file__).parents[1]
PACKAGE = Path(flaglift.__file__).parent
BUGS: list[dict[str, Any]] = tomllib.loads(
    (ROOT / "tests" / "data" / "seeded_bugs.toml").read_text(encoding="utf-8")
)["bug"]
SOME_FAILED = 1  # pytest's exit code where tests ran, and not all passed


def run(folder: Path, *tests: str) -> "subprocess.CompletedProcess[str]":
    """Run tests with the package that is in a folder; the grammar is that of the checkout."""
    return subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--tb=line", "-p", "no:cacheprovider"),
            *("-p", "pytest_timeout", "-p", "_hypothesis_pytestplugin", *tests),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": str(folder),
            "HYPOTHESIS_PROFILE": "mutants",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",  # which takes longer than most of the tests
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )  # fmt: skip


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(PACKAGE, tmp_path / "flaglift", ignore=shutil.ignore_patterns("site"))
    return tmp_path


@pytest.mark.parametrize("bug", BUGS, ids=[bug["name"] for bug in BUGS])
def test_a_bug_is_caught(bug: dict[str, Any], copy: Path) -> None:
    file = copy / "flaglift" / bug["file"]
    source = file.read_text(encoding="utf-8")
    assert source.count(bug["old"]) == 1, "what the bug replaces does not stand there once"
    file.write_text(source.replace(bug["old"], bug["new"]), encoding="utf-8")
    done = run(copy, "-x", *bug["tests"])
    assert done.returncode == SOME_FAILED, f"{done.stdout}{done.stderr}"


def test_without_a_bug_the_copy_passes(copy: Path) -> None:
    """The rest of what the bugs name passes where it stands in the suite."""
    done = run(copy, "tests/linting/test_taking_back.py", "tests/migrate/test_durability.py")
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def test_every_room_has_a_bug() -> None:
    rooms = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").exists()}
    assert {Path(bug["file"]).parts[0] for bug in BUGS} >= rooms
    assert len(BUGS) >= 30
