"""Everything that can be named has its place in the reference, and nothing else has."""

import importlib
import json
import re
import sys
from pathlib import Path

import click
import pytest
from generate import pages, write
from generate.commands import walk
from generate.formats import FINDING_KEYS, FORMATS
from generate.python import MODULES, public

import flaglift
from flaglift.check.file_settings import READERS
from flaglift.cli import cli
from flaglift.cli.grouping import option_groups
from flaglift.lossless.spans import Span
from flaglift.report.formats import renderer
from flaglift.report.places import LineIndex
from flaglift.report.record import FindingsReport, record_at
from flaglift.rules import RULES
from flaglift.settings import FILE_KEYS, Settings

COMMANDS = dict(walk(cli, "flaglift"))


def test_each_rule_has_a_page_and_each_page_a_rule() -> None:
    written = {Path(path).stem for path in pages() if path.startswith("rules/")} - {"index"}
    assert written == {rule.code for rule in RULES}
    for rule in RULES:
        text = pages()[f"rules/{rule.code}.md"]
        assert text.startswith(f"# {rule.code} {rule.name}\n")
        assert text.count("```") >= 4
        assert f"[{rule.code}]({rule.code}.md)" in pages()["rules/index.md"]


@pytest.mark.parametrize("words", COMMANDS)
def test_each_verb_and_option_has_its_place(words: str) -> None:
    command = COMMANDS[words]
    verb = words.split()[1] if " " in words else "index"
    text = pages()[f"commands/{verb}.md"]
    if verb == "index":
        return
    heading = re.search(rf"^##? {words}$(.*?)(?=^##? flaglift|\Z)", text, re.MULTILINE | re.DOTALL)
    assert heading
    signatures = " ".join(re.findall(r"^`+{option} (.*)", heading[1], re.MULTILINE))
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            missing = {*option.opts, *option.secondary_opts} - set(re.split(r"[ ,]+", signatures))
            assert not missing


@pytest.mark.parametrize("words", COMMANDS)
def test_each_command_has_examples_exit_codes_and_help_for_each_option(words: str) -> None:
    command = COMMANDS[words]
    assert "Examples:\n" in (command.help or "")
    assert (command.epilog or "").startswith("Exit codes: 0 ") or words == "flaglift baseline"
    for option in command.params:
        if isinstance(option, click.Option) and not option.hidden:
            assert option.help, option.opts
            assert not re.search(r"\(the default\)|if left out", option.help), option.opts


def test_options_stand_in_groups_the_usual_ones_first() -> None:
    command = COMMANDS["flaglift check"]
    groups = option_groups(command, click.Context(command))
    assert [*groups][:2] == ["Fixing", "Output"]
    assert [*groups][-1] == "Help"
    lines = command.get_help(click.Context(command)).splitlines()
    assert [line for line in lines if line.endswith(":") and line[0] != " "] == [
        f"{g}:" for g in groups
    ]


def test_each_setting_has_its_place() -> None:
    headings = "".join(re.findall(r"^## .*", pages()["settings.md"], re.MULTILINE))
    named = set(re.findall(r"`([a-z-]+)`", headings))
    keys = {name.replace("_", "-") for name in Settings.__dataclass_fields__}
    assert named == keys | FILE_KEYS | {"extend"}
    assert set(READERS) == FILE_KEYS


@pytest.mark.parametrize("module", MODULES)
def test_each_public_name_has_its_place(module: str) -> None:
    text = pages()[f"python/{module}.md"]
    if module == "flaglift.columns.spark":
        assert "flaglift.columns.spark.translate_udf" in text
        return
    for name in public(module):
        assert f"## `{name}`" in text


def test_each_output_format_and_key_has_its_place() -> None:
    folder = Path(sys.modules["flaglift.report.formats"].__path__[0])
    assert set(FORMATS) == {path.stem for path in folder.glob("*.py")} - {"__init__"}
    check = importlib.import_module("flaglift.cli.check").command
    (option,) = (each for each in check.params if "--output-format" in each.opts)
    assert set(option.type.choices) == set(FORMATS)
    text = b"a cat --video --video_model kling25 --duration 7"
    (finding,) = flaglift.lint(text.decode(), flaglift.Settings(select=("FL402",)))
    record = record_at("a.txt", LineIndex(text), Span(0, 5), finding)
    found = json.loads(renderer("json")(FindingsReport([record], [])))
    assert list(found[0]) == list(FINDING_KEYS)


def test_pages_of_what_is_gone_are_removed(tmp_path: Path) -> None:
    old = tmp_path / "rules" / "FL999.md"
    old.parent.mkdir()
    old.write_text("# FL999")
    write(tmp_path)
    assert not old.exists()
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")}
    assert {str(path.relative_to(tmp_path)) for path in before} == set(pages())
    write(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.md")} == before
