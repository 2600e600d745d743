"""`make mutants`: its rooms are there, a change's functions are found, and survivors are known."""

import importlib
import subprocess
import sys
from pathlib import Path

import imported_anew
import mutants
import pytest

from flaglift.emit import lowering
from test_docs import WITH_EXAMPLES

ROOT = Path(__file__).parents[1]

CODE = '''"""A module."""
A = 1

def first():
    return 1

class C:
    x = 1

    def method(self):
        def inner():
            return 2
        return inner

async def last():
    pass
'''


@pytest.mark.parametrize("name", mutants.ROOMS)
def test_a_room_is_there(name: str) -> None:
    room = mutants.ROOMS[name]
    for pattern in room.files:
        assert list((ROOT / "src" / "flaglift").glob(pattern))
    for path in room.tests:
        assert (ROOT / path).exists()
    for test in mutants.examples(room):
        assert test.partition("[")[2].rstrip("]") in WITH_EXAMPLES


@pytest.mark.parametrize("mutant", ["", "stats", "m.x_first__mutmut_1"])
def test_a_changed_module_is_imported_anew(
    mutant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "changed_module.py").write_text("A = 1")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "changed_module", raising=False)
    module = importlib.import_module("changed_module")
    monkeypatch.setenv("MUTANT_UNDER_TEST", mutant)
    imported_anew.pytest_load_initial_conftests()
    assert (importlib.import_module("changed_module") is module) is ("__mutmut_" not in mutant)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (2, None),
        (4, "x_first"),
        (5, "x_first"),
        (6, None),
        (8, None),
        (12, "xǁCǁmethod"),
        (15, "x_last"),
    ],
)
def test_the_functions_of_lines(
    line: int, name: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "src" / "flaglift" / "m.py"
    path.parent.mkdir(parents=True)
    path.write_text(CODE)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    found = [*mutants.functions("src/flaglift/m.py", line, line + 1)]
    assert found == ([f"flaglift.m.{name}__mutmut_*"] if name else [])


def test_the_functions_of_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "src" / "flaglift" / "emit" / "m.py"
    path.parent.mkdir(parents=True)
    path.write_text(CODE)
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    run = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "a"]):
        subprocess.run([*run, *arguments], check=True)
    assert mutants.functions_since("main", mutants.ROOMS["emit"]) == []
    path.write_text(CODE.replace("return 2", "return 3\n            return 4"))
    expected = ["flaglift.emit.m.xǁCǁmethod__mutmut_*"]
    assert mutants.functions_since("main", mutants.ROOMS["emit"]) == expected
    assert mutants.functions_since("main", mutants.ROOMS["syntax"]) == []


def test_a_survivor_is_told_without_its_number() -> None:
    shown = (
        "# a: survived\n--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n def f():\n-    a = 1\n+    a = 2\n"
    )
    for name, function in (
        ("flaglift.emit.fields.x_typed__mutmut_3", "flaglift.emit.fields.typed"),
        ("flaglift.emit.m.xǁCǁ__init____mutmut_12", "flaglift.emit.m.C.__init__"),
    ):
        assert mutants.survivor(name, shown) == (function, "a = 1", "a = 2")


def test_each_survivor_has_a_reason_and_stands_in_the_code() -> None:
    for survivor, reason in mutants.reasons().items():
        module = survivor.function.split(".")
        path = ROOT / "src"
        while module and not path.with_suffix(".py").exists():
            path /= module.pop(0)
        source = " ".join(path.with_suffix(".py").read_text(encoding="utf-8").split())
        assert " ".join(survivor.old.split()) in source
        assert survivor.old != survivor.new
        assert len(reason) > 10


def test_a_room_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "BUILD", tmp_path)
    folder = mutants.prepared("emit")
    assert (folder / "src/flaglift/emit" / Path(lowering.__file__).name).exists()
    assert (folder / "grammar" / "legacy_video.lark").exists()
    settings = (folder / "setup.cfg").read_text()
    assert "    src/flaglift/emit/*\n" in settings
    assert "    tests/emit\n" in settings
