"""What a reader could not place is said, and the run is no clean one."""

from pathlib import Path

import pytest

from repositories import LONG, write
from running import flaglift


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_part_that_was_not_read_is_said_each_time() -> None:
    write({"a.yaml": f'a: "x" y\nprompt: {LONG}\n', "b.txt": LONG})
    for _ in range(2):  # the second time from the cache, where there is one
        run = flaglift("check", "--select", "FL402")
        assert run.returncode == 2
        assert "a.yaml:2: not read: the code around it does not parse; it holds" in run.stderr
        assert "b.txt:1:" in run.stdout


def test_a_part_that_was_not_read_is_said_after_fixes_too() -> None:
    write({"a.yaml": f'b: {LONG}\na: "x" y\nprompt: {LONG}\n'})
    run = flaglift("check", "--unsafe-fixes")
    assert run.returncode == 2
    assert "a.yaml:3: not read" in run.stderr


def test_a_file_that_was_read_to_its_end_is_clean() -> None:
    write({"a.yaml": "# --video\na: b\n", "a.js": "let video = 1; --video;\n"})
    run = flaglift("check")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
