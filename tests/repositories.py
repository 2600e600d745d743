"""A repository that a test makes, and the command run in it."""

import json
import subprocess
from pathlib import Path
from typing import Any

from running import flaglift

CLEAN = "a cat --video --video_model kling25 --video_prompt yawn"
TWICE = "a cat --video --video --video_model kling25 --video_prompt yawn"
LONG = "a cat --video --video_model kling25 --duration 7 --video_prompt yawn"
SHORT = "a cat --video --video_model kling25 --duration 5 --video_prompt yawn"


def write(files: dict[str, str | bytes]) -> None:
    """Write files below the current folder."""
    for name, content in files.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def git(*args: str) -> str:
    """Run git in the current folder as somebody."""
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    command = ["git", *author, "-c", "init.defaultBranch=main", *args]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def commit(files: dict[str, str | bytes]) -> None:
    """Write files and commit all there is."""
    write(files)
    git("add", "-A")
    git("commit", "-qm", "more")


def found(*args: str | Path, stdin: bytes = b"") -> list[dict[str, Any]]:
    """What the command finds, as JSON."""
    run = flaglift("check", "--output-format", "json", *args, stdin=stdin)
    listed: list[dict[str, Any]] = json.loads(run.stdout)
    return listed


def codes(*args: str | Path) -> list[tuple[str, int, str]]:
    """Path, line and code of each finding but `legacy-syntax`."""
    each = found(*args)
    return [(f["path"], f["line"], f["code"]) for f in each if f["code"] != "FL001"]


def shown_files(*args: str | Path) -> list[str]:
    """The files that the command would read."""
    run = flaglift("check", "--show-files", *args)
    assert run.returncode == 0
    return run.stdout.splitlines()
