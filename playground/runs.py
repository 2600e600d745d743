"""Runs the command line on a file that was dropped on the page, and returns what it says."""

import io
import json
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

from flaglift.cli import EXIT_UNUSABLE, main
from flaglift.documentation import rule_page
from flaglift.errors import InputError
from flaglift.report.migration import OUTCOMES, is_rule, money, rule_name
from flaglift.report.text import counted

Values = dict[str, Any]

_FIXES = {"": [], "safe": ["--fix"], "unsafe": ["--fix", "--unsafe-fixes"]}
_folders: list[Path] = []
"""Those whose files the page may still read: the last one."""


def file(request: Values) -> Values:
    """Read a file, and make what there is to download.

    Raises `InputError` with what the command line says of a file that it cannot use.
    """
    for old in _folders:
        shutil.rmtree(old, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix="flaglift-"))
    _folders[:] = [folder]
    name = request["name"].lstrip("-") or "file"
    shutil.move(request["path"], folder / name)
    with chdir(folder):
        read = _checked if Path(name).suffix.lower() == ".txt" else _migrated
        found = read(name, request)
    return {**found, "files": [str(folder / made) for made in found["files"]]}


def _checked(name: str, request: Values) -> Values:
    """Check a text file, and fix a copy of it."""
    words = ["check", name, f"--{request['form']}", "--isolated", *request["options"]]
    quiet = [*words, "--no-cache", "--output-format", "json"]
    findings = _run(quiet)
    said = json.loads(_run([*quiet, "--statistics"]))
    Path("findings.json").write_text(findings, encoding="utf-8")
    files, titles = ["findings.json"], ["the findings"]
    commands = [words, [*words, "--output-format", "json"]]
    if fixes := _FIXES[request["fixes"]]:
        path = Path(name)
        fixed = f"{path.stem}.fixed{path.suffix}"
        shutil.copyfile(name, fixed)
        _run(["check", fixed, *quiet[2:], *fixes])
        files.insert(0, fixed)
        titles.insert(0, "the fixed file")
        commands.append([*words, *fixes])
    price = said["price"]
    return {
        "commands": [shlex.join(["flaglift", *each]) for each in commands],
        "says": [],
        "counts": [
            ("prompts with flags", said["prompts"]),
            *((f"prompts with {each['flag']}", each["count"]) for each in said["flags"]),
        ],
        "rules": _rules({each["code"]: each["count"] for each in said["rules"]}),
        "facts": [
            *_models({each["model"]: each["count"] for each in said["models"]}),
            *_priced(price["cents"], price["prompts"]),
        ],
        "files": files,
        "titles": titles,
    }


def _migrated(name: str, request: Values) -> Values:
    """Plan the migration of a file, and apply it to a copy."""
    column = request["column"]
    where = [] if column == "text" else ["--text-column", column]
    options = [*where, *_FIXES[request["fixes"]], "--isolated", *request["options"]]
    path = Path(name)
    modern = f"{path.stem}.modern{path.suffix}"
    plan = ["migrate", "plan", name, *options]
    shown = ["--html", "plan.html", "--refused", "refused.jsonl", "--with-text"]
    apply = ["migrate", "apply", name, "--to", modern, *options]
    quiet = ["--quiet", "--format", "json"]
    document = json.loads(_run([*plan, *shown, *quiet]))
    _run([*apply, "--create-columns", "--keep-going", *quiet])
    counts, unit = document["counts"], document["unit"]
    files, titles = [modern, "plan.html"], ["the result", "the report"]
    if counts["refused"] or counts["problems"]:
        files.append("refused.jsonl")
        titles.append("what was refused")
    return {
        "commands": [
            shlex.join(["flaglift", *each])
            for each in ([*plan, *shown], [*apply, "--create-columns", "--keep-going"])
        ],
        "says": [
            *document["notes"],
            *(f"{unit} {each['key']}: {each['problem']}" for each in document["problems"][:5]),
        ],
        "counts": [
            ("records", counts["records"]),
            *((title, counts[key]) for key, title, _ in OUTCOMES if counts[key]),
            *([("fixed first", counts["mended"])] if counts["mended"] else []),
        ],
        "rules": _rules(counts["codes"]),
        "facts": [
            *_models(counts["models"]),
            *_priced(counts["cents_after"], counts["priced"]),
        ],
        "files": files,
        "titles": titles,
    }


def _rules(codes: Mapping[str, int]) -> list[Values]:
    return [
        {
            "code": code,
            "rule": rule_name(code),
            "count": count,
            "page": rule_page(code) if is_rule(code) else "",
        }
        for code, count in sorted(codes.items(), key=lambda item: (-item[1], item[0]))
    ]


def _models(models: Mapping[str, int]) -> list[tuple[str, str]]:
    named = ", ".join(f"{name} ({count:,})" for name, count in models.items())
    return [("Models", named)] if named else []


def _priced(cents: float, videos: int) -> list[tuple[str, str]]:
    return (
        [
            (
                "Price of one video each",
                f"{money(cents)} for {counted(videos, 'video')} of known price",
            )
        ]
        if videos
        else []
    )


def _run(words: Sequence[str]) -> str:
    """Return what a command prints. Raises `InputError` where it cannot do its work."""
    with _streams(words) as (out, errors):
        try:
            main()
        except SystemExit as leaving:
            if leaving.code == EXIT_UNUSABLE:
                raise InputError(_sentence(errors.getvalue())) from None
    return out.getvalue()


@contextmanager
def _streams(words: Sequence[str]) -> Iterator[tuple[io.StringIO, io.StringIO]]:
    given, sys.argv = sys.argv, ["flaglift", *words]
    out, errors = io.StringIO(), io.StringIO()
    try:
        with redirect_stdout(out), redirect_stderr(errors):
            yield out, errors
    finally:
        sys.argv = given


def _sentence(said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[-1].removeprefix("flaglift: ") if lines else "the command line says nothing"
