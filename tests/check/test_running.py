"""Many files: the cache, the processes, and what an interrupt leaves."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flaglift import processes
from flaglift.check import cache as caching
from flaglift.check import running, working
from flaglift.check.cache import Cache, default_folder
from flaglift.check.hosts.documents import forget
from flaglift.check.job import FileInspection, FileJob, Task, Wanted
from flaglift.check.running import recall, run
from flaglift.report.record import LocatedFinding
from flaglift.settings import DEFAULT, Settings
from flaglift.syntax import Segment, parser
from flaglift.syntax.tree import parse_words
from repositories import CLEAN, LONG, TWICE, codes, found, write
from running import flaglift, process

pytestmark = pytest.mark.measured

TEXTS = st.lists(
    st.sampled_from([CLEAN, LONG, TWICE, "plain", "a 😀\tcat --vidoe", "“a” —video --duration 5s"]),
    max_size=5,
).map("\n".join)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def job(text: str, name: str = "a.txt", settings: Settings = DEFAULT, **more: Any) -> FileJob:
    return FileJob(name, name, text.encode(), "lines", settings, **more)


def inspected(
    jobs: Sequence[FileJob], cache: Cache | None = None, processes: int = 1
) -> list[FileInspection]:
    known = recall(jobs, cache)
    return [each.inspection for each in run(jobs, known, Task(), cache, processes)]


def complete(records: list[LocatedFinding]) -> list[tuple[LocatedFinding, object, object, object]]:
    """What `==` leaves out of findings too."""
    return [(r, r.finding.message, r.finding.severity, r.finding.fix) for r in records]


# How often a prompt is read.


LEGACY = "a cat --video --video_model kling25 --duration 7 --video_prompt 'it yawns'"


@pytest.mark.parametrize(
    ("host", "content", "readings"),
    [
        ("lines", LEGACY, 1),
        ("python", f'P = "{LEGACY}"', 1),
        ("python", f'P = """{LEGACY}\n"""', 1),  # linted with the line end, and fixed without it
        ("python", f'P = """{LEGACY} on a mat\n\n"""', 1),
        ("json", f'{{"prompt": {{"text": "{LEGACY}"}}}}', 1),
        ("python", f'P = f"{{x}} {LEGACY}"', 3),  # as it is, with one word for `x`, and with two
    ],
)
@pytest.mark.parametrize("wanted", [Wanted(), Wanted(safe=True, unsafe=True, moves=True)])
def test_each_text_is_parsed_once(
    host: str, content: str, readings: int, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[str] = []

    def counting(text: str) -> Segment:
        parsed.append(text)
        return parse_words(text)

    monkeypatch.setattr(parser, "parse_words", counting)
    forget()  # the readings of an earlier test of the same file
    job = FileJob("a", "a", content.encode(), host, DEFAULT)
    (done,) = run([job], recall([job], None), Task(wanted, diff=True), None, 1)
    original = [text for text in parsed if "--duration 7" in text]
    assert len(original) == len(set(original)) == readings
    assert done.inspection.records or (done.fixed and done.fixed.moved == 1)


# The cache.


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS)
def test_what_is_remembered_is_what_was_found(cache_folder: Path, text: str) -> None:
    cache = Cache(cache_folder, replacements=False)
    (first,) = inspected([job(text)])
    inspected([job(text)], cache)
    (again,) = recall([job(text)], cache)
    assert again is not None
    assert complete(again.records) == complete(first.records)
    assert (again.candidates, again.unused) == (first.candidates, first.unused)
    (elsewhere,) = recall([job(text, "b/c.txt")], cache)
    assert elsewhere is not None
    assert {r.path for r in elsewhere.records} <= {"b/c.txt"}


def test_nothing_is_remembered_for_another_question(cache_folder: Path, here: Path) -> None:
    cache = Cache(cache_folder, replacements=False)
    overlay = here / "models.toml"
    overlay.write_text("")
    base = job(LONG, settings=Settings(overlay=overlay))
    others = [
        job(LONG + " ", settings=base.settings),
        job(LONG, "a.md", base.settings),
        job(LONG, settings=Settings()),
        job(LONG, settings=replace(base.settings, select=("FL4",))),
        replace(base, host="whole"),
        replace(base, require_reason=True),
    ]
    keys = {cache.key(each) for each in [base, *others]}
    assert len(keys) == len(others) + 1
    assert Cache(cache_folder, replacements=True).key(base) != cache.key(base)
    assert cache.key(base) == cache.key(job(LONG, "b/a.txt", base.settings))
    caching._overlay.cache_clear()
    overlay.write_text("# changed")
    assert cache.key(base) not in keys


def test_another_version_of_the_program_asks_anew(
    cache_folder: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = Cache(cache_folder, replacements=False)
    write({"package/check/cache.py": "", "package/rules/one.py": ""})
    monkeypatch.setattr(caching, "__file__", str(here / "package" / "check" / "cache.py"))
    keys = set()
    for moment in (1, 2):
        os.utime("package/rules/one.py", (2_000_000_000 + moment, 2_000_000_000 + moment))
        caching._program.cache_clear()
        keys.add(cache.key(job(LONG)))
    caching._program.cache_clear()
    assert len(keys) == 2


@pytest.mark.parametrize("damage", ["", "{", "[]", "[[],[],[[9,[]]]]", "[[[]],[],[]]", "[1,2,3]"])
def test_a_damaged_cache_is_no_cache(damage: str, cache_folder: Path) -> None:
    write({"a.txt": LONG})
    first = found()
    for path in cache_folder.glob("*/*"):
        path.write_text(damage)
    assert found() == first
    assert found() == first


@pytest.mark.parametrize("other", ["pipe", "/dev/zero", "/dev/null", "folder"])
def test_an_entry_that_is_no_file_is_no_entry(other: str, cache_folder: Path) -> None:
    write({"a.txt": LONG})
    first = found()
    (entry,) = (path for path in cache_folder.glob("*/*") if path.is_file())
    entry.unlink()
    if other == "pipe":
        os.mkfifo(entry)
    elif other == "folder":
        entry.mkdir()
    else:
        entry.symlink_to(other)
    assert found() == first


def test_no_change_to_an_entry_is_believed(cache_folder: Path) -> None:
    write({"a.txt": LONG})
    first = found()
    (entry,) = (path for path in cache_folder.glob("*/*") if path.is_file())
    whole = entry.read_bytes()
    digest, _, content = whole.partition(b"\n")
    changed = [content[:at] + b"7" + content[at + 1 :] for at in range(0, len(content), 7)]
    for other in [b"[" * 100_000, *changed, content[:-1], content + b" "]:
        entry.write_bytes(digest + b"\n" + other)
        cache = Cache(cache_folder, replacements=False)
        known = recall([job(LONG)], cache)
        assert known == [None] or entry.read_bytes() == whole
        entry.write_bytes(whole)
    entry.write_bytes(digest + b"\n" + b"[" * 100_000)
    assert found() == first


def test_a_cache_that_cannot_be_written_is_done_without(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLAGLIFT_CACHE_DIR", "/dev/null/cache")
    write({"a.txt": LONG})
    assert found() == found() != []


def test_the_cache_is_used_and_can_be_done_without(cache_folder: Path) -> None:
    write({"a.txt": LONG, "b.txt": "plain"})
    expected = found("--no-cache")
    assert not cache_folder.exists()
    assert found() == expected
    entries = [path for path in cache_folder.glob("*/*") if path.is_file()]
    assert len(entries) == 1
    assert oct(cache_folder.stat().st_mode & 0o777) == "0o700"
    content = json.loads(entries[0].read_text().split("\n", 1)[1])
    content[0] = []
    key = f"{entries[0].parent.name}{entries[0].name}"
    changed = json.dumps(content).encode()
    entries[0].write_bytes(caching._digest(key, changed) + b"\n" + changed)
    assert found() == []
    assert found("--no-cache") == expected
    assert flaglift("check", "--fix").returncode == 1  # a fix reads the file itself


def test_what_was_not_used_for_long_is_forgotten(cache_folder: Path) -> None:
    write({"a.txt": LONG})
    found()
    (old,) = (path for path in cache_folder.glob("*/*"))
    long_ago = time.time() - 40 * 86_400
    os.utime(old, (long_ago, long_ago))
    write({"a.txt": TWICE})
    found()
    assert old.exists()  # once a day is enough
    os.utime(cache_folder / "swept", (long_ago, long_ago))
    write({"a.txt": CLEAN})
    found()
    assert not old.exists()
    assert len(list(cache_folder.glob("*/*"))) == 2


def test_where_the_cache_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_folder() == Path(os.environ["FLAGLIFT_CACHE_DIR"])
    monkeypatch.delenv("FLAGLIFT_CACHE_DIR")
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    assert default_folder() == Path("/somewhere/flaglift")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_folder() == Path.home() / ".cache" / "flaglift"
    monkeypatch.setenv("XDG_CACHE_HOME", "here")  # one in the tree would be checked, and committed
    assert default_folder() == Path.home() / ".cache" / "flaglift"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", "/local")
    assert default_folder() == Path("/local/flaglift")


def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    write({"a.txt": LONG})
    monkeypatch.delenv("FLAGLIFT_CACHE_DIR")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: 2**31 - 7)  # as in a container: no such account
    assert default_folder() is None
    assert [code for _, _, code in codes()] == ["FL402"]
    assert os.listdir() == ["a.txt"]


# Processes.


def test_several_processes_find_what_one_finds() -> None:
    write({f"{number:03}.txt": f"{number} {LONG}\n{TWICE}\n" for number in range(90)})
    alone = flaglift("check", "-j", "1", "--no-cache")
    assert alone.returncode == 1
    for args in (["-j", "3"], []):
        several = process("check", "--no-cache", *args)
        assert several.stdout.decode() == alone.stdout
        assert several.stderr.decode() == alone.stderr
    # The same where branches can be counted.
    jobs = [job(f"{number} {LONG}", f"{number}.txt") for number in range(20)]
    one, two = inspected(jobs), inspected(jobs, processes=2)
    assert [complete(each.records) for each in one] == [complete(each.records) for each in two]


def test_several_processes_fix_what_one_fixes() -> None:
    files: dict[str, str | bytes] = {f"{n:03}.txt": f"{n} {TWICE}\n{LONG}\n" for n in range(50)}
    write(files)
    jobs = [job(str(text), name) for name, text in files.items()]
    wanted = Task(Wanted(safe=True))
    outcomes = list(run(jobs, [None] * len(jobs), wanted, processes=2))
    assert [outcome.job.path for outcome in outcomes] == list(files)
    assert all(outcome.fixed and outcome.fixed.fixed == 1 for outcome in outcomes)
    for name, text in files.items():
        assert Path(name).read_text() == str(text).replace("--video --video ", "--video ")


def test_a_file_that_ends_a_process_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    real = working.__dict__["host_named"]

    def deadly(name: str) -> object:
        if name == "whole":
            os._exit(11)  # as a fault in a parser's machine code would
        return real(name)

    monkeypatch.setattr(working, "host_named", deadly)
    monkeypatch.setattr(running, "_CHUNK", 3)
    jobs = [job(f"{number} {LONG}", f"{number}.txt") for number in range(24)]
    for number in (5, 17):
        jobs[number] = replace(jobs[number], host="whole")
    outcomes = list(run(jobs, [None] * 24, Task(), processes=2))
    assert [outcome.job.shown for outcome in outcomes] == [each.shown for each in jobs]
    said = {outcome.job.shown: outcome.problem for outcome in outcomes if outcome.problem}
    assert said == {f"{n}.txt": f"{n}.txt: reading it ends the process" for n in (5, 17)}
    assert all(each.problem or each.inspection.records for each in outcomes)


def test_a_worker_heeds_no_interrupt_and_leaves_with_its_parent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left = threading.Event()
    reading, writing = os.pipe()
    parent = SimpleNamespace(sentinel=reading)
    monkeypatch.setattr(multiprocessing, "parent_process", lambda: parent)
    monkeypatch.setattr(os, "_exit", lambda _: left.set())
    before = signal.getsignal(signal.SIGINT)
    try:
        processes.start_worker()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    assert not left.wait(0.05)
    os.close(writing)  # as the kernel does when the parent ends
    assert left.wait(60)
    os.close(reading)
    monkeypatch.undo()
    processes._leave_with(None)


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGKILL])
def test_who_is_stopped_leaves_whole_files_and_no_process(here: Path, sign: signal.Signals) -> None:
    old, new = f"{TWICE}\n" * 40, f"{CLEAN}\n" * 40
    write({f"{number:03}.txt": old for number in range(120)})
    with subprocess.Popen(
        [sys.executable, "-m", "flaglift", "check", "--fix", "-j", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as running:
        while Path("000.txt").read_text() == old:
            assert running.poll() is None
            time.sleep(0.01)
        # To all of them, as a terminal does; a kill hits only the one.
        (os.killpg if sign is signal.SIGINT else os.kill)(running.pid, sign)
        out, err = running.communicate(timeout=60)  # ends when the workers' copies are closed
    texts = [path.read_text() for path in sorted(here.glob("*.txt"))]
    assert set(texts) == {old, new}
    if sign is signal.SIGINT:
        assert running.returncode == 130
        assert err.decode().strip() == "flaglift: interrupted"
        assert sorted(os.listdir()) == [f"{number:03}.txt" for number in range(120)]
    assert out == b""


@pytest.mark.parametrize("between", [" ", "\N{CAT FACE}" * 30 + " ", "\n"])
@pytest.mark.no_cover
def test_many_findings_take_time_in_proportion(between: str) -> None:
    taken = []
    for count in (500, 500, 2000):
        prompts = (f'a cat {n} --video --video_prompt "it yawns"{between}' for n in range(count))
        write({"a.txt": "".join(prompts)})
        start = time.process_time()
        run = flaglift("check", "--no-cache", "--output-format", "concise", "a.txt")
        taken.append(time.process_time() - start)
        assert run.stdout.count("\n") >= 2 * count - 2
    assert taken[2] < 8 * taken[1] + 0.5
