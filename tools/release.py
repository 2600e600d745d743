"""Builds wheel and sdist into `dist`, twice, and tries what was built: `make release-check`.

- Both builds have to be the same, byte for byte: whoever builds a release again gets that release.
- The sdist has to hold what it takes to test it, and the wheel all packages and their data.
- The wheel has to work where nothing else is installed.
"""

import gzip
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path

ROOT = Path(__file__).parents[1]
DIST = ROOT / "dist"
_DAY = 1_767_225_600
"""2026-01-01, the time of all files in a release, unless SOURCE_DATE_EPOCH is set."""
IN_THE_SDIST = (
    "CHANGELOG.md", "LICENSE", "README.md", "docs/conf.py", "examples/prompts.jsonl",
    "grammar/legacy_video.lark", "pyproject.toml", "tests/conftest.py", "tools/release.py",
)  # fmt: skip
IN_THE_WHEEL = (
    "flaglift/__init__.py", "flaglift/py.typed", "flaglift/grammar/legacy_video.lark",
    "flaglift/catalog/releases.toml", "flaglift/cli/check.py",
)  # fmt: skip


def main() -> None:
    """Build, compare, look inside, install, run."""
    with tempfile.TemporaryDirectory() as name:
        folders = [Path(name) / str(number) for number in (1, 2)]
        for folder in folders:
            build(folder)
        first, second = ({path.name: path.read_bytes() for path in f.iterdir()} for f in folders)
        differing = [
            each for each in first.keys() | second.keys() if first.get(each) != second.get(each)
        ]
        if differing:
            sys.exit(f"built twice, these differ: {', '.join(sorted(differing))}")
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(folders[0], DIST)
    (wheel,), (sdist,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    look_inside(wheel, sdist)
    try_wheel(wheel)
    print(f"{wheel.name} and {sdist.name}: the same twice, complete, and working")


def build(folder: Path) -> None:
    """Build both into a folder, from a copy of what git tracks and of the built site."""
    _built(folder, (ROOT / "src/flaglift/site").rglob("*"))
    (sdist,) = folder.glob("*.tar.gz")
    sdist.write_bytes(repacked(sdist.read_bytes(), int(_day())))


def wheel_of(folder: Path) -> None:
    """Build the wheel into a folder, from a copy of what git tracks."""
    _built(folder, (), "--wheel")


def _built(folder: Path, more: Iterable[Path], *kinds: str) -> None:
    with tempfile.TemporaryDirectory() as name:
        copy = Path(name) / "flaglift"
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
        )
        added = [str(path.relative_to(ROOT)) for path in more]
        for path in (*filter(None, listed.stdout.split("\0")), *added):
            if (ROOT / path).is_file():
                (copy / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / path, copy / path)
        subprocess.run(
            [sys.executable, "-m", "build", *kinds, "--outdir", str(folder), str(copy)],
            check=True,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "SOURCE_DATE_EPOCH": _day()},
        )


def _day() -> str:
    return os.environ.get("SOURCE_DATE_EPOCH", str(_DAY))


def repacked(archive: bytes, day: int) -> bytes:
    """Return an sdist with its files in order, all of one time and of nobody in particular."""
    plain = BytesIO()
    with (
        tarfile.open(fileobj=BytesIO(archive)) as old,
        tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda each: each.name):
            content = old.extractfile(member)
            member.mtime, member.uid, member.gid, member.uname, member.gname = day, 0, 0, "", ""
            member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
            member.pax_headers = {}
            new.addfile(member, content)
    return gzip.compress(plain.getvalue(), mtime=day)


def look_inside(wheel: Path, sdist: Path) -> None:
    """End with a sentence if something is missing."""
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    missing = [name for name in IN_THE_SDIST if name not in names]
    with zipfile.ZipFile(wheel) as packed:
        inside = set(packed.namelist())
    missing += [name for name in IN_THE_WHEEL if name not in inside]
    packages = {
        str(p.parent.relative_to(ROOT / "src")) for p in (ROOT / "src").rglob("__init__.py")
    }
    missing += sorted(each for each in packages if f"{each}/__init__.py" not in inside)
    if missing:
        sys.exit(f"missing in what was built: {', '.join(missing)}")


def try_wheel(wheel: Path) -> None:
    """Install the wheel in an environment of its own, and use it there."""
    with tempfile.TemporaryDirectory() as name:
        venv.create(name, with_pip=True)
        programs = Path(name) / "bin"
        pip = [str(programs / "pip"), "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, str(wheel)], check=True)
        for words in (
            ["--version"],
            ["rule", "FL402"],
            ["translate", "a cat --video --video_model kling25"],
        ):
            done = subprocess.run(
                [str(programs / "flaglift"), *words],
                check=False,
                capture_output=True,
                text=True,
                cwd=name,
            )
            if done.returncode or not done.stdout:
                sys.exit(f"installed alone, `flaglift {' '.join(words)}` fails:\n{done.stderr}")


if __name__ == "__main__":
    main()
