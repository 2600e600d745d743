"""Stores of one's own, by the worked example of a folder."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from running import flaglift

EXAMPLES = Path(__file__).parents[2] / "examples"
SOURCE = "python:own_store:open_folder"
TEXT = 'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"'
FIELDS = {
    "text": "a cat",
    "video_model": "kling25",
    "video_prompt": "it yawns",
    "video_duration": 5,
}
Records = dict[str, dict[str, Any]]


@pytest.fixture
def folder(here: Path) -> Path:
    (here / "own_store.py").write_bytes((EXAMPLES / "own_store.py").read_bytes())
    sys.modules.pop("own_store", None)
    path = here / "prompts"
    path.mkdir()
    for number in range(30):
        text = TEXT if number % 3 else "a quiet dog"
        (path / f"{number:02}.json").write_text(json.dumps({"text": text, "user": number}))
    return path


def records(folder: Path) -> Records:
    return {file.stem: json.loads(file.read_text()) for file in folder.glob("*.json")}


def test_a_folder_is_planned_applied_verified_and_taken_back(folder: Path) -> None:
    before = records(folder)
    planned = flaglift("migrate", "plan", SOURCE)
    assert "30 records read, 20 would change" in planned.stdout
    assert records(folder) == before
    assert not Path("own_store.open_folder.flaglift").exists()
    done = flaglift("migrate", "apply", SOURCE)
    assert done.returncode == 0, done.stderr
    after = records(folder)
    assert after == {
        key: {**values, **FIELDS} if values["text"] == TEXT else values
        for key, values in before.items()
    }
    verified = flaglift("migrate", "verify", SOURCE)
    assert verified.returncode == 0
    assert "20 records are as the run wrote them" in verified.stdout
    assert "finished" in flaglift("migrate", "status", SOURCE).stdout
    (folder / "01.json").write_text(json.dumps({"text": "edited"}))
    (folder / "02.json").unlink()
    broken = flaglift("migrate", "verify", SOURCE)
    assert broken.returncode == 1
    assert "1 records were edited since: 01" in broken.stdout
    assert "1 records were deleted since: 02" in broken.stdout
    undone = flaglift("migrate", "undo", SOURCE)
    assert "18 records restored" in undone.stdout
    now = records(folder)
    assert now.pop("01") == {"text": "edited"}
    nulls = dict.fromkeys(("video_model", "video_prompt", "video_duration"))
    assert now == {
        key: {**values, **nulls} if values["text"] == TEXT else values
        for key, values in before.items()
        if key not in ("01", "02")
    }
    assert flaglift("migrate", "purge", SOURCE, "--all").returncode == 0


@pytest.mark.parametrize("empty", ["", None])
def test_a_key_of_a_form_takes_its_field(folder: Path, empty: str | None) -> None:
    """There is no second key then, whose value the first one might contradict."""
    for path in folder.iterdir():
        values = json.loads(path.read_text())
        path.write_text(json.dumps({**values, "prompt[video_model]": empty}))
    before = records(folder)
    assert flaglift("migrate", "apply", SOURCE, "-q").returncode == 0
    written = records(folder)["01"]
    assert written["prompt[video_model]"] == "kling25"
    assert "video_model" not in written
    assert flaglift("migrate", "verify", SOURCE).returncode == 0
    assert flaglift("migrate", "undo", SOURCE).returncode == 0
    for key, values in records(folder).items():
        assert values == {**dict.fromkeys(values), **before[key]}


@pytest.mark.parametrize("moment", [1, 2, 9, 20])
def test_a_run_that_is_killed_is_resumed(folder: Path, moment: int) -> None:
    before = records(folder)
    killing = f"""
import os, signal
from own_store import *
class Killing(Folder):
    written = 0
    def replace(self, *values):
        Killing.written += 1
        if Killing.written == {moment}:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().replace(*values)
def open_killing(): return Killing(Path("prompts"))
"""
    Path("killing.py").write_text(killing)

    def run(verb: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flaglift", "migrate", verb]
        source = ["python:killing:open_killing", "--journal", "j.flaglift"]
        return subprocess.run(
            [*command, *source],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert run("apply").returncode == -signal.SIGKILL
    assert "stopped" in run("status").stdout
    # Of another length: bytecode is taken for that of a source of the same second and size.
    Path("killing.py").write_text(killing.replace(f"== {moment}", "< 0"))
    assert run("apply").returncode == 0
    assert all("--video" not in values["text"] for values in records(folder).values())
    verified = run("verify")
    assert verified.returncode == 0, verified.stdout
    assert run("undo").returncode == 0
    assert {key: values["text"] for key, values in records(folder).items()} == {
        key: values["text"] for key, values in before.items()
    }


@pytest.mark.parametrize(
    "source", ["python:no_such_module:f", "python:json:no_such", "python::f", "python:json"]
)
def test_a_source_that_is_not_there(here: Path, source: str) -> None:
    done = flaglift("migrate", "plan", source)
    assert done.returncode == 2
    assert "python:MODULE:FUNCTION" in done.stderr
    assert "Traceback" not in done.stderr


def test_runs_are_resumed_with_their_options_only(folder: Path) -> None:
    stopped = flaglift("migrate", "apply", SOURCE, "--limit", "3")
    assert "stopped before the end" in stopped.stdout
    refused = flaglift("migrate", "apply", SOURCE, "--accept-successors")
    assert refused.returncode == 2
    assert "begun with other options" in refused.stderr
    assert flaglift("migrate", "apply", SOURCE, "--accept-successors", "--restart").returncode == 0
    assert [line for line in flaglift("migrate", "runs", SOURCE).stdout.splitlines() if line]
    assert flaglift("migrate", "apply", SOURCE, "--rehearse").returncode == 2


BROKEN = """
import json

def attribute():
    return None.nothing

def value():
    return int("no number")

def missing():
    import no_such_module_at_all

class Store:
    def read(self, after, count):
        return [] if after else [("1", {"text": "secret --video --video_model kling25"})]
    def get(self, key):
        return {"text": "secret --video --video_model kling25"}
    def replace(self, key, before, after):
        raise ConnectionError(f"cannot write {before}")

class Unread(Store):
    def read(self, after, count):
        raise LookupError("secret")

class Ungot(Store):
    def get(self, key):
        raise LookupError("secret")

number = 7
"""


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("attribute", "`attribute` raised AttributeError at {}:5: 'NoneType' object has no"),
        ("value", "`value` raised ValueError at {}:8: invalid literal for int()"),
        ("missing", "`missing` raised ModuleNotFoundError at {}:11: No module named 'no_such_"),
        ("Store", "`replace` of 1 raised ConnectionError at {}:19\n"),
        ("Unread", "`read` raised LookupError at {}:23\n"),
        ("Ungot", "`get` of 1 raised LookupError at {}:27\n"),
        ("number", "`broken_store` has no function `number`; a store of your own is named"),
    ],
)
def test_what_the_users_code_raises_is_said_with_its_place(
    here: Path, function: str, said: str
) -> None:
    (here / "broken_store.py").write_text(BROKEN)
    sys.modules.pop("broken_store", None)
    done = flaglift("migrate", "apply", f"python:broken_store:{function}", "-q")
    assert done.returncode == 2
    assert said.format(here / "broken_store.py") in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import no_such_module_at_all", "raised ModuleNotFoundError at {}:1: No module named"),
        ("from json import no_such_name", "raised ImportError at {}:1: cannot import name"),
        ("int('x')", "raised ValueError at {}:1"),
    ],
)
def test_what_the_users_module_raises_is_said_with_its_place(
    here: Path, code: str, said: str
) -> None:
    (here / "broken_module.py").write_text(code)
    sys.modules.pop("broken_module", None)
    done = flaglift("migrate", "plan", "python:broken_module:f", "-q")
    assert done.returncode == 2
    assert said.format(here / "broken_module.py") in done.stderr
    (here / "broken_module.py").unlink()
