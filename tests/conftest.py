"""How the suite runs: hypothesis without deadlines, and what this machine lacks is named."""

import gc
import os
import pkgutil
import signal
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import Phase, settings

import flaglift
import measuring
import peers

# These have environments of their own: `make test-spark`, `make test-recipes`.
collect_ignore = [
    path
    for path, package in (
        ("spark", "pyspark"),
        ("recipes/test_light.py", "polars"),
        ("recipes/test_heavy.py", "ray"),
    )
    if not find_spec(package)
]

# Where the environment says that it is CI, Hypothesis takes the same examples each time by default.
settings.register_profile("ci", deadline=None, max_examples=100, derandomize=False)
settings.register_profile("long", settings.get_profile("ci"), max_examples=20_000)
# Bugs that are put in on purpose: one failure is enough, and nobody looks for a shorter one.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=40,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# A shell's background job ignores interrupts, and children would inherit that: tests that interrupt
# a child would wait for ever.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _hand_over() -> None:
    """Write what was measured so far, so that a fork neither holds nor writes it again."""
    current = measuring.measuring()
    if current:
        current.switch_context("")  # which is the one that it is in: what was measured is stored


os.register_at_fork(before=_hand_over)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call() -> Generator[None]:
    """Let `os._exit` be what it was before the test.

    Coverage wraps it whenever it resumes after a test that is not measured, and each wrapper saves:
    after a thousand such tests, each process that a test forks would take seconds to end.
    """
    leave = os._exit
    try:
        yield
    finally:
        os._exit = leave


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """Let pytest-cov alone measure the workers: another measurement does not pause with its own."""
    os.environ.pop(measuring.PROCESSES, None)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop the measurement that pytest-cov begins in a worker before it knows that it is one."""
    current = measuring.measuring()
    if current and hasattr(session.config, "workerinput"):
        current.stop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Measure coverage of a test's processes only where it asks for it: it doubles their time."""
    asked = item.get_closest_marker("measured")
    told = None if asked else os.environ.pop(measuring.PROCESSES, None)
    try:
        return (yield)
    finally:
        if told is not None:
            os.environ[measuring.PROCESSES] = told


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Measure no coverage of properties: it doubles their time, and shows what chance reaches."""
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker("no_cover")


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of garbage collection, which would look at it for ever.

    All of the package is: a module that a test without coverage imports first would lack its lines.
    """
    if measuring.measuring():
        for module in pkgutil.walk_packages(flaglift.__path__, "flaglift."):
            with suppress(ImportError, flaglift.FlagliftError):  # what needs an extra
                if not module.name.endswith("__main__"):
                    import_module(module.name)
    gc.collect()
    gc.freeze()


def pytest_unconfigure() -> None:
    """Stop what was started for the tests."""
    peers.RUNNING.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left out; `FLAGLIFT_NOT_TESTED` names a file that it is added to."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ").partition("\n")[0]
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    lines = [
        f"{reason} ({count} tests)"
        for reason, count in sorted(reasons.items())
        if reason.startswith(peers.NOT_TESTED)
    ]
    for line in lines:
        terminalreporter.write_line(line)
    name = os.environ.get("FLAGLIFT_NOT_TESTED")
    if name and lines:
        with Path(name).open("a", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads what another one, or the user, has cached."""
    folder = tmp_path_factory.getbasetemp() / "flaglift-cache" / os.urandom(8).hex()
    monkeypatch.setenv("FLAGLIFT_CACHE_DIR", str(folder))
    return folder
