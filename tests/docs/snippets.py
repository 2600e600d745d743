"""The snippets of README and the site: run in order, in a folder with the examples in it.

`python tests/docs/snippets.py docs/page.md` writes what the commands print into a page.

- `console`: lines that begin with `$ ` are commands of one bash session for each page; the lines
  after them are what is printed. `...` stands for anything within a line, and by itself for lines.
- `python`: a session of Python with `>>>`, or a program that the page has to run without error.
- `toml`, `yaml`, `json`: read as what they are. `text` and `diff` are only shown.
"""

import doctest
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "docs" / "reference" / "generated"
STORY = ROOT / "docs" / "tutorials" / "two-million.md"
"""Run with fewer rows than it shows, by `story.py`."""
PAGES = [
    ROOT / "README.md",
    *(
        path
        for path in sorted(ROOT.glob("docs/**/*.md"))
        if GENERATED not in path.parents and path != STORY
    ),
]
_FENCE = re.compile(
    r"^(?P<fence>`{3,})(?P<language>[a-z]+)\n(?P<code>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL
)
_COMMAND = re.compile(r"^\$ (?P<command>(?:.*\\\n)*.*)\n(?P<shown>(?:(?!\$ ).*\n?)*)", re.MULTILINE)
_PORT = re.compile(r"127\.0\.0\.1:(\d{4})")
_MARK = "--- end of the output ---"
SHOWN_ONLY = {"text", "diff"}


@dataclass(frozen=True)
class Snippet:
    """A block of code of a page."""

    language: str
    code: str
    line: int


def snippets(text: str) -> list[Snippet]:
    """Return the blocks of code with a language, in order; directives are none."""
    return [
        Snippet(found["language"], found["code"], text.count("\n", 0, found.start()) + 2)
        for found in _FENCE.finditer(text)
    ]


class Shell:
    """A bash in which commands are run one after another; what they start ends with it."""

    def __init__(self, folder: Path) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        # Measuring coverage doubles the time, and tests of the verbs measure what is run here.
        kept = {
            name: value
            for name, value in os.environ.items()
            if "FLAGLIFT" not in name and "COVERAGE" not in name
        }
        kept.pop("FORCE_COLOR", None)
        self._folder = str(folder)
        self._ports: dict[str, str] = {}
        self._bash = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**kept, "PATH": path, "COLUMNS": "100", "NO_COLOR": "1", "HOME": str(folder)},
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )

    def run(self, command: str) -> str:
        """Return what a command prints, on either stream; addresses are those of the page."""
        assert self._bash.stdin
        assert self._bash.stdout
        command = _PORT.sub(lambda found: f"127.0.0.1:{self._free(found[1])}", command)
        # What ends the output leaves `$?` as the command left it.
        marked = f"{{ code=$?; echo; echo '{_MARK}'; (exit $code); }} 2>/dev/null"
        self._bash.stdin.write(f"{command}\n{marked}\n")
        self._bash.stdin.flush()
        lines: list[str] = []
        for line in self._bash.stdout:
            if line.rstrip("\n") == _MARK:
                break
            lines.append(line)
        printed = "".join(lines).removesuffix("\n").replace(self._folder, "~")
        for shown, free in self._ports.items():
            printed = printed.replace(f"127.0.0.1:{free}", f"127.0.0.1:{shown}")
        return printed

    def _free(self, port: str) -> str:
        """Return a free port in the place of one on the page, the same each time."""
        if port not in self._ports:
            with socket.create_server(("127.0.0.1", 0)) as server:
                self._ports[port] = str(server.getsockname()[1])
        return self._ports[port]

    def close(self) -> None:
        """End the shell and all that it started."""
        with self._bash:
            os.killpg(self._bash.pid, signal.SIGKILL)


@contextmanager
def shell() -> Iterator[Shell]:
    """Give a shell in a new folder that holds the examples."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        shutil.copytree(ROOT / "examples", folder / "examples")
        opened = Shell(folder)
        try:
            yield opened
        finally:
            opened.close()


def commands(code: str) -> list[tuple[str, str]]:
    """Return the commands of a session, each with what it shows."""
    found = [(each["command"], each["shown"]) for each in _COMMAND.finditer(code)]
    assert found, "a session begins with `$ `"
    assert "".join(f"$ {command}\n{shown}" for command, shown in found) == code
    return found


def fits(shown: str, printed: str) -> bool:
    """Tell whether a text is what is shown; `...` stands for anything in a line, or for lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n"
        for line in shown.splitlines()
    )
    return (
        re.fullmatch(pattern, printed if printed.endswith("\n") or not printed else printed + "\n")
        is not None
    )


def with_ellipses(shown: str, printed: str) -> str:
    """Return what is printed now, with the lines of the page that stand for it by an ellipsis."""
    varying = [line for line in shown.splitlines() if "..." in line and line != "..."]
    return "".join(
        next((f"{line}\n" for line in varying if fits(line, each)), each)
        for each in printed.splitlines(keepends=True)
    )


def run_python(code: str, names: dict[str, Any], page: str, line: int) -> str:
    """Run a session or a program; return what differs from what it shows."""
    if ">>>" not in code:
        exec(compile(code, page, "exec"), names)  # noqa: S102
        return ""
    test = doctest.DocTestParser().get_doctest(code, names, page, page, line)
    report: list[str] = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(
        test, out=report.append, clear_globs=False
    )
    names.update(test.globs)
    return "".join(report)


def read_data(language: str, code: str) -> None:
    """Read data in its language; raises where it cannot be read."""
    readers: dict[str, Callable[[str], Any]] = {
        "toml": tomllib.loads,
        "yaml": yaml.safe_load,
        "json": json.loads,
    }
    readers[language](code)


def rewritten(text: str) -> str:
    """Return a page with what its commands print now, where it does not fit what is shown."""
    with shell() as opened:

        def session(found: re.Match[str]) -> str:
            if found["language"] != "console":
                return found[0]
            code = ""
            for command, shown in commands(found["code"]):
                printed = opened.run(command)
                kept = shown if fits(shown, printed) else with_ellipses(shown, printed)
                code += f"$ {command}\n{kept}"
                code += "\n" if kept and not kept.endswith("\n") else ""
            return f"{found['fence']}console\n{code}{found['fence']}"

        return _FENCE.sub(session, text)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).write_text(rewritten(Path(name).read_text(encoding="utf-8")), encoding="utf-8")
