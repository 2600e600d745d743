"""Nothing that a file, a model, a key or an argument is called reaches a terminal unchanged.

The verbs, their formats and their options for output are those of the code: a new one that prints a
name unchanged fails here, and a new verb fails until it is called here.
"""

import json
import os
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from flaglift.cli import cli
from flaglift.cli.check import FORMATS
from flaglift.report.escaping import harmless
from flaglift.report.migration_progress import Progress
from flaglift.shim.proxy.report import UNREAD
from flaglift.shim.proxy.traffic import Sender, TrafficStore, Worker
from running import flaglift

ODD = "\x1bc\x7f\x85\x9b\u2028\u202e"
"""Resets the terminal, is removed, ends a line, begins a sequence, ends a line, turns the text."""
NAME = os.fsdecode(b"e\xff") + ODD
"""The name of a file, which is not UTF-8 either."""
MODEL = "odd\x1bc\x7f\x9b\u202e"  # one word, as the names of models are
PROMPT = f'a "cat{ODD}" --video --video_model "{MODEL}" --duration 77 --video_prompt "x{ODD}"'
GOOD = f'a cat{ODD} --video --video_model kling25 --duration 5 --video_prompt "x{ODD}"'
LOOKALIKE = 'help = "see {} --video --video_model for the rest, or call it with nothing"\n'
UNFINISHED = f"{GOOD} --video-audio"
TABLE = f"sqlite:///shop.db#t{ODD}"
COLUMN = f"c{ODD}"


def leaves(group: click.Group, *names: str) -> Iterator[tuple[str, click.Command]]:
    """Yield the commands that do something, by their names."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from leaves(command, *names, name)
        elif command:
            yield " ".join((*names, name)), command


COMMANDS = dict(leaves(cli))


@dataclass(frozen=True)
class Call:
    """The arguments of a command, after others that prepare the folder."""

    args: Sequence[str]
    before: Sequence[Sequence[str]] = ()
    stdin: str = ""


APPLY = ("migrate", "apply", f"{NAME}.jsonl", "--to", f"to{NAME}.jsonl", "--keep-going")
APPLY_TABLE = ("migrate", "apply", TABLE, "--text-column", COLUMN, "--create-columns")
BEFORE = ((APPLY,), (APPLY_TABLE,))
SOURCES = (f"{NAME}.jsonl", TABLE)


def on_both(*options: str) -> list[Call]:
    """Return calls for a file and a table that were migrated."""
    wheres = ((), ("--text-column", COLUMN))
    return [
        Call([source, *where, *options], before)
        for source, before, where in zip(SOURCES, BEFORE, wheres, strict=True)
    ]


CALLS: dict[str, list[Call]] = {
    "translate": [
        Call([PROMPT]),
        Call([GOOD, "--with", f"input_video=@{NAME}"]),
        Call([GOOD.replace("kling25", MODEL), "--overlay", f"{ODD}.toml"]),
        Call([GOOD, "--default-model", MODEL]),
        Call([GOOD, "--with", f"{NAME}=1"]),
        Call(["--keyframes", f"{GOOD}\n---\n{PROMPT}"]),
    ],
    "check": [
        Call([]),
        Call(["--isolated", f"{NAME}.txt", f"no{NAME}"]),
        Call(["-"], stdin=f"{UNFINISHED}\n"),
        Call(["--stdin-filename", f"{NAME}.txt", "-"], stdin=f"{PROMPT}\n"),
        Call(["--baseline", f"no{NAME}"]),
        Call(["--since-edition", "2026-04-29", "."]),
        Call(["--config", f"no{NAME}"]),
        Call(["--select", NAME]),
        Call(["--report", f"{NAME}=x"]),
    ],
    "parse": [Call([PROMPT]), Call([f"{ODD}—video\n---\nar=1{ODD}:1"])],
    "baseline write": [Call([]), Call([f"{NAME}.json"]), Call(["--baseline", f"b{NAME}.json"])],
    "baseline prune": [
        Call(["--baseline", f"no{NAME}.json"]),
        Call(
            ["--baseline", f"b{NAME}.json", f"{NAME}.json"],
            [("baseline", "write", "--baseline", f"b{NAME}.json")],
        ),
    ],
    "lsp": [Call(["--tcp", NAME])],
    "init": [Call([])],
    "migrate plan": [
        Call([f"{NAME}.jsonl", "--key", "k"]),
        Call([f"{NAME}.jsonl", "--key", "k", "--refused", "/dev/stdout", "--with-text"]),
        Call([f"{NAME}.jsonl", "--save", f"no{NAME}/x"]),
        Call([TABLE, "--text-column", COLUMN]),
        Call([TABLE, "--text-column", NAME]),
        Call([f"no{NAME}.jsonl"]),
    ],
    "migrate apply": [
        Call(APPLY[2:]),
        Call([f"{NAME}.jsonl", "--to", f"no{NAME}/x.jsonl"]),
        Call(APPLY_TABLE[2:]),
        Call([f"no{NAME}.jsonl", "--engine", "spark"]),
    ],
    "migrate status": [Call([f"{NAME}.jsonl"]), *on_both()],
    "migrate runs": [Call([f"{NAME}.jsonl"]), *on_both()],
    "migrate purge": [*on_both("--all"), *on_both("--run", NAME)],
    "migrate verify": on_both(),
    "migrate undo": [*on_both(), *on_both("--run", NAME)],
    "models": [
        Call(["--overlay", f"{ODD}.toml"]),
        Call([]),
        Call([MODEL]),
        Call([NAME]),
        Call(["--diff", "2026-04-29", "2026-08-20", MODEL]),
        Call(["--overlay", f"{NAME}.txt"]),
    ],
    "rule": [Call(["FL402"]), Call([NAME])],
    "docs": [Call(["--print"]), Call(["--print", NAME])],
    "serve": [
        Call(["--check", "--upstream", f"unix:/{NAME}"]),
        Call(["--check", "--upstream", f"https://{NAME}"]),
    ],
    "traffic": [Call(["traffic.db"]), Call([f"no{NAME}"]), Call([f"{NAME}.txt"])],
}


def variants(command: click.Command) -> list[list[str]]:
    """Return the options for each format of a command, and each of its switches for output."""
    formats: list[list[str]] = []
    switches: list[list[str]] = [[]]
    for option in command.params:
        if not isinstance(option, click.Option):
            continue
        if isinstance(option.type, click.Choice) and "format" in option.opts[-1]:
            formats += [[option.opts[0], choice] for choice in option.type.choices]
        elif option.is_flag and getattr(option, "group", "") in ("Output", "Fixing"):
            switches.append([option.opts[0]])
    switches = [each for each in switches if each not in (["--watch"], ["--with-text"])]
    return [[*form, *switch] for form in formats or [[]] for switch in switches]


def is_copied(args: Sequence[str]) -> bool:
    """Return whether a command prints what is to be applied, run or saved."""
    match args:
        case ["translate", "--format", "form" | "curl", *_]:
            return True
        case ["check", *options]:
            fixes = {"--fix", "--unsafe-fixes"}.intersection(options)
            return "--diff" in options or bool(fixes and options[-1] == "-")
    return False


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fill the current folder with files that are named, and hold names, as nobody should."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TERM", "dumb")  # has no colours, so all escapes are somebody else's
    for name in ("FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    rows = [{"k": f"{number}{ODD}", "text": text} for number, text in enumerate((PROMPT, GOOD))]
    files = {
        f"{NAME}.txt": f"{PROMPT}\r{UNFINISHED}\n# flaglift: ignore[{ODD}]\n",
        f"{NAME}.py": "x = ('a --video --video_model\n",
        f"look{ODD}.py": LOOKALIKE.format(ODD),
        f"{NAME}.toml": f"[{ODD}",
        f"{NAME}.xyz{ODD}": f"{PROMPT}\n",
        f"{NAME}.json": json.dumps({f"\ud83d{ODD}/~": PROMPT, "text": f"{UNFINISHED} \ud83d"}),
        f"{NAME}.jsonl": "".join(f"{json.dumps(row)}\n" for row in rows) + f"{{{ODD}\n",
        f"{ODD}.toml": f"[[models]]\nname = {json.dumps(MODEL)}\n",
        "flaglift.toml": f"overlay = {json.dumps(ODD + '.toml')}\n"
        f"exclude = [{json.dumps('no' + ODD)}]\n"
        f"[[suppressions]]\npath = {json.dumps('no' + ODD)}\nat = {json.dumps('/' + ODD)}\n"
        f'rules = ["FL402"]\nreason = {json.dumps(ODD)}\n',
    }
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8", errors="surrogateescape")
    with sqlite3.connect("shop.db") as database:
        database.execute(f'CREATE TABLE "t{ODD}" (id TEXT PRIMARY KEY, "{COLUMN}" TEXT)')
        texts = [(row["k"], row["text"]) for row in rows]
        database.executemany(f'INSERT INTO "t{ODD}" VALUES (?, ?)', texts)  # noqa: S608
    database.close()
    counts = Counter({"legacy": 1, f"{UNREAD}{ODD}": 1})
    with TrafficStore(Path("traffic.db")) as store:
        store.add(Worker("p"), [(Sender(f"/{ODD}", ODD, ODD), counts)])


def is_clean(text: str) -> bool:
    """Return whether an output is UTF-8, and holds nothing that a terminal obeys."""
    return harmless(text) == text


ALWAYS_WRONG = {"lsp", "init"}
"""Verbs that are only called with what they cannot use: one waits for an editor, one writes."""


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("name", COMMANDS)
def test_no_verb_prints_what_a_terminal_obeys(name: str, terminal: bool) -> None:
    codes = set()
    for call in CALLS[name]:
        for options in variants(COMMANDS[name]):
            for args in call.before:
                assert flaglift(*args).returncode in (0, 1, 2)
            args = [*name.split(), *options, *call.args]
            run = flaglift(*args, stdin=call.stdin, terminal=terminal)
            codes.add(run.returncode)
            assert is_clean(run.stderr), args
            assert is_clean(run.stdout) or (is_copied(args) and not terminal), args
            if options in (["--format", "json"], ["--output-format", "json"]) and run.stdout:
                json.loads(run.stdout.partition('{"key": ')[0])  # which begins a list of refusals
    assert codes <= {0, 1, 2}
    assert codes & {0, 1} or name in ALWAYS_WRONG
    for args in ([f"--{NAME}"], [NAME] * 3):
        run = flaglift(*name.split(), *args, terminal=terminal)
        assert is_clean(run.stderr + run.stdout), args


@pytest.mark.parametrize("terminal", [False, True])
def test_a_verb_that_there_is_not(terminal: bool) -> None:
    for group in ([], ["baseline"], ["migrate"]):
        run = flaglift(*group, f"pla{NAME}", terminal=terminal)
        assert run.returncode == 2
        assert is_clean(run.stderr)


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_names_the_same_as_the_files(form: str) -> None:
    """The file has the values themselves, for readers of the format."""
    assert flaglift("check", "--report", f"{form}=report").returncode == 2
    said = Path("report").read_text(encoding="utf-8")
    assert is_clean(said)
    if form in ("json", "rdjson", "gitlab", "sarif"):
        told = json.dumps(json.loads(said), ensure_ascii=False)
        name = f"e\ufffd{json.dumps(ODD, ensure_ascii=False)[1:-1]}"
        # In SARIF, the names of files are URIs, but for those in sentences.
        assert (f"{name}.py:1: " if form == "sarif" else f'{name}.txt"') in told
    if form == "junit":
        names = [suite.get("name", "") for suite in ElementTree.fromstring(said)]
        assert f"e\ufffd{ODD.replace(chr(27), chr(0xFFFD))}.txt" in names


def test_a_name_that_is_not_utf8_is_a_text_in_json() -> None:
    run = flaglift("check", "--show-prompts", "--output-format", "json")
    names = {each["path"] for each in json.loads(run.stdout)}
    assert f"e\ufffd{ODD}.txt" in names
    assert flaglift("baseline", "write", "--baseline", "known.json").returncode == 2
    known = json.loads(Path("known.json").read_text(encoding="utf-8"))["findings"]
    assert f"e\ufffd{ODD}.txt" in {each["path"] for each in known}


def test_files_that_a_migration_writes() -> None:
    files = ("--html", "a.html", "--save", "a.plan", "--refused", "a.jsonl", "--with-text")
    source = (f"{NAME}.jsonl", "--key", "k", "--isolated")
    assert flaglift("migrate", "plan", *source, *files).returncode == 1
    for name in files[1::2]:
        assert is_clean(Path(name).read_text(encoding="utf-8"))
    listed = Path("a.jsonl").read_text(encoding="utf-8").splitlines()
    assert PROMPT in {json.loads(line).get("before") for line in listed}


def test_what_is_copied_is_unchanged_unless_a_terminal_shows_it() -> None:
    diff = flaglift("check", "--diff", "--unsafe-fixes", f"{NAME}.txt")
    assert f"cat{ODD}" in diff.stdout
    shown = flaglift("check", "--diff", "--unsafe-fixes", f"{NAME}.txt", terminal=True)
    assert shown.stdout == harmless(diff.stdout)
    given = f"{UNFINISHED}\r\nplain{ODD}\r\n"
    fixed = flaglift("check", "--fix", "--isolated", "-", stdin=given)
    assert fixed.stdout.endswith(f"\r\nplain{ODD}\r\n")
    shown = flaglift("check", "--fix", "--isolated", "-", stdin=given, terminal=True)
    assert shown.stdout == harmless(fixed.stdout)
    for form in ("form", "curl"):
        copied = flaglift("translate", "--format", form, GOOD)
        assert f"a cat{ODD}" in copied.stdout
        shown = flaglift("translate", "--format", form, GOOD, terminal=True)
        assert shown.stdout == harmless(copied.stdout) != copied.stdout


def test_progress_shows_a_name_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.stderr.isatty", lambda: True, raising=False)
        patch.setenv("FORCE_COLOR", "1")
        patch.setenv("TERM", "xterm")
        with Progress(f"a[/b]{ODD}.jsonl", ("bytes", 100), quiet=False):
            pass
    said = capsys.readouterr().err
    assert "a[/b]·c·····.jsonl" in said
    assert not set("\x7f\x85\x9b\u2028\u202e") & set(said)


def test_progress_in_a_log(capsys: pytest.CaptureFixture[str]) -> None:
    counts = dict.fromkeys(("records", "bytes", "changed", "refused", "problems"), 1)
    with Progress(NAME, ("bytes", 100), quiet=False, seconds=0) as progress:
        progress.show(counts)
    said = capsys.readouterr().err
    assert is_clean(said)
    assert json.loads(said)["source"] == NAME
