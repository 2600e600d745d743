"""The command line, run inside the test's process or as a process of its own."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flaglift.cli import main


def flaglift(
    *args: str | Path, stdin: bytes | str = b"", terminal: bool = False
) -> subprocess.CompletedProcess[str]:
    """Call `main` as the console script does; the streams are real text streams over bytes.

    With `terminal`, the streams for output say that they are one.
    """
    given = stdin.encode() if isinstance(stdin, str) else stdin
    out, err = _stream(terminal=terminal), _stream(terminal=terminal)
    code: object = None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["flaglift", *map(str, args)])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        try:
            main()
        except SystemExit as leaving:
            code = leaving.code
    return subprocess.CompletedProcess(
        list(map(str, args)), code if isinstance(code, int) else 0, _written(out), _written(err)
    )


class _TerminalBytes(io.BytesIO):
    def isatty(self) -> bool:
        return True


def _stream(*, terminal: bool) -> io.TextIOWrapper:
    under = _TerminalBytes() if terminal else io.BytesIO()
    return io.TextIOWrapper(under, encoding="ascii", newline="\n")


def _written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    assert isinstance(stream.buffer, io.BytesIO)
    return stream.buffer.getvalue().decode("utf-8", "surrogateescape")


def process(
    *args: str | bytes, stdin: bytes = b"", cwd: Path | None = None, **variables: str
) -> subprocess.CompletedProcess[bytes]:
    """Run `python -m flaglift` as a user's shell would."""
    return subprocess.run(
        [sys.executable, "-m", "flaglift", *args],
        input=stdin,
        capture_output=True,
        check=False,
        cwd=cwd,
        env={**os.environ, **variables},
        timeout=60,
    )
