"""What a file has beside its bytes is kept in its result, or the result is refused its place."""

import os
import stat
import sys
from pathlib import Path

import pytest

from flaglift.errors import InputError
from flaglift.migrate.files import attributes
from flaglift.migrate.job import Job
from migrate.sources import applied, opened, undone

LINES = '{"text": "a --video --video_model kling25"}\n'
EDITED = '{"text": "a", "video_model": "kling25"}\nplain\n'


def source(folder: Path, name: str = "p.jsonl") -> Path:
    path = folder / name
    path.write_text(LINES)
    return path


@pytest.mark.parametrize("mode", [0o444, 0o640, 0o600])
def test_permissions_are_kept_there_and_back(tmp_path: Path, mode: int) -> None:
    path = source(tmp_path)
    path.chmod(mode)
    applied(path, replace=True)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    path.chmod(0o644)
    path.write_text(path.read_text() + "{}\n")
    path.chmod(mode)
    undone(path)
    assert path.read_text() == LINES + "{}\n"
    assert stat.S_IMODE(path.stat().st_mode) == mode


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes are Linux's")
def test_extended_attributes_are_kept_there_and_back(tmp_path: Path) -> None:
    path = source(tmp_path)
    os.setxattr(path, "user.origin", b"export 7")
    applied(path, replace=True)
    assert os.getxattr(path, "user.origin") == b"export 7"
    path.write_text(path.read_text() + "{}\n")
    undone(path)
    assert os.getxattr(path, "user.origin") == b"export 7"


def test_a_file_of_another_owner_stays_theirs_or_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source(tmp_path)
    asked: list[tuple[int, int]] = []
    mine = path.stat()
    real = Path.stat

    def theirs(self: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        found = real(self, follow_symlinks=follow_symlinks)
        values = list(found)
        if self == path and not asked:
            values[4:6] = 4321, 8765
        return os.stat_result(values, {"st_mtime_ns": found.st_mtime_ns})

    def denied(where: Path, uid: int, gid: int) -> None:
        asked.append((uid, gid))
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "stat", theirs)
    monkeypatch.setattr(os, "chown", denied)
    with pytest.raises(InputError, match="cannot keep its owner 4321:8765"):
        applied(path, replace=True)
    assert asked == [(4321, 8765)]
    assert path.read_text() == LINES
    assert (mine.st_uid, mine.st_gid) == (os.getuid(), os.getgid())


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root gives files away")
def test_root_gives_a_result_to_the_owner_of_its_source(tmp_path: Path) -> None:
    path = source(tmp_path)
    os.chown(path, 65534, 65534)
    applied(path, replace=True)
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)
    path.write_text(path.read_text() + "{}\n")
    undone(path)
    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)


@pytest.mark.skipif(sys.platform != "linux", reason="extended attributes are Linux's")
def test_an_attribute_that_cannot_be_set_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = source(tmp_path)
    os.setxattr(path, "user.origin", b"export 7")

    def denied(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    with monkeypatch.context() as patched:
        patched.setattr(os, "setxattr", denied)
        with pytest.raises(InputError, match=r"cannot keep its attribute user\.origin"):
            applied(path, replace=True)
    applied(path, restart=True, replace=True)
    path.write_text(path.read_text() + "{}\n")
    monkeypatch.setattr(os, "setxattr", denied)
    assert undone(path).notes[-1] == f"{path}: lost its attribute user.origin"


def test_a_system_without_extended_attributes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "listxattr", raising=False)
    path, other = source(tmp_path), source(tmp_path, "other.jsonl")
    assert attributes.keep_attributes(other, path) == []


def test_other_names_of_a_file_are_not_left_behind(tmp_path: Path) -> None:
    path, other = source(tmp_path), tmp_path / "other.jsonl"
    other.hardlink_to(path)
    with pytest.raises(InputError, match="has other names, which are hard links"):
        applied(path, replace=True)
    applied(path)
    with pytest.raises(InputError, match="has other names, which are hard links"):
        applied(path, replace=True)
    assert other.samefile(path)
    other.unlink()
    applied(path, replace=True)
    assert "--video" not in path.read_text()


def test_a_run_that_is_refused_leaves_nothing_to_stumble_over(tmp_path: Path) -> None:
    path = source(tmp_path)
    (tmp_path / "p.migrated.jsonl").write_text("of somebody else")
    with pytest.raises(InputError, match="is there already"):
        applied(path)
    assert not (tmp_path / "p.jsonl.flaglift").exists()
    (tmp_path / "p.migrated.jsonl").unlink()
    assert applied(path).changed == 1


def test_a_run_that_has_written_nothing_holds_up_no_other(tmp_path: Path) -> None:
    path, journal, to = source(tmp_path), tmp_path / "j", tmp_path / "sub" / "new.jsonl"
    with pytest.raises(InputError, match=r"there is no folder .*sub; create it, or name another"):
        applied(path, journal=journal, to=to)
    in_the_way = to.with_name(f".{to.name}.flaglift-partial")
    in_the_way.mkdir(parents=True)
    with pytest.raises(InputError, match="is a link or no file"):
        applied(path, journal=journal, to=to)
    in_the_way.rmdir()
    assert applied(path, journal=journal, to=tmp_path / "new.jsonl").changed == 1
    with opened(Job(str(path), journal=journal), write=False) as store:
        assert [run.state for run in store.runs()] == ["abandoned", "finished"]


def test_one_journal_of_two_files_keeps_them_apart(tmp_path: Path) -> None:
    one, other, journal = source(tmp_path), source(tmp_path, "other.jsonl"), tmp_path / "j"
    applied(one, replace=True, journal=journal)
    applied(other, replace=True, journal=journal)
    assert len(undone(other, journal=journal).runs) == 1
    assert other.read_text() == LINES
    assert "--video" not in one.read_text()
    undone(one, journal=journal)
    assert one.read_text() == LINES
