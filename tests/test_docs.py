"""What the documents say is true: tables, examples, links, docstrings."""

import doctest
import importlib
import pkgutil
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import flaglift
from update_readme import README, generated

ROOT = README.parent
MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(flaglift.__path__, "flaglift.")
    # Spark is in another environment, where tests/spark run; its module has no examples.
    if module.name not in ("flaglift.__main__", "flaglift.columns.spark")
)
TEXT = README.read_text(encoding="utf-8")


def test_the_table_of_rules_is_current() -> None:
    assert generated(TEXT) == TEXT, "run `make readme`"


@pytest.mark.parametrize("name", ["flaglift", *MODULES])
def test_the_examples_of_docstrings_run(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name))
    assert results.failed == 0


def test_public_verbs_have_examples() -> None:
    for name in ("fix", "lint", "lower", "parse", "translate", "translate_keyframes"):
        assert ">>>" in (getattr(flaglift, name).__doc__ or ""), name


def test_the_library_example_runs_and_prints_what_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out.splitlines()
    said = re.findall(r"print\(.*\)  # (.*)", code)
    assert said
    for line in said:
        assert line in printed


@pytest.mark.parametrize("session", re.findall(r"```console\n(.*?)```", TEXT, re.DOTALL))
def test_console_examples_print_what_they_show(session: str) -> None:
    command, _, shown = session.removeprefix("$ ").partition("\n")
    words = shlex.split(command)
    assert words.pop(0) == "flaglift"
    command_line = [sys.executable, "-m", "flaglift", *words]
    done = subprocess.run(command_line, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == shown


def test_the_settings_example_is_valid(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(example)
    settings = flaglift.read_config(tmp_path / "pyproject.toml")
    assert settings.default_model == "kling25"
    keys = re.findall(r"^([a-z-]+) =", example, re.MULTILINE)
    assert {key.replace("-", "_") for key in keys} == set(settings.__dataclass_fields__)


@pytest.mark.parametrize("document", ["README.md", "CHANGELOG.md", "grammar/DIALECT.md"])
def test_links_inside_the_repository_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert ((ROOT / document).parent / target).exists(), target
    for path in re.findall(r"`((?:src|tests|examples|grammar)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


def test_the_grammar_cites_sections_that_exist() -> None:
    dialect = (ROOT / "grammar" / "DIALECT.md").read_text(encoding="utf-8")
    sections = set(re.findall(r"^(?:## )?(\d(?:\.\d+)?)\b", dialect, re.MULTILINE))
    cited: set[str] = set()
    for path in [ROOT / "grammar/legacy_video.lark", *(ROOT / "src").rglob("*.py")]:
        text = path.read_text(encoding="utf-8")
        cited |= set(re.findall(r"[Dd]ialect sections? (\d\.\d+)", text))
        cited |= set(re.findall(r"\((\d\.\d+)\)", text)) if "syntax" in path.parts else set()
        cited |= set(re.findall(r"// (\d\.\d+)", text))
    assert cited <= sections, cited - sections
