"""Starts git in a tree that is not trusted: it runs no program of the tree, and ends in time.

Its `.git` can name programs: a monitor, filters, hooks, a pager, a transport. It can also hold a
pipe, a device, or a small file that takes much memory to read: so git has limits.
"""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from importlib.util import find_spec
from math import inf
from typing import IO, Any, NamedTuple, cast

from flaglift.errors import ConfigError
from flaglift.files import read_all

PATIENCE = 30.0
"""Seconds for an answer. git itself waits forever if its configuration includes a pipe."""

MOST_MEMORY = 1 << 30
"""Bytes of memory for git. It maps packs, which may be larger, but does not count these."""

MOST_OUTPUT = 1 << 26
"""Bytes; they name a million files."""

_MOST_MESSAGES = 1 << 20
"""Bytes of warnings and errors."""

_LOOKS = 20
"""How often the clock is looked at while git may take its time for an answer."""

SETTINGS = {
    "core.fsmonitor": "false",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.alternateRefsCommand": "",
    "diff.external": "",
    "protocol.allow": "never",
}
_VARIABLES = {
    "LC_ALL": "C",
    "GIT_OPTIONAL_LOCKS": "0",  # do not touch the index or run its hook
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",  # do not fetch missing objects of a partial clone
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_PAGER": "cat",
    "GIT_TRACE2": "0",  # the user's configuration can ask for it, too
    "GIT_TRACE2_EVENT": "0",
    "GIT_TRACE2_PERF": "0",
}
_DROPPED = re.compile("GIT_(?:EXTERNAL_DIFF|CONFIG|(?:TRACE|REDIRECT_).*)")
"""Variables that name a program, or another configuration, or add to git's output."""
_PLACES = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")
_COUNT = "GIT_CONFIG_COUNT"
_OUTSIDE = ("not a git repository", "must be run in a work tree", "cannot change to")
"""git's messages if there is no working tree to list; the walk reports other errors."""

# Windows has no such module, and only Linux limits another process.
_resource: Any = import_module("resource") if find_spec("resource") else None


class GitRefusal(NamedTuple):
    """Why git failed."""

    words: str
    """git's own message; empty if the folder is in no working tree, or git is not installed."""


class GitOutput(NamedTuple):
    """What git printed."""

    data: bytes
    messages: bytes
    """Warnings."""


def run_git(
    folder: str, *arguments: str, settings: Mapping[str, str] = SETTINGS
) -> GitOutput | GitRefusal:
    """Run git in a folder until it ends, within limits."""
    try:
        process = GitProcess(folder, *arguments, settings=settings)
    except OSError:
        return GitRefusal("")
    with closing(process), process.answering():
        output, code = process.output()
    if process.stopped:
        return GitRefusal(process.stopped)
    if code == 0:
        return output
    words = " ".join(output.messages.decode("utf-8", "surrogateescape").split())
    if code < 0 and not words:
        words = f"git was ended by signal {-code}"
    if "Out of memory" in words:
        words += f" (git may take {MOST_MEMORY} bytes)"
    places = set_by_user()
    if places and words:
        return GitRefusal(f"{words} (the environment sets {' and '.join(places)})")
    return GitRefusal("" if any(usual in words for usual in _OUTSIDE) else words)


def set_by_user() -> list[str]:
    """Return the variables of the environment that say where a repository is, with their values."""
    return [f"{name}={os.environ[name]}" for name in _PLACES if os.environ.get(name)]


class GitProcess:
    """git while it runs, with what it starts; it is killed once it exceeds a limit, and at the end.

    Raises `OSError` if it cannot be started.
    """

    def __init__(
        self, folder: str, *arguments: str, settings: Mapping[str, str] = SETTINGS
    ) -> None:
        self._process: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603
            ["git", "-C", folder, *arguments],  # noqa: S607 (the user's own git)
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(settings),
            process_group=0,  # a git that it starts would keep the pipes open
        )
        _limit_memory(self._process.pid)
        self.stopped: str = ""
        """Which limit it has exceeded."""
        self.answers: IO[bytes] = cast("IO[bytes]", self._process.stdout)
        self._messages = b""
        self._deadline = inf
        self._ended = threading.Event()
        # Threads, because nothing else waits for a pipe and a clock on every system.
        self._reader = threading.Thread(target=self._read_messages, daemon=True)
        for thread in (self._reader, threading.Thread(target=self._watch, daemon=True)):
            thread.start()

    def ask(self, line: bytes) -> None:
        """Write a line to its standard input; raises `OSError` if it has ended."""
        # Not through the buffer, which would be written once more when it is closed.
        os.write(cast("IO[bytes]", self._process.stdin).fileno(), line)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Limit the time for an answer."""
        self._deadline = time.monotonic() + PATIENCE
        try:
            yield
        finally:
            self._deadline = inf

    def output(self) -> tuple[GitOutput, int]:
        """Return what it prints until its end, and its exit code."""
        cast("IO[bytes]", self._process.stdin).close()
        data = self._read(self.answers, MOST_OUTPUT)
        self._reader.join()
        return GitOutput(data, self._messages), self._process.wait()

    def _read_messages(self) -> None:
        self._messages = self._read(cast("IO[bytes]", self._process.stderr), _MOST_MESSAGES)

    def _read(self, stream: IO[bytes], most: int) -> bytes:
        try:
            return read_all(stream.fileno(), most)
        except OSError:
            self._stop(f"git printed more than {most} bytes")
            return b""

    def _watch(self) -> None:
        while not self._ended.wait(PATIENCE / _LOOKS):
            if time.monotonic() > self._deadline:
                self._stop(f"git did not answer in {PATIENCE:g} seconds")

    def _stop(self, why: str) -> None:
        self.stopped = self.stopped or why
        self._kill()

    def _kill(self) -> None:
        if self._process.returncode is not None:
            return  # its number may be another's
        if hasattr(os, "killpg"):
            os.killpg(self._process.pid, signal.SIGKILL)
        else:
            self._process.kill()

    def close(self) -> None:
        """End it; it only reads, so nothing is lost."""
        self._ended.set()
        self._kill()
        self._reader.join()
        with self._process:  # closes the pipes
            pass


def _limit_memory(pid: int) -> None:
    if hasattr(_resource, "prlimit"):
        # Not while it is started, as threads may run then. It may have ended already.
        with suppress(OSError):
            _resource.prlimit(pid, _resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY))


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    # After the configuration in the caller's environment, so that this one wins.
    count = os.environ.get(_COUNT) or "0"
    if not re.fullmatch("[0-9]{1,9}", count):
        raise ConfigError(f"the environment variable {_COUNT} is not a number: {count}")
    first = int(count)
    variables = {n: v for n, v in os.environ.items() if not _DROPPED.fullmatch(n)}
    variables |= {**_VARIABLES, _COUNT: str(first + len(settings))}
    for number, (name, value) in enumerate(settings.items(), first):
        variables[f"GIT_CONFIG_KEY_{number}"] = name
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables
