"""Reports of `flaglift migrate` never take the place of a file that a migration needs."""

import json
import os
from pathlib import Path

import pytest

from cli.test_migrate_verb import call
from flaglift.errors import InputError
from flaglift.migrate.engine import Migration
from flaglift.migrate.store import RunWriter
from migrate.conftest import PROMPTS, open_database
from migrate.test_kill import content

REFUSED = "a cat --video --video_model nosuch"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "p.jsonl"
    path.write_bytes(content("p.jsonl", PROMPTS))
    return path


@pytest.mark.parametrize("option", ["--refused", "--html", "--save"])
@pytest.mark.parametrize("way", ["itself", "symbolic link", "hard link", "other spelling"])
def test_a_report_does_not_overwrite_the_source(option: str, way: str, path: Path) -> None:
    before = path.read_bytes()
    other = path.with_name("other")
    match way:
        case "itself":
            other = path
        case "symbolic link":
            other.symlink_to(path)
        case "hard link":
            other.hardlink_to(path)
        case _:
            path.with_name("sub").mkdir()
            other = path.parent / "sub" / ".." / path.name
    with pytest.raises(InputError, match=f"is the source; name another file with {option}"):
        call("plan", str(path), option, str(other))
    assert path.read_bytes() == before


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_list_that_cannot_be_written_is_said_before_there_is_a_run(verb: str, path: Path) -> None:
    missing = path.parent / "missing"
    with pytest.raises(InputError, match=r"there is no directory .*missing to write --refused to"):
        call(verb, str(path), "--refused", str(missing / "list"))
    assert [*path.parent.iterdir()] == [path]


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("p.jsonl", "the source"),
        ("p.jsonl.flaglift", "the journal"),
        ("p.jsonl.flaglift-lock", "the lock of the journal"),
        ("p.migrated.jsonl", "the result"),
        (".p.migrated.jsonl.flaglift-partial", "the unfinished result"),
        ("control", "the file of --control-file"),
        ("settings.toml", "the file of --config"),
        ("models.toml", "the file of --overlay"),
        ("p.plan", "the file of --plan"),
    ],
)
def test_a_list_does_not_overwrite_what_a_run_needs(name: str, what: str, path: Path) -> None:
    folder = path.parent
    for each in ("control", "settings.toml", "models.toml"):
        (folder / each).touch()
    options = [
        *("--control-file", str(folder / "control"), "--config", str(folder / "settings.toml")),
        *("--overlay", str(folder / "models.toml")),
    ]
    call("plan", str(path), *options, "--save", str(folder / "p.plan"))
    options += ["--plan", str(folder / "p.plan")]
    before = {each.name: each.read_bytes() for each in folder.iterdir()}
    with pytest.raises(InputError, match=f"{name}: is {what}; name another file with --refused"):
        call("apply", str(path), *options, "--refused", str(folder / name))
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == before


def test_two_reports_do_not_share_a_file(path: Path) -> None:
    report = str(path.with_name("report"))
    with pytest.raises(InputError, match=r"is the file of --html; name another file with --save"):
        call("plan", str(path), "--html", report, "--save", report)


@pytest.mark.parametrize("ending", ["", "-wal", "-shm", "-journal"])
def test_a_list_does_not_overwrite_a_database(ending: str, tmp_path: Path) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts(PROMPTS)
        before = database.rows()
        for verb in ("plan", "apply"):
            with pytest.raises(InputError, match="name another file with --refused"):
                call(verb, source, "--refused", str(tmp_path / f"prompts.db{ending}"))
        assert database.rows() == before


def test_a_list_beside_a_server(tmp_path: Path) -> None:
    refused = tmp_path / "refused"
    for database in open_database("postgresql", tmp_path):
        assert call("plan", database.prompts(PROMPTS), "--refused", str(refused)) == 1
    assert refused.read_text().count("\n") == 1


def test_a_list_does_not_overwrite_the_journal_of_a_custom_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(
        "class Empty:\n"
        "    def read(self, after, most):\n        return []\n"
        "    def get(self, keys):\n        return {}\n"
        "    def write(self, records):\n        return {}\n"
    )
    with pytest.raises(InputError, match="is the journal; name another"):
        call("plan", "python:mine:Empty", "--refused", "mine.Empty.flaglift")


def test_a_journal_is_not_the_source(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    path.touch()
    for verb in ("plan", "apply", "status"):
        with pytest.raises(InputError, match="is the source; name another file with --journal"):
            call(verb, str(path), "--journal", str(path))
    assert path.read_bytes() == b""


def test_a_resumed_run_completes_its_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([*PROMPTS, *PROMPTS])
        whole, listed = tmp_path / "whole.jsonl", tmp_path / "refused.jsonl"
        assert call("plan", source, "--refused", str(whole)) == 1
        assert whole.read_text().count("\n") == 2
        for _ in range(6):
            call("apply", source, "--limit", "2", "--refused", str(listed), "-q")
        assert listed.read_text() == whole.read_text()
        assert "note:" not in capsys.readouterr().err


@pytest.mark.parametrize("before", ["no list", "another list", "a list that was removed"])
def test_a_list_that_lacks_its_beginning_says_so(
    before: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([*PROMPTS, *PROMPTS])
        listed = tmp_path / "refused.jsonl"
        name = "other.jsonl" if before == "another list" else listed.name
        options = () if before == "no list" else ("--refused", str(tmp_path / name))
        call("apply", source, "--limit", "6", *options, "-q")
        listed.unlink(missing_ok=True)
        assert "note:" not in capsys.readouterr().err
        assert call("apply", source, "--refused", str(listed), "-q") == 1
        assert "may lack what the run found before" in capsys.readouterr().err
        assert listed.read_text().count("\n") == 2  # a table is looked through again at the end


def test_a_prompt_that_is_refused_behind_the_run_is_listed_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (database,) = open_database("sqlite", tmp_path)
    source = database.prompts(["a cat"] * 3 + [REFUSED] + ["a cat"] * 3)
    listed = tmp_path / "refused.jsonl"
    finish = Migration._finish_late

    def late(self: Migration, writer: RunWriter) -> bool:
        database.run("UPDATE prompts SET text = :text WHERE id = 2", text=REFUSED)
        return finish(self, writer)

    monkeypatch.setattr(Migration, "_finish_late", late)
    for _ in range(2):
        assert call("apply", source, "--refused", str(listed), "-q") == 1
        keys = [json.loads(line)["key"] for line in listed.read_text().splitlines()]
        assert sorted(keys) == ["[2]", "[4]"]


def test_a_finished_run_of_a_file_keeps_its_list(path: Path) -> None:
    listed = path.with_name("refused.jsonl")
    for _ in range(2):
        assert call("apply", str(path), "--refused", str(listed), "-q") == 1
        assert listed.read_text().count("\n") == 1


@pytest.mark.parametrize("place", ["/dev/null", "pipe"])
def test_a_list_may_go_to_a_device(place: str, path: Path) -> None:
    if place == "pipe":
        place = str(path.with_name(place))
        os.mkfifo(place)
        read = os.open(place, os.O_RDONLY | os.O_NONBLOCK)
        assert call("apply", str(path), "--refused", place, "-q") == 1
        assert os.read(read, 10_000).count(b"\n") == 1
        (database,) = open_database("sqlite", path.parent)  # whose end looks through it again
        assert call("apply", database.prompts(["a", REFUSED]), "--refused", place, "-q") == 1
        assert os.read(read, 10_000).count(b"\n") == 1
        os.close(read)
    else:
        assert call("apply", str(path), "--refused", place, "-q") == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"journal": "z.jsonl", "to": "z.jsonl"},
         "z.jsonl: is the journal and the result; name another file with --journal or --to"),
        ({"journal": "z.jsonl", "to": "z.jsonl-lock"},
         "z.jsonl-lock: is the lock of the journal and the result; name another file with --to"),
        ({"to": "p.jsonl"}, "p.jsonl: is the source and the result; name another file with --to"),
        ({"to": "c.jsonl", "control-file": "c.jsonl"},
         "c.jsonl: is the result and the file of --control-file; name another file with --to or"
         " --control-file"),
        ({"control-file": "p.jsonl.flaglift"},
         "p.jsonl.flaglift: is the journal and the file of --control-file; name another file with"
         " --control-file"),
        ({"to": "none/x.jsonl"},
         "x.jsonl: there is no folder FOLDER/none; create it, or name another file with --to"),
        ({"to": ""}, ": is a directory; name a file with --to"),
    ],
)  # fmt: skip
def test_files_of_a_run_that_cannot_be_together(
    options: dict[str, str], said: str, path: Path
) -> None:
    folder = path.parent
    before = {each.name for each in folder.iterdir()}
    given = [part for name, value in options.items() for part in (f"--{name}", str(folder / value))]
    with pytest.raises(InputError) as caught:
        call("apply", str(path), *given, "-q")
    assert str(caught.value).endswith(said.replace("FOLDER", str(folder)))
    assert {each.name for each in folder.iterdir()} == before


def test_a_plan_may_be_of_a_file_that_is_read_twice(path: Path) -> None:
    control = path.with_name("control.toml")
    control.write_text("")
    options = ("--control-file", str(control), "--config", str(control))
    assert call("apply", str(path), *options, "-q") == 1
