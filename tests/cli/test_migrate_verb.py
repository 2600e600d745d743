"""`flaglift migrate`, as people call it."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import pytest

from flaglift.cli import cli
from flaglift.documentation import rule_url
from flaglift.errors import ConfigError, InputError
from flaglift.migrate.files.undo import FileUndoer
from flaglift.migrate.tally import Tally
from flaglift.migrate.throttle import Throttle
from flaglift.report.migration import print_applied, print_plan
from flaglift.report.migration_html import page
from flaglift.report.migration_progress import Progress
from migrate.conftest import PROMPTS, open_database
from migrate.test_kill import content

PRIVATE = "ohwx"


def call(*argv: str) -> int:
    code: int = cli.main(["migrate", *argv], prog_name="flaglift", standalone_mode=False)
    return code


@pytest.fixture
def path(tmp_path: Path) -> str:
    file = tmp_path / "p.jsonl"
    prompts = [*PROMPTS, f"{PRIVATE} --video", f"{PRIVATE} --video --video_model kling25_5s"]
    file.write_bytes(content("p.jsonl", prompts) + b"{broken\n")
    return str(file)


def test_a_plan_is_the_default(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(path) == 1
    said = capsys.readouterr().out
    assert "9 records read, 4 would change" in said
    assert "FL303  " in said or "FL303 " in said
    assert "line 9: not valid JSON" in said
    assert "nothing was written" in said
    assert "  + video_model: kling25" in said
    assert len(list(Path(path).parent.iterdir())) == 1
    assert call("plan", path, "--limit", "2", "--samples", "0") == 0
    assert "would change" in capsys.readouterr().out


def test_a_plan_for_programs_and_as_a_page(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shown, saved, refused = (str(tmp_path / n) for n in ("p.html", "p.plan", "refused.jsonl"))
    options = ("--html", shown, "--save", saved, "--refused", refused, "--format", "json")
    assert call("plan", path, *options) == 1
    document = json.loads(capsys.readouterr().out)
    assert document == json.loads(Path(saved).read_text())
    assert document["counts"]["translated"] == 4
    html = Path(shown).read_text()
    assert html.count("<svg") == 1
    assert "<script" not in html
    # Nothing is loaded; the only addresses are those of the rules' pages.
    linked = [f'<a href="{rule_url(code)}">' for code in document["counts"]["refusals"]]
    assert linked
    for link in linked:
        assert link in html
    assert "http" not in re.sub(r'<a href="[^"]*">', "", html).replace("http-equiv", "")
    assert "&quot;" in html
    assert "<del>" in html
    lines = [json.loads(line) for line in Path(refused).read_text().splitlines()]
    assert {line["key"] for line in lines} == {"4", "7", "8", "9"}
    assert PRIVATE not in Path(refused).read_text()


def test_a_page_of_everything(capsys: pytest.CaptureFixture[str]) -> None:
    tally = Tally(records=40, translated=20, refused=20, priced=20, changed=20)
    tally.refusals.update({f"FL{i}": 1 for i in range(14)} | {"FL604": 6, "no-target": 2})
    tally.cents_before, tally.cents_after = 100.0, 200.0
    document: dict[str, Any] = {
        "flaglift": "1", "source": "<p>", "unit": "line", "at": "now", "complete": False,
        "counts": tally.to_dict(), "notes": ["a & b"], "problems": [],
        "checks": [{"outcome": "note", "topic": "x", "sentence": "a & b"}],
        "samples": [
            {"key": "1", "place": "a.text", "status": "refused", "before": "<b>", "after": {},
             "reasons": [{"code": "FL604", "message": "<why>"}]}
        ],
    }  # fmt: skip
    html = page(document)
    for said in ("&lt;p&gt;", "a &amp; b", "&lt;why&gt;", "$1.00 → $2.00", "and 4 more"):
        assert said in html
    assert "target columns already hold another value" in html
    odd = page({**document, "source": "a\x1b[2J\u202eb", "notes": ["c\x07\u2066"]})
    assert not set("\x1b\u202e\x07\u2066") & set(odd)
    assert "a·[2J·b" in odd
    print_plan(document)
    said = capsys.readouterr().out
    assert "$1.00 → $2.00" in said
    assert "records read so far" in said
    assert "note: a & b" in said
    empty = {
        **document,
        "counts": Tally().to_dict(),
        "samples": [],
        "notes": [],
        "checks": [],
        "complete": True,
    }
    assert "0 records read" in page(empty)
    print_plan(empty)


def test_what_is_translated_with_findings_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "p.jsonl"
    wrong = "a --video --video_model kling25 --duration 7"
    unknown = "a --video --video_model klingon_9"
    file.write_bytes(content("p.jsonl", [wrong, unknown, unknown]))
    shown = str(tmp_path / "p.html")
    assert call(str(file), "--samples", "0", "--html", shown) == 1
    said = capsys.readouterr().out
    for line in ("Translated with findings", "FL402", "klingon_9"):
        assert line in said
        assert line in Path(shown).read_text()
    assert "FL001" not in said


def test_refused_records_are_listed_by_apply(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([*PROMPTS, f"{PRIVATE} --video"])
        listed = tmp_path / "refused.jsonl"
        assert call("apply", source, "-q", "--refused", str(listed)) == 1
        assert [json.loads(line)["key"] for line in listed.read_text().splitlines()] == [
            "[4]",
            "[7]",
        ]
        assert PRIVATE not in listed.read_text()
        assert call("plan", source, "-q", "--refused", str(listed), "--with-text") == 1
        assert PRIVATE in listed.read_text()
    capsys.readouterr()


def test_values_that_mean_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.csv"
    prompt = "a --video --video_model kling25 --duration 5"
    rows = "".join(f"{i},{prompt},{m},,{d}\n" for i, (m, d) in enumerate([("\\N", "0"), ("-", "")]))
    file.write_text(f"id,text,video_model,video_prompt,video_duration\n{rows}")
    before = file.read_bytes()
    assert call("plan", str(file)) == 1
    assert call("apply", str(file), "--replace", "-q", "--empty", "video_model=-") == 0
    assert file.read_text().splitlines()[1:] == ["0,a,kling25,a,5", "1,a,kling25,a,5"]
    assert call("undo", str(file)) == 0
    assert file.read_bytes() == before
    for wrong in ("video_modle=x", "video_model"):
        with pytest.raises(ConfigError, match="write FIELD=VALUE"):
            call("plan", str(file), "--empty", wrong)
    capsys.readouterr()


def test_apply_status_verify_undo(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = Path(path).read_bytes()
    assert call("status", path) == 0
    assert "no run yet" in capsys.readouterr().out
    with pytest.raises(InputError, match="there is no run to verify"):
        call("verify", path)
    with pytest.raises(InputError, match=r"line 9: not valid JSON.*--keep-going"):
        call("apply", path)
    options = ("--keep-going", "--replace")
    assert call("apply", path, *options) == 1
    said = capsys.readouterr().out
    assert "9 records read, 4 changed" in said
    assert "`flaglift migrate plan --refused FILE` lists it" in said
    assert PRIVATE not in said
    assert call("apply", path, *options, "--format", "json") == 1
    assert json.loads(capsys.readouterr().out)["state"] == "replaced"
    assert call("status", path, "--format", "json") == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert run["counts"]["changed"] == 4
    assert call("status", path) == 0
    assert call("verify", path) == 0
    assert "BROKEN" not in capsys.readouterr().out
    Path(path).write_bytes(Path(path).read_bytes().replace(b"a cat", b"my cat"))
    assert call("verify", path) == 1
    assert "BROKEN" in capsys.readouterr().out
    assert call("undo", path) == 1
    assert "1 were edited or deleted since and are as they are: line 1" in capsys.readouterr().out
    assert Path(path).read_bytes() != before


def test_a_clean_file_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "p.jsonl"
    file.write_bytes(content("p.jsonl", PROMPTS[:3]))
    assert call(str(file)) == 0
    assert call("apply", str(file), "--replace") == 0
    assert call("undo", str(file)) == 0
    assert "as it was before the run, to the byte" in capsys.readouterr().out
    assert file.read_bytes() == content("p.jsonl", PROMPTS[:3])


def test_a_run_that_departs_from_its_plan(
    path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = str(tmp_path / "p.plan")
    call("plan", path, "--save", saved)
    with Path(path).open("a") as file:
        file.write(json.dumps({"text": f"{PRIVATE} --video"}) + "\n")
    capsys.readouterr()
    options = ("--keep-going", "--plan", saved, "--max-drift")
    assert call("apply", path, *options, "0.01") == 1
    said = capsys.readouterr().out
    assert (
        "stopped: 5 prompts are refused" in said.replace("4 prompts", "5 prompts")
        or "stopped:" in said
    )
    assert call("apply", path, *options, "1") == 1
    said = capsys.readouterr().out
    assert "differs from the plan: refused: 4, planned 3" in said
    for wrong in ("none.plan", path):
        with pytest.raises(InputError):
            call("apply", path, "--plan", str(tmp_path / wrong))


def test_fewer_records_than_planned_are_no_difference_where_fewer_were_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = str(tmp_path / "p.plan")
    for database in open_database("sqlite", tmp_path):
        source = database.prompts(PROMPTS)
        call("plan", source, "--save", saved)
        assert call("apply", source, "--plan", saved, "--limit", "2") == 0
        assert "differs" not in capsys.readouterr().out
        database.run("DELETE FROM prompts WHERE id = 5")
        call("apply", source, "--plan", saved)
        assert "differs from the plan: records: 5, planned 6" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "[1, 2", "[" * 100_000])
def test_what_is_no_saved_plan(content: str, tmp_path: Path) -> None:
    saved = tmp_path / "p.plan"
    saved.write_text(content)
    path = tmp_path / "p.jsonl"
    path.touch()
    with pytest.raises(InputError, match=r"p\.plan: is not a plan that"):
        call("apply", str(path), "--plan", str(saved))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"counts": None}, "its counts are no object"),
        ({"counts": []}, "its counts are no object"),
        ({"counts": -1}, "its counts are no object"),
        ({"counts": {}}, "its counts lack `records`, .*"),
        ({"records": 10**400}, "`records` in its counts is not one that was counted"),
        ({"records": True}, "`records` in its counts is not one that was counted"),
        ({"refused": -1}, "`refused` in its counts is not one that was counted"),
        ({"refusals": {"FL101": 1.5}}, "`refusals` in its counts is not one that was counted"),
        ({"refusals": 3}, "`refusals` in its counts is not one that was counted"),
        ({"cents_after": float("nan")}, "`cents_after` in its counts is not one that was counted"),
        ({"other": 1}, "`other` in its counts is not one that was counted"),
    ],
)
def test_a_saved_plan_that_was_edited(edit: dict[str, Any], said: str, tmp_path: Path) -> None:
    path, saved = tmp_path / "p.jsonl", tmp_path / "p.plan"
    path.write_text('{"text": "a cat --video --video_model kling25"}\n')
    call("plan", str(path), "--save", str(saved))
    plan = json.loads(saved.read_text())
    if "counts" in edit:
        plan |= edit
    else:
        plan["counts"] |= edit
    saved.write_text(json.dumps(plan))
    with pytest.raises(InputError, match=rf"p\.plan: is not a plan that .*: {said}; make it again"):
        call("apply", str(path), "--plan", str(saved))
    assert {each.name for each in tmp_path.iterdir()} == {"p.jsonl", "p.plan"}


def test_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts(PROMPTS)
        before = database.rows()
        assert call("apply", source, "--limit", "2", "--rows-per-second", "1000") == 0
        assert (
            "stopped before the end; run the same command again to resume"
            in capsys.readouterr().out
        )
        assert call("apply", source) == 1
        assert call("verify", source) == 0
        database.run("UPDATE prompts SET text = 'mine' WHERE id = 1")
        assert call("undo", source) == 1
        assert "1 were edited or deleted since" in capsys.readouterr().out
        assert database.rows()[1:] == before[1:]


@pytest.mark.parametrize(
    "targets",
    [
        ("video_model=x", "video_prompt=x"),
        ("video_model=video_prompt",),
        ("video_duration=text",),
        ("seed=video_duration",),
    ],
)
def test_two_fields_do_not_share_a_column(path: str, targets: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="each field needs one of its own"):
        call("apply", path, *(word for target in targets for word in ("--target", target)))


def test_two_fields_may_change_places(path: str) -> None:
    targets = ("--target", "video_model=video_prompt", "--target", "video_prompt=video_model")
    assert call("apply", path, *targets, "--keep-going") == 1
    assert '"video_prompt": "kling25"' in Path(path).with_name("p.migrated.jsonl").read_text()


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("video_modle=m", "did you mean `video_model`"),
        ("zzz=m", "no such field; see"),
        ("video_model", "write FIELD=COLUMN"),
        ("video_model=", "write FIELD=COLUMN"),
    ],
)
def test_targets_that_are_none(path: str, target: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        call("plan", path, "--target", target)


@pytest.mark.parametrize("name", ["p.csv", "p.parquet", "p.jsonl"])
def test_verbs_on_runs_need_no_options_of_apply(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / name
    path.write_bytes(content(name, PROMPTS).replace(b"text", b"said"))
    before = path.read_bytes()
    for verb, message in (("verify", "no run to verify"), ("plan", "has no column `text`")):
        if verb == "verify" or name != "p.jsonl":
            with pytest.raises(InputError, match=message):
                call(verb, str(path))
    assert call("undo", str(path)) == 0
    assert call("apply", str(path), "--text-column", "said", "--replace") == 1
    capsys.readouterr()
    for verb in ("status", "runs", "verify"):
        assert call(verb, str(path)) == 0
    assert capsys.readouterr().out.count("4 changed") == 2
    assert call("undo", str(path)) == 0
    assert path.read_bytes() == before
    assert call("purge", str(path), "--all") == 0


@pytest.mark.parametrize("value", ["inf", "nan", "-inf"])
@pytest.mark.parametrize(
    "option",
    ["--rows-per-second", "--chunk-seconds", "--max-load", "--max-replica-lag", "--max-drift"],
)
def test_numbers_are_finite(path: str, option: str, value: str) -> None:
    with pytest.raises(click.BadParameter, match="is not"):
        call("apply", path, option, value)


@pytest.mark.parametrize("name", ["p.jsonl", "p.json", "p.csv", "p.parquet", "p.jsonl.zst"])
def test_a_file_is_copied_behind_a_limit(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, refused = tmp_path / name, tmp_path / "refused.jsonl"
    path.write_bytes(content(name, [*PROMPTS[:3], *PROMPTS[:3], f"{PRIVATE} --video"]))
    assert call("apply", str(path), "--limit", "3", "--refused", str(refused)) == 0
    assert "3 records read, 2 changed, run" in capsys.readouterr().out
    assert refused.read_text() == ""
    assert call("verify", str(path)) == 0
    assert "apart from the 2 journaled changes" in capsys.readouterr().out


def test_what_cannot_be_read_behind_a_limit_is_not_listed(path: str, tmp_path: Path) -> None:
    refused = tmp_path / "refused.jsonl"
    assert call("apply", path, "--limit", "2", "--refused", str(refused)) == 0
    assert refused.read_text() == ""


def test_usage(path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(click.UsageError, match="exclude each other"):
        call("apply", path, "--to", "x.jsonl", "--replace")
    with pytest.raises(ConfigError, match="two runs: expand first"):
        call("plan", path, "--contract", "--expand")
    with pytest.raises(InputError, match="there is no directory"):
        call("plan", path, "--html", str(tmp_path / "none" / "p.html"))
    assert call("--help") == 0
    assert "flaglift migrate undo" in capsys.readouterr().out
    with pytest.raises(click.exceptions.NoArgsIsHelpError):
        call()
    with pytest.raises(click.UsageError, match="Did you mean 'apply'"):
        call("aply", path)
    assert call("undo", path) == 0
    assert "there is no run to undo" in capsys.readouterr().out
    assert call("plan", path, "--target", "video_model=model", "--samples", "1") == 1


def many(tmp_path: Path) -> Path:
    file = tmp_path / "many.jsonl"
    file.write_bytes(content("p.jsonl", [f"{p} {i}" for i in range(1000) for p in PROMPTS[:1]]))
    return file


def _drain(terminal: int) -> None:
    with suppress(OSError), open(terminal, "rb") as reader:
        while reader.read(1024):
            pass


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_ctrl_c_finishes_the_chunk(tmp_path: Path, verb: str) -> None:
    file = many(tmp_path)
    command = [sys.executable, "-m", "flaglift", "migrate", verb, str(file)]
    slow = ["--rows-per-second", "5"]
    ours, theirs = pty.openpty()  # the bar of a terminal is there at once
    with subprocess.Popen(
        [*command, *slow], stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        os.read(ours, 1)
        process.send_signal(signal.SIGINT)
        threading.Thread(target=_drain, args=(ours,)).start()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "so far" in said or "run the same command again to resume" in said
    if verb == "apply":
        assert call("apply", str(file), "-q") == 0
        assert "--video" not in file.with_name("many.migrated.jsonl").read_text()


def test_an_undo_can_be_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = many(tmp_path)
    before = file.read_bytes()
    assert call("apply", str(file), "--replace", "-q") == 0
    real = FileUndoer.undo

    def once(self: FileUndoer, rows: int) -> bool:
        signal.raise_signal(signal.SIGINT)
        return real(self, rows)

    with monkeypatch.context() as patch:
        patch.setattr(FileUndoer, "undo", once)
        assert call("undo", str(file)) == 130
    assert call("undo", str(file)) == 0
    assert file.read_bytes() == before


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_an_interrupted_run_exits_with_130(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    file = many(tmp_path)

    def interrupt(*_: object) -> None:
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(Throttle, "wait", interrupt)
        assert call(verb, str(file), "-q") == 130
    assert call("apply", str(file), "-q") == 0


def test_many_edited_records_are_not_all_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = many(tmp_path)
    call("apply", str(file), "--replace", "-q")
    file.write_bytes(file.read_bytes().replace(b"a cat", b"my cat"))
    assert call("undo", str(file)) == 1
    assert "line 1, 2, 3" in (said := capsys.readouterr().out)
    assert ", 20, ..." in said


def test_what_others_did_meanwhile_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    counts = Tally(records=9, raced=2, gone=1).to_dict()
    print_applied(
        {"source": "s", "run": "r", "state": "finished", "counts": counts, "differences": [],
         "drifted": None, "said": []}
    )  # fmt: skip
    assert "decided again: 2; deleted: 1" in capsys.readouterr().out


COUNTS = {"records": 10, "bytes": 100, "changed": 5, "refused": 1, "problems": 0}


def test_progress_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    for total in (("bytes", 1000), None):
        with Progress("p", total, quiet=False, seconds=0) as progress:
            progress.show(COUNTS)
            progress.show({**COUNTS, "records": 20, "bytes": 200})
        first, second = map(json.loads, capsys.readouterr().err.splitlines())
        assert first["eta_seconds"] is None
        assert (second["eta_seconds"] is None) == (total is None)
        assert second["records"] == 20
    with Progress("p", None, quiet=True, seconds=0) as progress:
        progress.show(COUNTS)
    assert capsys.readouterr().err == ""


def test_progress_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with Progress("p", ("bytes", 100), quiet=False) as progress:
        progress.show(COUNTS)
        progress.show(COUNTS)
    assert "event" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("package", "name", "extra"),
    [
        ("pyarrow", "p.parquet", "parquet"),
        ("zstandard", "p.jsonl.zst", "zstd"),
        ("sqlalchemy", "sqlite:///x.db#t", "sql"),
        ("psycopg", "postgresql://x/y#t", "sql"),
    ],
)
def test_a_missing_extra_is_named(tmp_path: Path, package: str, name: str, extra: str) -> None:
    (tmp_path / name.rpartition("/")[2]).touch()
    code = (
        f"import sys; sys.modules[{package!r}] = None\n"
        f"from flaglift.cli import main; sys.argv = ['flaglift', 'migrate', {name!r}]; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 2
    assert f"pip install 'flaglift[{extra}]'" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_path_that_leads_nowhere_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    file = tmp_path / "p.jsonl"
    file.write_text('{"prompt": "cat --video --video_model kling25"}\n{"prompt": "x"}\n')
    call(verb, str(file), "-q")
    hint = "no record holds a prompt there: --text-column says where prompts are"
    assert hint in capsys.readouterr().out
    call("plan", str(file), "-q", "--text-column", "prompt")
    assert hint not in capsys.readouterr().out


def test_no_more_is_said_to_be_done_than_a_condition_chooses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for database in open_database("sqlite", tmp_path):
        source = database.prompts([f"{i} --video --video_model kling25" for i in range(4)])
        assert call("apply", source, "-q", "--where", "id < 3") == 0
        said = capsys.readouterr().out
        assert "counted in the rows that --where chooses at the end: no prompt holds flags" in said
        assert call("apply", source, "-q") == 0
        assert "counted in the source at the end: no prompt holds flags" in capsys.readouterr().out
