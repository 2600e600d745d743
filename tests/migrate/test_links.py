"""Nothing is written through what is in the place of a file of flaglift's own."""

import os
from itertools import count
from pathlib import Path

import pytest

from flaglift.errors import InputError
from flaglift.migrate.files.output import discard
from flaglift.migrate.files.writer import FileWriter
from flaglift.migrate.job import Job
from flaglift.migrate.manifest import NAME, Manifest
from migrate.conftest import PROMPTS
from migrate.sources import applied, undone
from migrate.test_kill import FILES, content

THEIRS = b"of somebody else"
WAYS = ("symbolic link", "link to nothing", "hard link", "pipe", "folder")


def in_place_of(path: Path, way: str) -> Path:
    """Put something in the place of a file; return the file of somebody else that it leads to."""
    theirs = path.with_name("theirs")
    if way != "link to nothing":
        theirs.write_bytes(THEIRS)
    path.unlink(missing_ok=True)
    match way:
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "hard link":
            path.hardlink_to(theirs)
        case _:
            path.symlink_to(theirs)
    return theirs


def assert_untouched(theirs: Path, way: str) -> None:
    assert theirs.exists() == (way != "link to nothing")
    assert way == "link to nothing" or theirs.read_bytes() == THEIRS


def places(folder: Path, name: str, purpose: str) -> list[Path]:
    """Return the unfinished files of a run or an undo: of .zst, also that of its frames."""
    whole = folder / f".{name}.flaglift-{purpose}"
    ends = ["", "-frames"] if name.endswith(".zst") else [""]
    return [whole.with_name(f"{whole.name}{end}") for end in ends]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_an_unfinished_result_is_no_link(name: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content(name, PROMPTS * 2))
    for place in places(tmp_path, name.replace(".", ".migrated.", 1), "partial"):
        theirs = in_place_of(place, way)
        with pytest.raises(InputError, match=r"is in the place of a file that flaglift writes"):
            applied(path)
        assert_untouched(theirs, way)
        # And where a run goes on.
        place.rmdir() if way == "folder" else discard(place)
        asked = count(-3)
        applied(path, rows=2, stopped=lambda asked=asked: next(asked) >= 0)
        assert place.exists()
        theirs = in_place_of(place, way)
        with pytest.raises(InputError, match=r"is in the place of a file that flaglift writes"):
            applied(path)
        assert_untouched(theirs, way)
        place.rmdir() if way == "folder" else discard(place)
        assert applied(path, restart=True).changed == 8
        undone(path)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", FILES)
def test_an_unfinished_undo_is_no_link(name: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / name
    before = content(name, PROMPTS * 2)
    path.write_bytes(before)
    applied(path, replace=True)
    for original in tmp_path.glob("*.original.*"):
        original.unlink()
    for place in places(tmp_path, name, "undo"):
        theirs = in_place_of(place, way)
        with pytest.raises(InputError, match=r"is in the place of a file that flaglift writes"):
            undone(path)
        assert_untouched(theirs, way)
        place.rmdir() if way == "folder" else place.unlink()
    asked = count(-2)
    undone(path, rows=2, stopped=lambda: next(asked) >= 0)
    # What was lost meanwhile is written again.
    places(tmp_path, name, "undo")[0].unlink()
    assert undone(path).complete
    assert path.read_bytes() == before or name.endswith((".gz", ".zst", ".parquet"))


@pytest.mark.parametrize("way", WAYS)
def test_a_complete_result_is_no_link(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", PROMPTS))
    place = tmp_path / ".p.migrated.jsonl.flaglift-partial"
    save = FileWriter._save

    def killed(self: FileWriter, state: str, **info: object) -> None:
        save(self, state, **info)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(FileWriter, "_save", killed)
        with pytest.raises(KeyboardInterrupt):
            applied(path)
    kept = place.read_bytes()
    theirs = in_place_of(place, way)
    with pytest.raises(InputError, match=r"is in the place of a file that flaglift writes"):
        applied(path)
    assert_untouched(theirs, way)
    place.rmdir() if way == "folder" else place.unlink()
    with pytest.raises(InputError, match="is gone; start with --restart"):
        applied(path)
    place.write_bytes(kept)
    assert applied(path).changed == 4


@pytest.mark.parametrize("way", WAYS)
def test_a_manifest_is_written_through_no_link(way: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", PROMPTS))
    (tmp_path / NAME).mkdir()
    place = tmp_path / NAME / f".job.json-{os.getpid()}"
    theirs = in_place_of(place, way)
    with pytest.raises(InputError, match=r"is in the place of a file that flaglift writes"):
        Manifest(tmp_path, Job("")).begin([path], restart=False)
    assert_untouched(theirs, way)
