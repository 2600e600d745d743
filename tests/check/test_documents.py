"""What the documentation says about repositories is true."""

import re
from pathlib import Path

import yaml

from flaglift.check.directives import Reach
from flaglift.cli.check import FORMATS
from picture import PICTURE, ROOT, shown, words

PAGE = (ROOT / "docs" / "how-to" / "repository.md").read_text(encoding="utf-8")
SECTION = PAGE.split("## In a repository\n")[1].split("\n## ")[0]


def test_the_picture_shows_what_the_command_prints() -> None:
    printed = "".join(re.sub(r"\x1b\[[\d;]*m", "", shown()).split())
    assert words(PICTURE.read_text(encoding="utf-8")) == printed, "run `make readme`"
    assert "http" not in PICTURE.read_text().replace("http://www.w3.org/2000/svg", "").replace(
        "https://www.textualize.io", ""
    )


def test_the_snippet_comes_first_and_names_hooks_that_there_are() -> None:
    assert SECTION.index("```yaml") < SECTION.index("![")
    (snippet,) = re.findall(r"```yaml\n(.*?)```", SECTION, re.DOTALL)
    (repository,) = yaml.safe_load(snippet)["repos"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["flaglift", "flaglift-fix"]
    assert {hook["id"] for hook in repository["hooks"]} <= {hook["id"] for hook in hooks}
    assert "flaglift-fix" in snippet


def test_every_form_of_suppression_is_named() -> None:
    assert set(re.findall(r"([a-z-]+)\[", SECTION)) >= {reach.value for reach in Reach}


def test_every_format_is_named() -> None:
    row = next(line for line in SECTION.splitlines() if "--output-format" in line)
    assert re.findall(r"`([a-z]+)`", row) == [*FORMATS[2:]]


def test_the_examples_are_there() -> None:
    names = {path.name for path in Path(ROOT, "examples", "project").iterdir()}
    assert names == {"client.py", "page.md", "prompts.json"}
