"""What is changed in prompts before they are translated, and migrations in two steps."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import flaglift
from flaglift import ConfigError
from flaglift.api import UNKNOWN
from flaglift.cli import cli
from flaglift.errors import InputError
from flaglift.migrate.job import CONTRACT, DEFAULT_TARGETS, EXPAND, Job
from flaglift.migrate.mending import Mending
from flaglift.migrate.undoing import undo
from flaglift.settings import DEFAULT
from flaglift.syntax import parse
from migrate.conftest import Database
from migrate.sources import applied, control, opened, planned, undone, verified
from migrate.test_kill import content
from strategies import texts

UNIT = "a cat --video --video_model kling25 --duration 5s"
TWICE = "a dog --video --video --video_model kling25"
RETIRED = "a fox --video --video_model kling20 --duration 5"
QUOTED = 'an owl --video --video_model "kling20"'
WRONG = "an elk --video --video_model kling25 --duration five"
TEXTS = [UNIT, TWICE, RETIRED, QUOTED, WRONG, "plain"]


def lines(path: Path, texts: list[str] | None = None) -> Path:
    path.write_text("".join(json.dumps({"text": t}) + "\n" for t in texts or TEXTS))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def fields(text: str, **more: int) -> dict[str, Any]:
    return {"text": text, "video_model": "kling25", "video_prompt": text, **more}


def call(*argv: str) -> int:
    code: int = cli.main(["migrate", *argv], prog_name="flaglift", standalone_mode=False)
    return code


def test_nothing_is_changed_unless_it_is_asked_for(tmp_path: Path) -> None:
    tally = planned(lines(tmp_path / "p.jsonl"))
    assert (tally.translated, tally.refused, tally.mended) == (1, 4, 0)


@pytest.mark.parametrize(
    ("options", "translated", "mended"),
    [
        (["--fix"], 1, 1),
        (["--unsafe-fixes"], 2, 2),
        (["--unsafe-fixes=all"], 2, 2),
        (["--unsafe-fixes=FL403"], 1, 1),
        (["--unsafe-fixes=FL401,FL109"], 2, 2),
        (["--model", "kling20=kling25"], 3, 2),
        (["--unsafe-fixes", "--model", "kling20=kling25"], 4, 4),
    ],
)
def test_fixes_and_models_before_translating(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    translated: int,
    mended: int,
) -> None:
    path = lines(tmp_path / "p.jsonl")
    before = path.read_bytes()
    assert call("plan", str(path), "-q", "--format", "json", *options) == 1
    counts = json.loads(capsys.readouterr().out)["counts"]
    assert (counts["translated"], counts["mended"]) == (translated, mended)
    assert call("apply", str(path), "-q", "--replace", *options) == 1
    printed = capsys.readouterr().out
    assert f"{mended} of those translated were fixed first" in printed
    after = read(path)
    assert [row["text"] for row in after[4:]] == [WRONG, "plain"]
    assert sum("video_model" in row for row in after) == translated
    assert call("verify", str(path)) == 0
    assert call("undo", str(path)) == 0
    assert path.read_bytes() == before


def test_what_fixes_and_models_make_is_what_was_meant(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl")
    mending = Mending({"kling20": "kling25"}, safe=True, unsafe=())
    applied(path, mending=mending, replace=True)
    assert read(path)[:4] == [
        fields("a cat", video_duration=5),
        fields("a dog"),
        fields("a fox", video_duration=5),
        fields("an owl"),
    ]
    with opened(Job(str(path)), write=False) as store:
        kept = Job(str(path)).with_options(store.runs()[0].info, store.journal)
    assert kept.mending == mending


@given(texts(), st.booleans())
def test_fixes_are_looked_for_wherever_there_is_one(text: str, unsafe: bool) -> None:
    mending = Mending(safe=True, unsafe=() if unsafe else None)
    findings = flaglift.translate(text).diagnostics
    assert (
        mending(text, parse, findings, DEFAULT, UNKNOWN) == flaglift.fix(text, unsafe=unsafe).text
    )


def test_fixes_are_not_looked_for_where_no_finding_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def recorded(text: str, *args: Any, **options: Any) -> Any:
        tried.append(text)
        return flaglift.fix(text, *args, **options)

    monkeypatch.setattr("flaglift.migrate.mending.fix", recorded)
    mending = Mending(safe=True, unsafe=())
    canonical = "a cat --video --video_model kling25 --duration 5"
    for text in (canonical, UNIT):
        mending(text, parse, flaglift.translate(text).diagnostics, DEFAULT, UNKNOWN)
    assert tried == [UNIT]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--model", "kling20"], "write OLD=NEW"),
        (["--model", "=kling25"], "write OLD=NEW"),
        (["--model", "kling20=klin25"], "no model `klin25`; did you mean `kling25`"),
        (["--model", "kling20=nothing-like-it"], "`flaglift models` lists them"),
        (["--unsafe-fixes=FL999"], "there is no rule `FL999`.*SOURCE comes first"),
        (["--unsafe-fixes="], "names no rule; `all` stands for all"),
        (["--unsafe-fixes=,"], "names no rule; `all` stands for all"),
    ],
)
def test_what_is_misspelt_is_said(tmp_path: Path, options: list[str], reason: str) -> None:
    path = lines(tmp_path / "p.jsonl")
    with pytest.raises(ConfigError, match=reason):
        call("plan", str(path), *options)


def test_a_source_that_an_option_takes_for_its_codes_is_named(tmp_path: Path) -> None:
    path = lines(tmp_path / "p.jsonl")
    with pytest.raises(ConfigError, match=r"p\.jsonl: .*; SOURCE comes first"):
        call("apply", "--unsafe-fixes", str(path))


STEPS = ["a cat --video --video_model kling25 --duration 5", "plain", UNIT]


@pytest.fixture(params=["p.jsonl", "p.csv", "p.db"])
def stepped(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    path: Path = tmp_path / request.param
    if path.suffix == ".db":
        with sqlite3.connect(path) as db:
            db.execute(
                "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model TEXT,"
                " video_prompt TEXT, video_duration INTEGER)"
            )
            db.executemany("INSERT INTO prompts (text) VALUES (?)", [(t,) for t in STEPS])
        db.close()
        return f"sqlite:///{path}#prompts"
    if path.suffix == ".csv":
        rows = ["text,video_model,video_prompt,video_duration", *(f"{t},,," for t in STEPS)]
        path.write_text("\n".join(rows) + "\n")
        return str(path)
    return str(lines(path, STEPS))


def state(source: str) -> Any:
    path = source.removeprefix("sqlite:///").removesuffix("#prompts")
    if not source.startswith("sqlite"):
        return Path(path).read_bytes()
    with sqlite3.connect(path) as db:
        rows = db.execute("SELECT * FROM prompts ORDER BY id").fetchall()
    db.close()
    return rows


def test_two_steps_for_readers_of_both_forms(
    stepped: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = [] if stepped.startswith("sqlite") else ["--replace"]
    before = state(stepped)
    assert call("apply", stepped, "-q", *place, "--contract") == 1  # nothing is expanded yet
    assert state(stepped) == before
    assert "not-expanded" in capsys.readouterr().out
    assert call("apply", stepped, "-q", *place, "--expand") == 1  # one is refused
    expanded = state(stepped)
    assert b"--duration 5" in str(expanded).encode()
    assert "kling25" in str(expanded).replace("--video_model kling25", "")
    assert call("verify", stepped) == 0
    assert call("apply", stepped, "-q", *place, "--expand") == 1
    assert state(stepped) == expanded
    assert call("apply", stepped, "-q", *place, "--contract") == 1
    assert "--duration 5'" not in str(state(stepped))
    assert "a cat --video" in str(before)
    assert str(state(stepped)).count("--video ") == 1  # the refused one
    assert call("verify", stepped) == 0
    with opened(Job(stepped), write=False) as store:
        newest = store.runs()[-1].id
    assert call("undo", stepped, "--run", newest) == 0
    assert state(stepped) == expanded
    with pytest.raises(InputError, match=f"{newest} is not a run that can be undone; those are"):
        call("undo", stepped, "--run", newest)
    assert call("undo", stepped) == 0
    assert state(stepped) == before
    with pytest.raises(InputError, match="there is none"):
        call("undo", stepped, "--run", newest)


def test_a_text_that_changed_between_the_steps_is_not_shortened(database: Database) -> None:
    source = database.prompts(STEPS[:1])
    assert applied(source, step=EXPAND).changed == 1
    database.run("UPDATE prompts SET text = 'a cat --video --video_model kling25 --duration 10'")
    assert applied(source, step=CONTRACT).refusals == {"FL604": 1}
    database.run(f"UPDATE prompts SET text = '{STEPS[0]}', video_duration = NULL")
    assert applied(source, step=CONTRACT).refusals == {"not-expanded": 1}
    assert applied(source, step=EXPAND).changed == 1
    assert applied(source, step=CONTRACT).changed == 1
    assert database.rows() == [(1, "a cat", "kling25", "a cat", 5)]
    assert verified(source)[1] == []
    undone(source)


def test_documents_without_the_fast_reader_in_two_steps(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    deep = "[" * 2000 + "]" * 2000
    path.write_text(f'{{"a": {deep}, "text": "{STEPS[0]}"}}\n')
    before = path.read_text()
    assert applied(path, step=EXPAND, replace=True).changed == 1
    assert f'"text": "{STEPS[0]}", "video_model": "kling25"' in path.read_text()
    assert applied(path, step=CONTRACT, replace=True).changed == 1
    assert '"text": "a cat", "video_model": "kling25"' in path.read_text()
    undone(path)
    assert path.read_text() == before


@pytest.mark.parametrize("ending", ["json", "jsonl.gz", "jsonl.zst", "csv", "parquet"])
def test_each_step_of_a_file_is_verified_and_taken_back_alone(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"p.{ending}"
    path.write_bytes(content(path.name, [*STEPS, "plain"]))
    before = path.read_bytes()
    applied(path, step=EXPAND, replace=True)
    expanded = path.read_bytes()
    applied(path, step=CONTRACT, replace=True)
    contracted = path.read_bytes()
    assert len({before, expanded, contracted}) == 3
    assert verified(path)[1] == []
    with opened(Job(str(path)), write=False) as store:
        last = store.runs()[-1].id
    for _ in range(2):  # a step can be done and taken back again
        job = Job(str(path))
        with opened(job) as store:
            assert undo(store, control(), last).complete
        assert path.read_bytes() == expanded
        with opened(job, write=False) as store:
            first, *_, second = store.runs()
            assert (first.state, second.state) == ("replaced", "undone")
            assert store.verify(first)[1] == []
        applied(path, step=CONTRACT, replace=True)
        assert path.read_bytes() == contracted
        with opened(job, write=False) as store:
            last = store.runs()[-1].id
    assert undone(path).complete
    assert path.read_bytes() == before
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        path.name, f"{path.name}.flaglift", f"{path.name}.flaglift-lock"
    ]  # fmt: skip


def test_a_value_that_elsewhere_stands_for_none_is_held(database: Database) -> None:
    """The zero that was written is not the zero of a column's default."""
    database.run(
        "CREATE TABLE prompts (id INTEGER PRIMARY KEY, text TEXT, video_model VARCHAR(60),"
        " video_prompt TEXT, video_duration INTEGER NOT NULL DEFAULT 0,"
        " num_images INTEGER NOT NULL DEFAULT 1, steps INTEGER NOT NULL DEFAULT 0)"
    )
    zero = "cat --video --video_model kling25 --duration 0\nnum_images=1\nsteps=0"
    five = "cat --video --video_model kling25 --duration 5\nnum_images=2\nsteps=7"
    texts = [zero, five, "cat --video --video_model kling25"]
    database.fill(texts)
    before = database.rows()
    source = f"{database.url}#prompts"
    targets = {**DEFAULT_TARGETS, "num_images": "num_images"}
    chosen: dict[str, Any] = {
        "targets": targets, "empty": {"num_images": ("1",), "steps": ("0",)}
    }  # fmt: skip
    assert applied(source, step=EXPAND, **chosen).refusals == {"no-target": 1}  # of `steps=7`
    assert [row[1:] for row in database.rows()] == [
        (zero, "kling25", "cat", 0, 1, 0),
        (five, None, None, 0, 1, 0),
        (texts[2], "kling25", "cat", 0, 1, 0),
    ]
    assert applied(source, step=EXPAND, **chosen).changed == 0
    assert applied(source, step=CONTRACT, **chosen).changed == 2
    assert [row[1] for row in database.rows()] == ["cat", five, "cat"]
    assert undone(source).restored == 4
    assert database.rows() == before
