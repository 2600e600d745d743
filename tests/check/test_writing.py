"""A file that is replaced keeps what belongs to it, or stays as it is and says why."""

import os
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flaglift.check.writing import create_file, write_file
from flaglift.errors import InputError
from repositories import CLEAN, TWICE, write
from running import flaglift

ACL = "system.posix_acl_access"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write({"a.txt": TWICE})
    return tmp_path


def access_list(*entries: tuple[int, int, int]) -> bytes:
    """A POSIX access list as the kernel takes it: tag, permissions, id."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


NOBODY = 0xFFFFFFFF
FOR_1234 = access_list(
    (0x01, 6, NOBODY), (0x02, 6, 1234), (0x04, 0, NOBODY), (0x10, 6, NOBODY), (0x20, 0, NOBODY)
)
"""The owner and user 1234 read and write, the owning group does neither."""


def test_attributes_and_access_lists_stay() -> None:
    os.setxattr("a.txt", "user.k", b"v\0w")
    os.setxattr("a.txt", ACL, FOR_1234)
    before = Path("a.txt").stat()
    assert flaglift("check", "--fix", "a.txt").returncode == 0
    assert Path("a.txt").read_text() == CLEAN
    assert os.getxattr("a.txt", "user.k") == b"v\0w"
    assert os.getxattr("a.txt", ACL) == FOR_1234
    assert Path("a.txt").stat().st_mode == before.st_mode


def test_what_a_folder_gives_new_files_is_not_added() -> None:
    os.setxattr(".", "system.posix_acl_default", FOR_1234)
    Path("a.txt").chmod(0o640)
    os.removexattr("a.txt", ACL) if ACL in os.listxattr("a.txt") else None
    assert flaglift("check", "--fix", "a.txt").returncode == 0
    assert Path("a.txt").read_text() == CLEAN
    assert ACL not in os.listxattr("a.txt")
    assert Path("a.txt").stat().st_mode & 0o777 == 0o640


def test_hard_links_do_not_part() -> None:
    os.link("a.txt", "b.txt")
    run = flaglift("check", "--fix", "a.txt")
    assert run.returncode == 2
    why = "has 2 names (hard links), which would be separated, so it is not rewritten"
    assert f"flaglift: a.txt: {why}\n" in run.stderr
    assert Path("a.txt").read_text() == Path("b.txt").read_text() == TWICE
    assert Path("a.txt").stat().st_ino == Path("b.txt").stat().st_ino


def test_a_read_only_file_is_left_alone() -> None:
    Path("a.txt").chmod(0o444)
    run = flaglift("check", "--fix", "a.txt")
    assert run.returncode == 2
    assert "flaglift: a.txt: is read-only, so it is not rewritten\n" in run.stderr
    assert Path("a.txt").read_text() == TWICE


@pytest.mark.parametrize(
    ("call", "what"),
    [
        ("chown", "owner"),
        ("chmod", "permissions"),
        ("setxattr", "attribute `user.k`"),
        ("removexattr", f"attributes without `{ACL}`"),
    ],
)
def test_what_cannot_be_kept_is_said_and_the_file_left(call: str, what: str) -> None:
    os.setxattr("a.txt", "user.k", b"v")
    if call == "removexattr":
        os.setxattr(".", "system.posix_acl_default", FOR_1234)

    def denied(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    real = os.stat
    with pytest.MonkeyPatch.context() as patch:
        if call == "chown":  # nobody else's file can be had without root
            patch.setattr(os, "stat", lambda path, **more: of_another(real(path, **more), path))
        patch.setattr(os, call, denied)
        with pytest.raises(InputError) as raised:
            write_file("a.txt", CLEAN.encode())
    assert str(raised.value) == (
        f"a.txt: its {what} cannot be kept (operation not permitted), so it is not rewritten"
    )
    assert Path("a.txt").read_text() == TWICE
    assert os.listdir() == ["a.txt"]


def of_another(status: os.stat_result, path: object) -> os.stat_result:
    if ".flaglift-" not in str(path):
        return status
    return os.stat_result((*status[:4], status.st_uid + 1, *status[5:]))


def test_a_system_without_attributes(monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(_: object) -> list[str]:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "listxattr", unsupported)
    write_file("a.txt", b"one")
    monkeypatch.delattr(os, "listxattr")
    write_file("a.txt", b"two")
    assert Path("a.txt").read_bytes() == b"two"


def test_a_full_disk_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"^a\.txt: cannot be written: no space left on device$"):
        write_file("a.txt", b"x")
    assert os.listdir() == ["a.txt"]
    assert Path("a.txt").read_text() == TWICE


# Says when it is writing a file, and takes its time for that.
SLOWLY = """
import os, signal, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from flaglift.check import writing
from flaglift.processes import start_worker

sync = os.fsync

def slowly(file):
    sync(file)
    print(os.getpid(), flush=True)
    time.sleep(0.5)

os.fsync = slowly
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGHUP, signal.SIG_DFL)
if sys.argv[1] == "worker":
    pool = ProcessPoolExecutor(1, get_context("fork"), start_worker)
    pool.submit(writing.write_file, "a.txt", b"new").result()
else:
    writing.write_file("a.txt", b"new")
print("after it")
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
@pytest.mark.parametrize("whole", ["process", "worker"])
def test_what_ends_a_process_leaves_no_part_of_a_file(whole: str, number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SLOWLY, whole], stdout=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout is not None
        writer = int(running.stdout.readline())
        if (whole, number) == ("process", signal.SIGKILL):
            number = signal.SIGTERM  # nothing can be done about the other
        if whole == "worker" and number != signal.SIGKILL:
            os.kill(writer, number)
        running.send_signal(number)
        rest = running.stdout.read()
        assert running.wait(timeout=10) == -number
    assert rest == ""
    wait_until_gone(writer)
    assert Path("a.txt").read_text() == "new"
    assert os.listdir() == ["a.txt"]


def wait_until_gone(process: int) -> None:
    while Path(f"/proc/{process}/stat").exists():
        time.sleep(0.05)


def test_a_file_that_cannot_be_created_leaves_nothing() -> None:
    name = "x" * 300
    for verb in (["baseline", "write"], ["baseline", "prune"], ["check", "a.txt"]):
        run = flaglift(*verb, "--baseline", name)
        assert run.returncode == 2
        assert run.stderr.startswith(f"flaglift: {name}: ")
        assert "file name too long" in run.stderr
    with pytest.raises(InputError, match="cannot be written: file name too long"):
        create_file(Path(name), b"new")
    assert os.listdir() == ["a.txt"]
