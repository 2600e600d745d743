"""What a run does on a machine that has nothing but Python: nothing fails, and the end says why."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

import databases
import peers

ROOT = Path(__file__).parents[1]
CLOSED = "postgresql://postgres@127.0.0.1:1/test", "mysql://root@127.0.0.1:1/test"

# The suite's own start, with a path on which nothing is, and servers' ports that are closed.
BARE = f"""
import os, sys
os.environ["PATH"] = sys.argv[1]
sys.path.insert(0, "tests")
import databases, importlib.util, peers, pytest
databases.LISTENING = dict(zip(("postgresql", "mysql"), {CLOSED!r}))
wheels = {{databases.POSTGRESQL, *(peer.module for peer in peers.PEERS)}}
databases.find_spec = peers.find_spec = (
    lambda name: None if name in wheels else importlib.util.find_spec(name)
)
sys.exit(pytest.main(["-p", "no:cacheprovider", *sys.argv[2:]]))
"""
SOME = (
    "tests/migrate/test_sql.py::test_a_plan_writes_nothing",
    "tests/emit/test_request.py::test_a_shell_reads_the_arguments_back",
)
TITLES = ["MariaDB", "PostgreSQL", "bash", "sh"]


def bare(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"CI", *databases.VARIABLES.values()} and not name.startswith("PYTEST_")
    }
    return subprocess.run(
        [sys.executable, "-c", BARE, str(tmp_path), *SOME],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env={**environment, "FLAGLIFT_NOT_TESTED": str(tmp_path / "list"), **variables},
        text=True,
        timeout=240,
    )


def test_what_is_missing_is_left_out_and_named(tmp_path: Path) -> None:
    run = bare(tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "1 passed, 4 skipped" in run.stdout  # SQLite is in Python
    listed = (tmp_path / "list").read_text().splitlines()
    assert [line.removeprefix(peers.NOT_TESTED).partition(";")[0] for line in listed] == TITLES
    assert all(line in run.stdout for line in listed)
    assert "set FLAGLIFT_TEST_MYSQL or install mariadb-server (1 tests)" in listed[0]


def test_what_is_missing_is_a_failure_in_ci(tmp_path: Path) -> None:
    run = bare(tmp_path, CI="true")
    assert run.returncode == 1
    assert "1 passed" in run.stdout
    for title in TITLES:
        assert f"Failed: {peers.NOT_TESTED}{title}; " in run.stdout


def test_a_server_that_a_variable_names_is_the_only_one(tmp_path: Path) -> None:
    run = bare(tmp_path, FLAGLIFT_TEST_POSTGRESQL=CLOSED[0])
    assert run.returncode == 1
    assert f"no postgresql server answers at {CLOSED[0]}" in run.stdout


@pytest.mark.parametrize("kind", ["postgresql", "mysql"])
def test_a_server_is_started_where_none_listens(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(databases, "LISTENING", dict(zip(databases.LISTENING, CLOSED, strict=True)))
    monkeypatch.delenv(databases.VARIABLES[kind], raising=False)
    with ExitStack() as running:
        monkeypatch.setattr(peers, "RUNNING", running)
        url = databases.server.__wrapped__(kind)
        with databases.engine_of(url).connect() as connection:
            assert connection.exec_driver_sql("SELECT 6 * 7").scalar_one() == 42
    assert not databases.answers(url)


def test_children_can_be_interrupted_where_a_shell_ignores_interrupts(tmp_path: Path) -> None:
    test = tmp_path / "test_child.py"
    test.write_text(
        "import signal, subprocess, sys\n"
        "def test_child():\n"
        "    command = [sys.executable, '-c', 'print(flush=True); input()']\n"
        "    pipe = subprocess.PIPE\n"
        "    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as child:\n"
        "        child.stdout.readline()\n"
        "        child.send_signal(signal.SIGINT)\n"
        "        assert child.wait(60) == -signal.SIGINT\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "conftest", "-c", str(ROOT / "pyproject.toml")]
    run = subprocess.run(
        [*command, "--rootdir", str(tmp_path), str(test)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT / "tests")},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout


def test_the_packages_of_what_a_machine_lacks_are_listed() -> None:
    isolated = [sys.executable, "-I", str(ROOT / "tests" / "peers.py"), "debian"]
    run = subprocess.run(isolated, capture_output=True, check=True, env={}, text=True)
    listed = run.stdout.split()
    assert {"bash", "golang-go", "php-cli", "php-curl", "ruby-rack"} <= set(listed)
    assert len(listed) == len(set(listed))


def test_a_program_without_all_that_is_needed_of_it_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ruby = tmp_path / "ruby"
    ruby.write_text("#!/bin/sh\nexit $ANSWER\n")
    ruby.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    for answer, path in (("0", str(ruby)), ("1", None)):
        monkeypatch.setenv("ANSWER", answer)
        assert peers.found.__wrapped__("ruby") == path
