"""Files: where the result goes, what is kept, what a run goes on with, and what it refuses."""

import errno
import gzip
import json
import os
import re
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from flaglift import Settings
from flaglift.errors import InputError
from flaglift.migrate.decision import Decider
from flaglift.migrate.engine import Migration
from flaglift.migrate.errors import LockedError, UnreadableRecordError
from flaglift.migrate.files.output import discard, writing
from flaglift.migrate.files.patches import unpatched
from flaglift.migrate.job import Job
from flaglift.migrate.locking import file_lock
from migrate.conftest import PROMPTS
from migrate.sources import applied, control, opened, planned, undone, verified
from migrate.test_kill import CHANGED, FILES, content

VIDEO = "cat {} --video --video_model kling25 --duration 5"


@pytest.fixture(params=[*FILES, "prompts.tsv", "prompts.csv.gz"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / str(request.param)
    inner = content(path.name.removesuffix(".gz").removesuffix(".zst"), PROMPTS)
    if path.suffix == ".tsv":
        inner = content("prompts.csv", PROMPTS).replace(b",", b"\t")
    if path.suffix == ".gz":
        inner = gzip.compress(inner)
    if path.suffix == ".zst":
        inner = zstandard.compress(inner)
    path.write_bytes(inner)
    return path


def lines(path: Path, count: int = 6) -> Path:
    path.write_text("".join(json.dumps({"text": VIDEO.format(i)}) + "\n" for i in range(count)))
    return path


def left(folder: Path) -> list[str]:
    """Return the files beside the source that are not the journal."""
    return sorted(p.name for p in folder.iterdir() if ".flaglift" not in p.name)


def test_a_result_beside_the_source(path: Path) -> None:
    before = path.read_bytes()
    assert planned(path).changed == CHANGED
    assert left(path.parent) == [path.name]
    assert applied(path, rows=2).changed == CHANGED
    assert path.read_bytes() == before
    (result,) = (path.with_name(n) for n in left(path.parent) if n != path.name)
    assert ".migrated." in result.name
    assert planned(result).changed == 0
    assert planned(result).refused == 1
    held, broken = verified(path)
    assert len(held) == 3
    assert not broken
    written = result.read_bytes()
    assert applied(path).changed == CHANGED  # the finished run, told again
    assert result.read_bytes() == written
    assert undone(path).notes[0] == f"{path}: as it was before the run, to the byte"
    assert left(path.parent) == [path.name]


def test_a_result_in_place_of_the_source(path: Path) -> None:
    before = path.read_bytes()
    path.chmod(0o640)
    applied(path, rows=2, replace=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert planned(path).changed == 0
    assert verified(path, replace=True)[1] == []
    again = applied(path, replace=True)
    assert again.changed == CHANGED  # nothing to add: the run that replaced it
    undone(path, rows=2)
    assert path.read_bytes() == before
    assert left(path.parent) == [path.name]


def test_edits_since_are_kept_by_an_undo(path: Path) -> None:
    applied(path, replace=True)
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        texts = table.column("text").to_pylist()
        texts[0] = "mine"
        new = table.set_column(1, "text", pa.array(texts, pa.string()))
        pq.write_table(new, path, row_group_size=4)
    else:
        data = path.read_bytes()
        unpack: Any = {".gz": gzip.decompress, ".zst": zstandard.decompress}.get(path.suffix, bytes)
        closed: Any = {".gz": gzip.compress, ".zst": zstandard.compress}.get(path.suffix, bytes)
        plain = unpack(data)
        assert plain.count(b"a cat") == 2
        path.write_bytes(closed(plain.replace(b"a cat", b"my cat")))
    _, broken = verified(path)
    assert any("no longer as the run wrote it" in sentence for sentence in broken)
    done = undone(path, rows=2)
    assert done.restored == CHANGED - 1
    assert done.notes == [f"{path}: restored where it was still as the run wrote it"]
    with opened(Job(str(path))) as store:
        (run,) = store.runs()
        assert run.state == "partly undone"
        assert len(list(store.entries(run, left=True))) == 1
    assert "was undone, apart from records" in verified(path)[1][0]
    assert planned(path).changed == CHANGED - 1
    undone(path)  # what is left is tried again, and is still not what was written
    with opened(Job(str(path))) as store:
        assert store.runs()[0].state == "partly undone"


def test_a_kept_original_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl.gz"
    path.write_bytes(gzip.compress(content("p.jsonl", PROMPTS)))
    applied(path, replace=True)
    (tmp_path / "p.original.jsonl.gz").unlink()
    _, broken = verified(path)
    assert "cannot be compared without the original" in broken[0]
    assert undone(path).restored == CHANGED
    assert gzip.decompress(path.read_bytes()) == content("p.jsonl", PROMPTS)


def test_a_named_result_and_journal(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    (tmp_path / "out").mkdir()
    to, journal = tmp_path / "out" / "new.jsonl", tmp_path / "out" / "journal"
    applied(path, to=to, journal=journal)
    assert left(tmp_path) == ["in.jsonl", "out"]
    assert '"video_model": "kling25"' in to.read_text()
    with opened(Job(str(path), journal=journal)) as store:
        (run,) = store.runs()
        entry = next(store.entries(run))
    assert entry.key == "1"
    old, new = (file.read_bytes().splitlines()[0] for file in (path, to))
    assert VIDEO.format(0) in json.loads(old)["text"]
    assert unpatched(new, entry.patch or b"") == old
    assert "FL001" in entry.codes
    with opened(Job(str(path))) as store:
        assert store.runs() == []


def test_a_named_journal_may_be_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(tmp_path / "in.jsonl")
    before = path.read_bytes()
    monkeypatch.chdir(tmp_path)
    named = Path("in.jsonl.flaglift")
    applied(path, replace=True, journal=named)
    assert verified(path)[1] == []
    assert undone(path).restored > 0
    applied(path, replace=True)
    assert verified(path, journal=named)[1] == []
    assert undone(path, journal=named).restored > 0
    assert path.read_bytes() == before


def test_a_named_result_is_found_from_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = lines(tmp_path / "in.jsonl", 6)
    before = path.read_bytes()
    (tmp_path / "sub").mkdir()
    (tmp_path / "alias").symlink_to("sub")
    monkeypatch.chdir(tmp_path / "sub")
    asked = iter([False, True])
    applied(path, to=Path("new.jsonl"), rows=2, stopped=lambda: next(asked))
    monkeypatch.chdir(tmp_path)
    assert applied(path, to=Path("alias/new.jsonl")).changed == 6
    assert verified(path)[1] == []
    undone(path)
    assert left(tmp_path) == ["alias", "in.jsonl", "sub"]
    assert left(tmp_path / "sub") == []
    assert path.read_bytes() == before


def test_a_result_is_never_put_over_a_file_of_somebody_else(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    other = tmp_path / "in.migrated.jsonl"
    other.write_text("mine")
    with pytest.raises(InputError, match="is there already"):
        applied(path)
    assert other.read_text() == "mine"
    other.unlink()
    applied(path)
    other.write_text("edited")
    with pytest.raises(InputError, match="is there already"):
        applied(path, restart=True)
    _, broken = verified(path)
    assert len(broken) == 2
    assert undone(path).notes[1] == f"{other}: was edited since, and is left where it is"
    assert other.read_text() == "edited"


def test_what_a_run_does_not_go_on_with(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl", 6)
    asked = iter([False, True])
    applied(path, rows=2, stopped=lambda: next(asked))
    with pytest.raises(InputError, match="was begun with other options"):
        applied(path, settings=Settings(strict=True))
    with pytest.raises(InputError, match=r"and writes to .*in\.migrated\.jsonl"):
        applied(path, to=tmp_path / "other.jsonl")
    with path.open("a") as file:
        file.write(json.dumps({"text": VIDEO}) + "\n")
    with pytest.raises(InputError, match="the file was changed since"):
        applied(path)
    assert applied(path, restart=True).changed == 7
    with opened(Job(str(path))) as store:
        assert [run.state for run in store.runs()] == ["abandoned", "finished"]


def test_a_source_that_changes_while_it_is_read(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")

    def meddle(*args: object) -> None:
        os.utime(path, (1, 1))

    with pytest.raises(InputError, match="was changed while it was read"):
        applied(path, watch=meddle)
    assert left(tmp_path) == ["in.jsonl"]
    applied(path, restart=True)
    os.utime(path, (2, 2))
    path.write_text("else\n")
    with pytest.raises(UnreadableRecordError):
        applied(path, replace=True, keep_going=False)
    undone(path)


def test_a_result_that_went_away(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    applied(path)
    (tmp_path / "in.migrated.jsonl").unlink()
    assert verified(path)[1] == [f"{tmp_path / 'in.migrated.jsonl'}: is gone"]
    assert applied(path).changed == 6
    assert left(tmp_path) == ["in.jsonl", "in.migrated.jsonl"]


def test_a_partial_result_that_went_away(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    asked = iter([False, True])
    applied(path, rows=2, stopped=lambda: next(asked))
    (partial,) = tmp_path.glob(".*partial")
    partial.write_bytes(b"")
    with pytest.raises(InputError, match="shorter than this run left it"):
        applied(path)
    partial.unlink()
    with pytest.raises(InputError, match="is gone; start with --restart"):
        applied(path)
    assert applied(path, restart=True).changed == 6


def test_an_undo_that_is_unfinished_comes_first(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    before = path.read_bytes()
    applied(path, replace=True)
    asked = iter([False, True])
    assert not undone(path, rows=2, stopped=lambda: next(asked)).complete
    with pytest.raises(InputError, match="an undo is unfinished"):
        applied(path, replace=True)
    assert verified(path)[1] == [
        f"{path}: an undo is unfinished; the same `flaglift migrate undo` resumes it"
    ]
    assert undone(path).restored == 4
    assert path.read_bytes() == before


def test_a_file_that_changes_during_an_undo(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    applied(path, replace=True)
    asked = iter([False, True])
    undone(path, rows=2, stopped=lambda: next(asked))
    path.write_text(path.read_text() + "\n")
    done = undone(path)
    assert done.notes == [f"{path}: restored where it was still as the run wrote it"]
    assert done.restored == 6
    assert path.read_text().count("--video ") == 6


def test_a_second_run_is_kept_away(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    with opened(Job(str(path))) as one, one.writing(restart=False):
        with pytest.raises(LockedError, match="another run is working on it"):
            applied(path)
        with opened(Job(str(path))) as other:
            assert [run.state for run in other.runs()] == ["running"]


def test_a_limit_copies_the_rest(path: Path) -> None:
    tally = applied(path, limit=1, rows=2)
    assert tally.changed == 1 if not path.name.endswith(".parquet") else tally.changed >= 1
    (result,) = (path.with_name(n) for n in left(path.parent) if n != path.name)
    assert planned(result).changed == CHANGED - tally.changed
    assert verified(path, limit=1)[1] == []
    assert applied(path, restart=True).changed == CHANGED


def test_a_full_disk(tmp_path: Path) -> None:
    full = Path("/dev/full")
    with (
        full.open("wb", buffering=0) as file,
        pytest.raises(InputError, match="the disk is full; free some space"),
        writing(full),
    ):
        file.write(b"x")


class FullDatabase:
    """A connection of which the first statement finds the disk full."""

    def execute(self, _: str) -> None:
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error

    def close(self) -> None:
        pass


def test_a_full_disk_under_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "connect", lambda *_, **__: FullDatabase())
    with pytest.raises(InputError) as caught, file_lock(tmp_path / "p-lock", "p"):
        pass
    assert str(caught.value) == (
        f"{tmp_path / 'p-lock'}: the lock file cannot be written: database or disk is full; free"
        " some space and run the same command again"
    )


def test_a_journal_that_cannot_be_written(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    (tmp_path / "taken").mkdir()
    with pytest.raises(InputError, match="there is no such folder"):
        applied(path, journal=tmp_path / "none" / "journal")
    with pytest.raises(InputError, match="the journal cannot be written"):
        applied(path, journal=tmp_path / "taken")
    (tmp_path / "in.jsonl.flaglift-lock").unlink(missing_ok=True)
    (tmp_path / "in.jsonl.flaglift-lock").mkdir()
    with pytest.raises(InputError, match=r"the lock file cannot be written: .*; --journal PATH"):
        applied(path)
    (tmp_path / "in.jsonl.flaglift-lock").rmdir()
    (tmp_path / "in.jsonl.flaglift").write_text("this is no database, and long enough to tell")
    with pytest.raises(InputError, match="the journal cannot be written"):
        applied(path)
    with pytest.raises(InputError, match="the journal cannot be read"):
        verified(path)


def test_a_journal_that_is_full_stops_the_run(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl", 400)
    asked = iter([False, True])
    applied(path, rows=2, stopped=lambda: next(asked))
    with opened(Job(str(path))) as store, store.writing(restart=False) as writer:
        writer._ledger._db.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]
        migration = Migration(store, Decider(Settings(), None), control(rows=300))
        with pytest.raises(InputError, match=r"full; nothing of this chunk was kept"):
            migration.apply(writer)
    assert applied(path).changed == 400


@pytest.mark.parametrize("name", ["p.jsonl.gz", "p.jsonl.zst", "p.parquet", "p.csv.gz"])
def test_a_file_that_is_cut_short(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    prompts = [f"{VIDEO.format(i)} {os.urandom(40).hex()}" for i in range(3000)]
    inner = content(name.removesuffix(".gz").removesuffix(".zst"), prompts)
    packed: Any = {"gz": gzip.compress, "st": zstandard.compress}.get(name[-2:], bytes)
    data = packed(inner)
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(InputError, match=r"cut short|damaged|not a whole Parquet file"):
        planned(path)
    path.write_bytes(b"\x00" * 50)
    with pytest.raises(InputError, match=r"cut short|damaged|not a whole Parquet file"):
        planned(path)


def test_a_damaged_page_of_a_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "p.parquet"
    table = pa.table({"text": [VIDEO.format(i) for i in range(1000)]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False)
    data = bytearray(path.read_bytes())
    data[60:400] = bytes(340)
    path.write_bytes(data)
    with pytest.raises(InputError, match="row group 0 is damaged"):
        planned(path)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("p.txt", {}, "its name must say what it is"),
        ("p.jsonl", {"where": "1=1"}, "are for databases"),
        ("p.jsonl", {"text": "a[]"}, "is not a path"),
        ("p.json", {"key": "."}, "is not a path"),
        ("none.jsonl", {}, "there is no such file"),
        (".", {}, "is a directory"),
        ("pipe.jsonl", {}, "only files and databases can be migrated"),
        ("empty.csv", {}, "its first row is empty"),
        ("p.csv", {"text": "tex"}, "did you mean `text`"),
        ("p.csv", {"text": "prompt"}, "its header reads"),
        ("p.csv", {"delimiter": ";"}, "--delimiter says what is between cells"),
        ("p.csv", {"delimiter": ";;"}, "must be one ASCII character"),
        ("p.csv", {"encoding": "klingon"}, "there is no such encoding"),
        *[
            ("p.csv", {"encoding": name}, "convert the file to UTF-8 first")
            for name in (
                "utf-16",
                "utf-32-le",
                "utf-7",
                "utf-8-sig",
                "cp037",
                "iso2022_jp",
                "iso2022_kr",
                "hz",
                "idna",
                "punycode",
                "undefined",
                "unicode_escape",
                "raw_unicode_escape",
            )
        ],
        *[
            ("p.csv", {"encoding": name, "delimiter": "|"}, "can be half of a character")
            for name in ("shift_jis", "cp932", "big5", "gbk", "gb18030", "johab")
        ],
        ("p.csv", {"delimiter": ""}, "must be one ASCII character"),
        ("p.csv", {"key": "none"}, "has no column `none`"),
        ("p.parquet", {"text": "tex"}, "did you mean `text`"),
        ("p.parquet", {"key": "none"}, "it has id, text"),
        ("p.parquet", {"text": "id"}, "is of the type int64, not text"),
    ],
)
def test_what_cannot_be_opened(
    tmp_path: Path, name: str, options: dict[str, str], reason: str
) -> None:
    if name.startswith("p."):
        (tmp_path / name).write_bytes(content(name.replace(".txt", ".csv"), PROMPTS))
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(InputError, match=reason):
        planned(tmp_path / name, **options)


def test_standard_input_cannot_be_migrated() -> None:
    with pytest.raises(InputError, match="-: only files and databases can be migrated"):
        planned("-")


def test_a_name_that_is_too_long(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"xxx\.jsonl: file name too long"):
        planned(tmp_path / f"{'x' * 300}.jsonl")
    path = lines(tmp_path / f"{'x' * 240}.jsonl")
    with pytest.raises(InputError, match="the name of the journal is 13 bytes too long"):
        applied(path)
    assert left(tmp_path) == [path.name]


@pytest.mark.parametrize("name", ["video_duration", "seed", "id"])
def test_a_number_with_too_many_digits_is_named(name: str, tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text(f'{{"text": "{VIDEO}", "{name}": {"9" * 5000}}}\n')
    with pytest.raises(UnreadableRecordError, match=f"`{name}` has more digits than can be read"):
        applied(path, keep_going=False, key="id" if name == "id" else None)


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = lines(tmp_path / "p.jsonl")

    def denied(*args: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied")  # root may read anything

    monkeypatch.setattr(Path, "open", denied)
    with pytest.raises(InputError, match="permission denied"):
        planned(path)


def test_a_link_to_a_file_stays_a_link(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    applied(link, replace=True)
    assert link.is_symlink()
    assert "--video" not in path.read_text()


def test_records_are_named_by_a_key(tmp_path: Path) -> None:
    for name in ("p.jsonl", "p.json", "p.csv", "p.parquet"):
        path = tmp_path / name
        path.write_bytes(content(name, PROMPTS))
        applied(path, key="id", replace=True)
        with opened(Job(str(path), key="id")) as store:
            (run,) = store.runs()
            assert [e.key for e in store.entries(run)] == ["0", "2", "4", "5"]
        # The rows move; by their keys they are found again.
        if name == "p.jsonl":
            path.write_bytes(b"\n" + path.read_bytes())
        assert undone(path, key="id").restored == CHANGED
        with opened(Job(str(path), key="id"), write=False) as store:
            assert list(store.entries(run, left=True)) == []
        shutil.rmtree(tmp_path)
        tmp_path.mkdir()


def test_a_line_without_its_key_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_text('{"text": "a"}\n')
    assert planned(path, key="id").problems == 1


def test_a_file_is_held_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text(json.dumps({"text": "a cat --video --video_model kling25"}) + "\n")
    job = Job(str(path))
    with opened(job) as store, opened(job, write=False) as other:
        assert not other.is_held()
        with store.writing(restart=False):
            assert other.is_held()
        assert not other.is_held()
        # Nobody else writes to a file while it is migrated, so there is nothing to come back for.
        assert store.read_left(None, 10) is None
        assert store.unreachable() == 0


@pytest.mark.parametrize(
    ("field", "value", "encoding", "said"),
    [
        ("video_prompt", "she smiles", "latin-1", None),
        ("video_prompt", "she smiles 😀", "latin-1", "characters that latin-1 does not have"),
        ("video_duration", 5, "ascii", None),
    ],
)
def test_what_the_encoding_of_a_file_has(
    tmp_path: Path, field: str, value: Any, encoding: str, said: str | None
) -> None:
    path = tmp_path / "prompts.csv"
    path.write_text("id,text,video_model,video_prompt,video_duration\n1,a cat,,,\n")
    with opened(Job(str(path), encoding=encoding)) as store:
        reason = store.fits(field, value)
    assert reason is None if said is None else said in str(reason)


@pytest.mark.parametrize("whole", [True, False], ids=["finished", "stopped"])
def test_a_source_that_was_edited_since_is_not_said_to_be_as_it_was(
    tmp_path: Path, *, whole: bool
) -> None:
    path = lines(tmp_path / "p.jsonl", 6)
    asked = iter([False, False, not whole, *[not whole] * 9])
    applied(path, rows=2, stopped=lambda: next(asked))
    with path.open("a") as file:
        file.write('{"text": "a dog"}\n')
    edited = path.read_bytes()
    (broken,) = verified(path)[1]
    assert "no longer as the run read it" in broken if whole else "--restart" in broken
    done = undone(path)
    (note,) = (note for note in done.notes if note.startswith(f"{path}: "))
    assert note == f"{path}: not changed by the run, and no longer as the run read it"
    assert path.read_bytes() == edited
    assert left(tmp_path) == ["p.jsonl"]


def test_a_run_that_was_stopped_has_no_result_to_verify(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl")
    asked = iter([False, True])
    applied(path, rows=2, stopped=lambda: next(asked))
    held, broken = verified(path)
    assert held == []
    assert broken == [
        f"{path}: the run is unfinished; the same `flaglift migrate apply` resumes it"
    ]
    applied(path)
    assert verified(path)[1] == []


def test_the_null_that_servers_write_is_no_video_prompt(tmp_path: Path) -> None:
    path = tmp_path / "p.tsv"
    head = "text\tvideo_model\tvideo_prompt\tvideo_duration\n"
    path.write_text(
        f"{head}cat --video --video_model kling25\t\\N\t\\N\t\\N\nplain\t\\N\t\\N\t\\N\n"
    )
    before = path.read_text()
    assert applied(path, replace=True).changed == 1
    assert path.read_text() == f"{head}cat\tkling25\tcat\t\\N\nplain\t\\N\t\\N\t\\N\n"
    assert verified(path)[1] == []
    undone(path)
    assert path.read_text() == before


@pytest.mark.parametrize(
    ("name", "to", "ending"),
    [
        ("p.jsonl", "new.jsonl.gz", ".jsonl"),
        ("p.jsonl", "new.csv", ".jsonl"),
        ("p.jsonl.gz", "new.jsonl", ".jsonl.gz"),
        ("p.jsonl.gz", "new", ".jsonl.gz"),
        ("p.jsonl.zst", "new.jsonl.gz", ".jsonl.zst"),
        ("p.csv", "new.parquet", ".csv"),
        ("p.parquet", "new.json", ".parquet"),
    ],
)
def test_a_result_is_named_after_its_kind(name: str, to: str, ending: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(content(name, PROMPTS))
    with pytest.raises(
        InputError, match=rf"{re.escape(to)}: .* has to end in {re.escape(ending)}$"
    ):
        applied(path, to=tmp_path / to)
    assert left(tmp_path) == [name]


def test_a_result_may_have_a_name_that_says_nothing(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", PROMPTS))
    assert applied(path, to=tmp_path / "new").changed == 4
    assert verified(path)[1] == []


def test_a_run_that_was_finished_since_it_was_read(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl")
    before = path.read_bytes()
    asked = iter([False, True])
    applied(path, rows=2, replace=True, stopped=lambda: next(asked))
    with opened(Job(str(path)), write=True) as store:
        (early,) = store.runs()
        applied(path, replace=True)
        assert path.read_bytes() != before
    with opened(Job(str(path)), write=True) as store, store.undoing(early) as undoer:
        while undoer.undo(100):
            pass
        undoer.finish()
    assert path.read_bytes() == before


def test_what_is_not_there_needs_no_right_to_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "unlink", refuse)
    discard(tmp_path / "none")
    (tmp_path / "some").touch()
    with pytest.raises(InputError, match="some: cannot be written: read-only file system"):
        discard(tmp_path / "some")


def test_what_asks_about_a_journal_that_went_away_makes_none(tmp_path: Path) -> None:
    path, journal = lines(tmp_path / "p.jsonl"), tmp_path / "p.jsonl.flaglift"
    applied(path)
    with opened(Job(str(path)), write=False) as store:
        (run,) = store.runs()
        journal.unlink()
        for ask in (store.journal_bytes, store.verify, lambda run: [*store.entries(run)]):
            with pytest.raises(InputError, match="the journal cannot be read"):
                ask(run)
    assert not journal.exists()
