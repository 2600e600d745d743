"""Stores of one's own, by the worked example of a folder."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.api import translate
from flaglift.errors import InputError
from flaglift.migrate.control import Control
from flaglift.migrate.decision import decider_of
from flaglift.migrate.engine import Migration
from flaglift.migrate.errors import UnavailableError
from flaglift.migrate.job import Job
from flaglift.migrate.own.store import OwnStore
from flaglift.migrate.undoing import undo
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


class Memory:
    """Records in memory; a test may have it do something before a write."""

    def __init__(self, records: Records) -> None:
        self.records = records
        self.before_write: Callable[[str], None] = lambda _: None
        self.wrong: dict[str, Any] = {}

    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        keys = [key for key in sorted(self.records) if after is None or key > after]
        read = [(key, dict(self.records[key])) for key in keys[:count]]
        return list(self.wrong.get("read", read))

    def get(self, key: str) -> Mapping[str, Any] | None:
        values: Mapping[str, Any] | None = self.wrong.get("get", self.records.get(key))
        return None if values is None else dict(values)

    def replace(self, key: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
        self.before_write(key)
        current = self.records.get(key)
        if current is None or any(current.get(name) != before[name] for name in before):
            return False
        current.update(after)
        return True


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_store.py").write_bytes((EXAMPLES / "own_store.py").read_bytes())
    sys.modules.pop("own_store", None)
    path = tmp_path / "prompts"
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


def test_two_runs_exclude_each_other(folder: Path) -> None:
    with store_of(Memory({"1": {"text": TEXT}})).writing(restart=False):
        locked = store_of(Memory({"1": {"text": TEXT}}))
        assert locked.is_held()
        with pytest.raises(InputError, match="another run"), locked.writing(restart=False):
            pass
    assert not locked.is_held()


def store_of(memory: Memory, **options: Any) -> OwnStore:
    return OwnStore(Job("python:tests:memory", **options), memory)


def migrated(memory: Memory, **options: Any) -> Migration:
    store = store_of(memory, **options)
    migration = Migration(store, decider_of(store._job, None), Control(patience=(0.0, 0.0)))
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        writer.finish()
    return migration


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_others_write_meanwhile_is_theirs(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(5)})

    def meanwhile(key: str) -> None:
        memory.before_write = meanwhile if key < "4" else lambda _: None
        if key == "2":
            memory.records["2"]["text"] = "theirs"
            del memory.records["3"]
        if key == "4":
            memory.records["1"]["text"] = TEXT.replace("cat", "cow")

    memory.before_write = meanwhile
    migration = migrated(memory)
    assert memory.records["2"]["text"] == "theirs"
    assert "3" not in memory.records
    assert memory.records["1"]["text"] == "a cow"
    (run,) = migration.store.runs()
    held, broken = migration.store.verify(run)
    assert not broken
    assert "3 records are as the run wrote them" in held[0]


class Changing(Memory):
    """Records that somebody changes after they are read, and before they are written."""

    changes: ClassVar[Records] = {
        "1": {"text": f"{TEXT} "},
        "2": {"text": ["no", "text"]},
        "3": {"text": "a dog"},
    }

    def get(self, key: str) -> Mapping[str, Any] | None:
        if key in self.changes and self.records[key]["text"] == TEXT:
            self.records[key] = dict(self.changes[key])
        return super().get(key)


def test_what_others_changed_since_it_was_read_is_decided_again(here: Path) -> None:
    memory = Changing({f"{n}": {"text": TEXT} for n in range(5)})
    migration = migrated(memory)
    assert {key: values["text"] for key, values in memory.records.items()} == {
        "0": "a cat",
        "1": "a cat",
        "2": ["no", "text"],
        "3": "a dog",
        "4": "a cat",
    }
    (run,) = migration.store.runs()
    assert (run.tally.raced, run.tally.refusals) == (2, {"not-written": 1})
    assert migration.store.verify(run)[1] == []


def test_an_undo_that_was_stopped_is_finished_first(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(6)})
    store = store_of(memory)
    assert (store.notes(), store.total(), dict(store.pressure())) == ([], None, {})
    assert not store.is_held()
    control = Control(patience=())
    control.throttle.rows = 2
    migration = Migration(store, decider_of(store._job, None), control)
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
        writer.finish()
    assert len(list(store.entries(store.runs()[0]))) == 6
    failures = iter([False] * 5 + [True])

    def fail(key: str) -> None:
        if next(failures):
            raise UnavailableError("no answer")

    memory.before_write = fail
    with pytest.raises(UnavailableError):
        undo(store, control)
    with pytest.raises(InputError, match="an undo is unfinished"), store.writing(restart=False):
        pass
    memory.before_write = lambda _: None
    undo(store, control)
    assert all(values["text"] == TEXT for values in memory.records.values())
    with store.writing(restart=False) as writer:
        assert migration.apply(writer)
    assert [run.state for run in store.runs()] == ["undone", "running"]
    with pytest.raises(InputError, match="--rehearse is for databases"):
        store.rehearsing()


def test_a_store_that_does_not_answer_is_asked_again(here: Path) -> None:
    memory = Memory({f"{n}": {"text": TEXT} for n in range(5)})
    failures = iter([True, False, False, True] + [False] * 99)

    def fail(key: str) -> None:
        if next(failures):
            raise UnavailableError("no answer")

    memory.before_write = fail
    migration = migrated(memory)
    assert all(values["text"] == "a cat" for values in memory.records.values())
    failures = iter([False, False, True] + [False] * 99)
    done = undo(migration.store, Control(patience=(0.0, 0.0)))
    assert [run.state for run in migration.store.runs()] == ["undone"]
    assert done.restored == 5
    assert all(values["text"] == TEXT for values in memory.records.values())


@given(
    st.lists(
        st.sampled_from([TEXT, "a dog", "a cat --duration 5s --video", None, 7, "--video", ""]),
        max_size=12,
    ),
    st.integers(1, 5),
)
def test_every_record_becomes_what_translate_says(texts: list[Any], rows: int) -> None:
    memory = Memory({f"{n:02}": {"text": text, "other": n} for n, text in enumerate(texts)})
    store = store_of(memory, journal=Path(os.devnull).parent / "shm" / f"own{os.getpid()}")
    control = Control(keep_going=True)
    control.throttle.rows = rows
    try:
        migration = Migration(store, decider_of(store._job, None), control)
        with store.writing(restart=False) as writer:
            assert migration.apply(writer)
            writer.finish()
        for n, text in enumerate(texts):
            expected = {"text": text, "other": n}
            result = translate(text) if isinstance(text, str) else None
            if result and result.status == "translated":
                expected |= {"text": "", **result.values}
            held = memory.records[f"{n:02}"]
            assert {k: v for k, v in held.items() if v is not None or k == "text"} == expected
        undo(store, Control())
        assert [values["text"] for values in memory.records.values()] == texts
    finally:
        store.close()
        for path in store._journal.parent.glob(f"{store._journal.name}*"):
            path.unlink()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("get", None, "`get` does not give the record 1 as `read` does"),
        ("get", {"text": "other"}, "`get` does not give the record 1"),
        ("read", [("1", {"text": TEXT})], "`read` after 1 does not give the record that came next"),
    ],
)
def test_a_store_that_does_not_behave_is_refused(
    here: Path, name: str, value: Any, sentence: str
) -> None:
    memory = Memory({"1": {"text": TEXT}, "2": {"text": TEXT}})
    memory.wrong[name] = value
    store = store_of(memory)
    with pytest.raises(InputError, match=sentence), store.writing(restart=False):
        pass
    assert memory.records["2"]["text"] == TEXT
    with pytest.raises(InputError, match="gives a record again"):
        store.read({"key": "1"}, 5) if name == "read" else store_of(Again(memory.records)).read(
            None, 5
        )


class Again(Memory):
    def read(self, after: str | None, count: int) -> list[tuple[str, Mapping[str, Any]]]:
        return super().read(after, count) * 2


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
