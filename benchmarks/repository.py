"""How long `flaglift check` takes, beside programs that people wait for already.

    python benchmarks/repository.py [FILES]

Each pair is run in turn, so that whatever else the machine does hits both, and the medians are
compared. `flaglift` is installed from this folder into an environment of its own, as users have it.
Needs git, and `pip install codespell pyupgrade sqlfluff`, which come with `make bench-repository`.

1. A tree of 10,000 files, 100 of them with prompts, warm:
   beside `git grep -l -e --video` (wanted: within 5 times) and `codespell` (wanted: faster).
2. The start, on one file without flags: beside `pyupgrade` (wanted: within 1.5 times).
3. The start, on one file with flags: beside `sqlfluff lint` on a small file (wanted: half of it).
   Both with and without the cache.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
PROMPT = 'a woman on a ridge --video --video_model kling25 --duration 7 --video_prompt "she smiles"'
WORDS = [
    "the",
    "quick",
    "brown",
    "fox",
    "jumps",
    "over",
    "a",
    "lazy",
    "dog",
    "while",
    "many",
    "files",
]
SUFFIXES = (".py", ".js", ".md", ".json", ".yaml", ".txt", ".sh")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        flaglift = installed(Path(folder, "environment"))
        os.environ["FLAGLIFT_CACHE_DIR"] = str(Path(folder, "cache"))
        tree = Path(folder, "tree")
        make_tree(tree, count)
        check = [flaglift, "check", "--output-format", "concise"]
        print(f"A tree of {count} files, {count // 100} with prompts, warm:")
        compare("git grep", ["git", "grep", "-l", "-e", "--video"], check, tree, 5.0)
        compare("codespell", [BIN / "codespell", "-q", "3"], check, tree, 1.0)
        plain, flags, query = (Path(folder, name) for name in ("plain.py", "flags.py", "query.sql"))
        plain.write_text("def add(a: int, b: int) -> int:\n    return a + b\n")
        flags.write_text(f"prompt = {PROMPT!r}\n")
        query.write_text("SELECT a FROM b\n")
        print("The start, one file without flags:")
        compare("pyupgrade", [BIN / "pyupgrade", plain], [flaglift, "check", plain], tree, 1.5)
        print("The start, one file with flags:")
        lint = [BIN / "sqlfluff", "lint", "--dialect", "ansi", query]
        compare("sqlfluff (cached)", lint, [flaglift, "check", flags], tree, 0.5)
        uncached = [flaglift, "check", "--no-cache", flags]
        compare("sqlfluff (no cache)", lint, uncached, tree, 0.5)


def installed(folder: Path) -> Path:
    """Install this project with its hosts, byte-compiled as pip does it; return the command."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = [folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check"]
    with tempfile.TemporaryDirectory() as source:
        # A build leaves files in the folder that it builds.
        listed = ["pyproject.toml", "README.md", "LICENSE", "src", "grammar"]
        subprocess.run(["cp", "-r", *(ROOT / name for name in listed), source], check=True)
        subprocess.run([*pip, f"{source}[hosts]"], check=True)
    return folder / "bin" / "flaglift"


def make_tree(tree: Path, count: int) -> None:
    """Write a repository of text-like files, one in a hundred with a prompt."""
    chance = random.Random(1)
    for number in range(count):
        suffix = SUFFIXES[number % len(SUFFIXES)]
        path = tree / f"part{number % 97}" / f"file{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = [" ".join(chance.choices(WORDS, k=12)) for _ in range(chance.randint(5, 60))]
        if number % 100 == 0:
            lines.append(PROMPT)
        path.write_text(as_file(suffix, lines))
    for args in (["init", "-q"], ["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@b.c",
                 "commit", "-qm", "all"]):  # fmt: skip
        subprocess.run(["git", *args], cwd=tree, check=True)


def as_file(suffix: str, lines: Sequence[str]) -> str:
    """Return lines as a file of its kind that is read well."""
    quoted = [line.replace('"', '\\"') for line in lines]
    if suffix == ".json":
        return "[\n" + ",\n".join(f'  {{"text": "{line}"}}' for line in quoted) + "\n]\n"
    form = {
        ".py": 'text = "{}"',
        ".js": 'send({{ text: "{}" }});',
        ".yaml": '- text: "{}"',
        ".sh": 'echo "{}"',
    }.get(suffix)
    return "".join(
        f"{form.format(line) if form else raw}\n" for line, raw in zip(quoted, lines, strict=True)
    )


def compare(
    name: str, other: Sequence[str | Path], ours: Sequence[str | Path], folder: Path, wanted: float
) -> None:
    """Run two commands in turn and print how long they take."""
    for command in (other, ours):
        timed(command, folder)  # both find what they need in the page cache, and ours in its own
    pairs = [(timed(other, folder), timed(ours, folder)) for _ in range(9)]
    theirs, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = mine / theirs
    verdict = "as wanted" if ratio <= wanted else "slower than wanted"
    print(
        f"  {name:20} {theirs * 1000:7.0f} ms   flaglift {mine * 1000:7.0f} ms"
        f"   ratio {ratio:5.2f}   wanted {wanted:.1f} or less: {verdict}"
    )


def timed(command: Sequence[str | Path], folder: Path) -> float:
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
