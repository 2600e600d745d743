"""A file that is replaced keeps what belongs to it, or stays as it is and says why."""

import os
import struct
from pathlib import Path

import pytest

from flaglift.check.writing import write_file
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
