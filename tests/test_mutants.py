"""`make mutants`: its rooms are there, a change's functions are found, and survivors are known."""

import os
import subprocess
import sys
from pathlib import Path

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


PLUGGED = """
import os, sys
os.environ["MUTANT_UNDER_TEST"] = "stats"
import pytest
arguments = ["-q", "-p", "imported_anew", "-p", "no:cacheprovider", *sys.argv[2:]]
first = pytest.main(arguments)
os.environ["MUTANT_UNDER_TEST"] = sys.argv[1]
sys.exit(first or pytest.main(arguments))
"""
CHANGED = """
import os
changed = "__mutmut_" in os.environ["MUTANT_UNDER_TEST"]
assert not changed or not os.environ["MUTANT_UNDER_TEST"].endswith("_2")
"""


@pytest.mark.parametrize(
    ("mutant", "test", "code"),
    [
        ("stats", "test_it.py", 0),
        ("m.x_first__mutmut_1", "test_it.py", 1),  # what a module does when it is imported
        ("m.x_first__mutmut_2", "test_it.py", 1),  # which may fail, here for conftest.py
        ("m.x_first__mutmut_1", "test_it.py::test_names[False]", 1),  # a test that is not there
    ],
)
def test_a_changed_module_is_imported_anew(
    mutant: str, test: str, code: int, tmp_path: Path
) -> None:
    (tmp_path / "changed_module.py").write_text(CHANGED)
    (tmp_path / "conftest.py").write_text("import changed_module")
    (tmp_path / "test_it.py").write_text(
        "import changed_module, pytest\n"
        "def test_it(): assert not changed_module.changed\n"
        "@pytest.mark.parametrize('name', [changed_module.changed])\n"
        "def test_names(name): pass\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT / 'tools'}"}
    done = subprocess.run(
        [sys.executable, "-c", PLUGGED, mutant, test],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == code, done.stdout


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
        for code in (survivor.old, survivor.new):  # or it is never found again
            assert code == code.strip()
        assert len(reason) > 10


def test_a_room_is_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mutants, "BUILD", tmp_path)
    folder = mutants.prepared("emit")
    assert (folder / "src/flaglift/emit" / Path(lowering.__file__).name).exists()
    assert (folder / "grammar" / "legacy_video.lark").exists()
    settings = (folder / "setup.cfg").read_text()
    assert "    src/flaglift/emit/*\n" in settings
    assert "    tests/emit\n" in settings
