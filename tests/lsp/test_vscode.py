"""The extension for VS Code: its own tests, and what it must have in common with the package."""

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

import peers
from flaglift.check.hosts.registry import SUFFIXES
from flaglift.settings import KEYS
from running import flaglift

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"
MANIFEST: dict[str, Any] = json.loads((EXTENSION / "package.json").read_text())
CONTRIBUTED = MANIFEST["contributes"]


def test_its_settings_are_those_of_the_configuration() -> None:
    names = {key.removeprefix("flaglift.") for key in CONTRIBUTED["configuration"]["properties"]}
    own = {"path", "configuration", "trace.server"}
    kebab = {re.sub("([A-Z])", lambda match: f"-{match[1].lower()}", name) for name in names - own}
    assert kebab == KEYS - {"fail-on"}  # which is about the exit code


def test_it_tells_the_server_of_every_file_that_check_reads() -> None:
    source = (EXTENSION / "src" / "documents.ts").read_text()
    _, _, listed = source.partition("SUFFIXES = [")
    names = re.findall(r'"(\w+)"', listed.partition("]")[0])
    assert {f".{name}" for name in names} == set(SUFFIXES)


def test_its_problem_matcher_reads_the_concise_format(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("a cat --video --video_model kling25 --duration 7\n")
    done = flaglift("check", "--output-format", "concise", "--select", "FL402", file)
    line = done.stdout.splitlines()[0]
    (matcher,) = CONTRIBUTED["problemMatchers"]
    pattern = matcher["pattern"]
    match = re.match(pattern["regexp"], line)
    assert match
    assert match[pattern["file"]] == str(file)
    assert (match[pattern["line"]], match[pattern["severity"]]) == ("1", "error")
    assert match[pattern["code"]] == "FL402"


def test_the_lock_names_no_address() -> None:
    lock = (EXTENSION / "package-lock.json").read_text()
    assert "resolved" not in lock
    assert json.loads(lock)["packages"][""]["devDependencies"] == MANIFEST["devDependencies"]


@pytest.mark.timeout(600)
def test_its_own_tests_and_its_package(tmp_path: Path) -> None:
    """It is built from the lock in a copy, tested with the real server, and packaged."""
    copy = tmp_path / "vscode"
    shutil.copytree(EXTENSION, copy, ignore=shutil.ignore_patterns("node_modules", "dist"))
    peers.program("node")
    npm = peers.program("npm")
    variables = {**os.environ, "FLAGLIFT": str(Path(sys.executable).parent / "flaglift")}
    for command in (["ci", "--no-audit", "--no-fund"], ["test"], ["run", "package"]):
        done = subprocess.run(
            [npm, *command],
            cwd=copy,
            env=variables,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    names = zipfile.ZipFile(copy / "dist" / "flaglift.vsix").namelist()
    assert {"extension/package.json", "extension/dist/extension.js"} <= set(names)
    assert not any("node_modules" in name or "/src/" in name for name in names)
