"""Changes the code in small ways, one at a time, and lists the changes that no test notices.

    python tools/mutants.py ROOM... [--since REVISION] [--sample N] [--children N]

mutmut does the work in `build/mutants/ROOM`, where only the room's tests run. `--since` takes only
the functions whose lines differ from a revision, `--sample` N changes of each room, chosen
by a hash of their names. A change that survives is looked up in
`tests/data/survivors.toml`, where each has its reason; the exit code is 1 if one has none.
"""

import argparse
import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "mutants"
SURVIVORS = ROOT / "tests" / "data" / "survivors.toml"
_COPIED = ("grammar", "tests", "tools", "docs", "examples", "pyproject.toml", "README.md")
_STATES = {0: "survived", 33: "without a test", 5: "without a test", 36: "too slow", 24: "too slow"}
"""What mutmut's exit codes say; all others say that a test failed."""
_UNNOTICED = ("survived", "without a test")
_MUTMUT = (sys.executable, "-m", "mutmut")
_OPTIONS = ("-p", "no:cacheprovider", "-p", "imported_anew", "--timeout=0")


class Room(NamedTuple):
    """Files, as patterns below the package, and the tests that have to notice changes of them."""

    files: Sequence[str]
    tests: Sequence[str]


ROOMS = {
    "emit": Room(["emit/*"], ["tests/emit"]),
    "lossless": Room(["lossless/*"], ["tests/lossless"]),
    "linting": Room(["linting/*"], ["tests/linting", "tests/rules/test_reading.py"]),
    "rules": Room(["rules/*"], ["tests/rules"]),
    "shapes": Room(["shapes/*"], ["tests/shapes"]),
    "syntax": Room(["syntax/*"], ["tests/syntax"]),
    "shim": Room(
        ["shim/core/*"],
        [
            f"tests/shim/test_{name}.py"
            for name in (
                "flags_elsewhere", "json_body", "multipart", "multipart_properties", "request_head",
                "short_form", "splitter", "spool", "urlencoded", "warm_up",
            )
        ],
    ),
    "engine": Room(
        [f"migrate/{name}.py" for name in (
            "decision", "engine", "entries", "json_document", "manifest", "mending", "records",
            "sampling", "tally", "throttle", "undoing",
        )],
        [
            f"tests/migrate/test_{name}.py"
            for name in (
                "corners", "decision", "engine", "first_chunk", "json_document", "manifest",
                "manners", "mending", "own_in_memory", "request", "row_decision", "sampling",
                "steps_of_a_run", "superseding", "tally", "updates",
            )
        ],
    ),
    "readers": Room(
        ["migrate/files/*"],
        [
            f"tests/migrate/test_{name}.py"
            for name in (
                "attributes", "blocks", "by_shape", "compression", "corners", "damaged_journal",
                "durability", "files", "first_chunk", "formats", "ledger", "manners",
                "parquet", "parquet_columns", "parquet_values",
            )
        ],
    ),
}  # fmt: skip


class Survivor(NamedTuple):
    """A change that no test noticed."""

    function: str
    old: str
    new: str


def main(arguments: Sequence[str]) -> int:
    """Run mutmut for some rooms; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--since", default="", metavar="REVISION")
    parser.add_argument("--sample", type=int, metavar="N")
    parser.add_argument("--children", type=int, default=os.cpu_count())
    chosen = parser.parse_args(arguments)
    known = reasons()
    unexplained = 0
    print(f"{'room':<10}{'changes':>8}{'killed':>8}{'%':>7}{'explained':>11}{'left':>6}")
    for name in chosen.rooms or ROOMS:
        wanted = functions_since(chosen.since, ROOMS[name]) if chosen.since else ["*"]
        if not wanted:
            continue
        copy = Copy.of(name, chosen.children)
        copy.run(copy.sample(wanted, chosen.sample) if chosen.sample else wanted)
        counts, survivors = copy.results(known)
        left = [each for each in survivors if each not in known]
        every = counts.total()
        killed = every - len(survivors)
        share = 100 * killed / every if every else 100
        explained = len(survivors) - len(left)
        print(f"{name:<10}{every:>8}{killed:>8}{share:>7.1f}{explained:>11}{len(left):>6}")
        for each in left:
            print(f"  {each.function}\n    - {each.old}\n    + {each.new}", flush=True)
        unexplained += len(left)
    return int(unexplained > 0)


def reasons() -> dict[Survivor, str]:
    """Return the changes that may survive, each with the reason."""
    listed = tomllib.loads(SURVIVORS.read_text(encoding="utf-8"))["survivor"]
    return {Survivor(each["function"], each["old"], each["new"]): each["reason"] for each in listed}


def prepared(name: str) -> Path:
    """Copy what a room's tests need, and configure mutmut there; return the folder."""
    room = ROOMS[name]
    folder = BUILD / name
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z", "src", *_COPIED],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for path in filter(None, listed.split("\0")):
        if (ROOT / path).is_file():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
    lines = {
        "source_paths": ["src"],
        "only_mutate": [f"src/flaglift/{pattern}" for pattern in room.files],
        "pytest_add_cli_args": _OPTIONS,
        "pytest_add_cli_args_test_selection": [*room.tests, *examples(room)],
        "also_copy": _COPIED,
    }
    text = "[mutmut]\n" + "".join(
        f"{key}=\n" + "".join(f"    {line}\n" for line in values) for key, values in lines.items()
    )
    (folder / "setup.cfg").write_text(text, encoding="utf-8")
    return folder


def examples(room: Room) -> list[str]:
    """Return the tests that run the examples in a room's docstrings."""
    package = ROOT / "src"
    names = [
        ".".join(path.relative_to(package).with_suffix("").parts).removesuffix(".__init__")
        for pattern in room.files
        for path in sorted((package / "flaglift").glob(pattern))
        if path.suffix == ".py" and ">>>" in path.read_text(encoding="utf-8")
    ]
    return [f"tests/test_docs.py::test_the_examples_of_docstrings_run[{name}]" for name in names]


class Copy(NamedTuple):
    """A room with its tests in a folder of its own, where mutmut changes it."""

    room: Room
    folder: Path
    children: int

    @classmethod
    def of(cls, name: str, children: int) -> "Copy":
        """Copy a room."""
        copy = cls(ROOMS[name], prepared(name), children)
        for path in copy._paths:
            path.mkdir(parents=True)  # or Python remembers that it is not there
        return copy

    @property
    def _paths(self) -> list[Path]:
        return [self.folder / "mutants" / name for name in ("src", "tools")]

    @property
    def _environment(self) -> dict[str, str]:
        return {
            **os.environ,
            # Programs that the tests start import what is changed, too.
            "PYTHONPATH": os.pathsep.join(map(str, self._paths)),
            "HYPOTHESIS_PROFILE": "mutants",
            "FLAGLIFT_SHAPES_EXAMPLES": "100",
        }

    def run(self, wanted: Sequence[str]) -> None:
        """Make changes whose names match one of the patterns, and run the tests that reach them."""
        if self._mutmut("run", "--max-children", str(self.children), *wanted):
            raise SystemExit(f"mutmut did not run to its end: {self.folder / 'log.txt'}")

    def _mutmut(self, *arguments: str) -> int:
        with (self.folder / "log.txt").open("ab") as log:
            done = subprocess.run(
                [*_MUTMUT, *arguments],
                cwd=self.folder, env=self._environment, stdout=log, stderr=log, check=False,
            )  # fmt: skip
        return done.returncode

    def sample(self, wanted: Sequence[str], size: int) -> list[str]:
        """Return the names of some changes."""
        self._mutmut("run", "none of them")  # which makes the changes, and says that none is run
        names = [
            name for name in self._codes() if any(fnmatch(name, pattern) for pattern in wanted)
        ]
        if not names:
            raise SystemExit(f"mutmut made no changes: {self.folder / 'log.txt'}")
        return sorted(names, key=lambda name: sha256(name.encode()).digest())[:size]

    def results(self, known: Mapping[Survivor, str]) -> tuple[Counter[str], list[Survivor]]:
        """Return how many changes ended how, and which of them no test noticed."""
        states = {
            name: _STATES.get(code, "killed")
            for name, code in self._codes().items()
            if code is not None
        }
        left = [name for name, state in states.items() if state in _UNNOTICED]
        with ThreadPoolExecutor(self.children) as pool:
            shown = dict(zip(left, pool.map(self._shown, left), strict=True))
            again = [name for name in left if shown[name] not in known]
            if again and self._is_noticed(""):
                raise SystemExit("The tests fail without a change.")
            for name, noticed in zip(again, pool.map(self._is_noticed, again), strict=True):
                if noticed:
                    states[name] = "killed"
        survivors = [shown[name] for name in left if states[name] in _UNNOTICED]
        return Counter(states.values()), survivors

    def _codes(self) -> dict[str, int | None]:
        """Return the exit codes of the tests of all changes; None if they were not run."""
        codes: dict[str, int | None] = {}
        for path in sorted(self.folder.glob("mutants/src/**/*.meta")):
            codes |= json.loads(path.read_bytes())["exit_code_by_key"]
        return codes

    def _shown(self, mutant: str) -> Survivor:
        shown = subprocess.run(
            [*_MUTMUT, "show", mutant],
            cwd=self.folder, env=self._environment, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return survivor(mutant, shown.stdout)

    def _is_noticed(self, mutant: str) -> bool:
        """Run all tests of the room, and return whether one fails.

        mutmut runs those that called the function when all ran in one process: not those for which
        it was called at import, or kept what it returned to another one.
        """
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-qx", *_OPTIONS, *self.room.tests],
            cwd=self.folder / "mutants",
            env={**self._environment, "MUTANT_UNDER_TEST": mutant},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        return done.returncode != 0


def survivor(mutant: str, diff: str) -> Survivor:
    """Return what mutmut did, from its name for it and the difference."""
    function = re.sub(r"__mutmut_\d+$", "", mutant).replace("xǁ", "").replace("ǁ", ".")
    function = re.sub(r"\.x_(?=\w+$)", ".", function)
    marked = [line for line in diff.splitlines() if not line.startswith(("---", "+++"))]
    old, new = (
        " ".join(line[1:].strip() for line in marked if line.startswith(sign)) for sign in "-+"
    )
    return Survivor(function, old, new)


def functions_since(revision: str, room: Room) -> list[str]:
    """Return patterns of mutants for the functions of a room that a change touches."""
    files = [f":(glob)src/flaglift/{pattern}" for pattern in room.files]
    diff = subprocess.run(
        ["git", "diff", "--unified=0", "--no-color", "--merge-base", revision, "--", *files],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    wanted: list[str] = []
    path = ""
    for line in diff.splitlines():
        if line.startswith("+++ "):
            path = line.removeprefix("+++ b/")
        hunk = re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)
        if hunk and path.endswith(".py"):
            first = int(hunk[1])
            wanted += functions(path, first, first + int(hunk[2] or 1))
    return sorted(set(wanted))


def functions(path: str, first: int, end: int) -> Iterator[str]:
    """Yield patterns for the functions of a file that hold any of the lines."""
    module = ".".join(Path(path).with_suffix("").parts[1:])

    def inside(body: Sequence[ast.stmt], owner: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.ClassDef):
                yield from inside(node.body, f"xǁ{node.name}ǁ")
            elif (
                isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
                and node.lineno < end
                and first <= (node.end_lineno or 0)
            ):
                yield f"{module}.{owner}{node.name}__mutmut_*"

    yield from inside(ast.parse((ROOT / path).read_bytes()).body, "x_")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
