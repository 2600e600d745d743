"""What the documents say is true: tables, examples, links, docstrings."""

import doctest
import importlib
import re
from pathlib import Path

import pytest

import flaglift

ROOT = Path(__file__).parents[1]
DOCUMENTS = [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "grammar/DIALECT.md",
    *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/*/*.md"))),
    *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("docs/*.md"))),
]
"""Pages that people read in the repository; those that are generated are checked in the site."""
SOURCE = ROOT / "src"
WITH_EXAMPLES = [
    ".".join(path.relative_to(SOURCE).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted(SOURCE.rglob("*.py"))
    if ">>>" in path.read_text(encoding="utf-8")
]


@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_the_examples_of_docstrings_run(name: str) -> None:
    tried = doctest.testmod(importlib.import_module(name))
    assert tried.attempted
    assert not tried.failed


def test_public_verbs_have_examples() -> None:
    for name in ("fix", "lint", "lower", "parse", "translate", "translate_keyframes"):
        assert ">>>" in (getattr(flaglift, name).__doc__ or ""), name


def test_the_settings_example_is_valid(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "settings.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "pyproject.toml").write_text(example)
    settings = flaglift.read_config(tmp_path / "pyproject.toml")
    assert settings.default_model == "kling25"
    keys = re.findall(r"^([a-z-]+) =", example, re.MULTILINE)
    assert {key.replace("-", "_") for key in keys} == set(settings.__dataclass_fields__)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_inside_the_repository_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target and "/generated/" not in target:
            assert ((ROOT / document).parent / target).exists(), target
    for path in re.findall(r"`((?:src|tests|examples|grammar)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


def test_the_readme_is_short_and_names_no_tag_that_does_not_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 120
    assert not re.search(r"\bv\d+\.\d+", text)
    assert "'flaglift[" not in text  # there is no such project to install from


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
