"""What the documentation says about repositories is true."""

import re
from pathlib import Path

import yaml

from flaglift.check.directives import Reach
from flaglift.check.hosts.registry import NAMES
from flaglift.cli.check import FORMATS
from picture import PICTURE, ROOT, shown, words
from running import flaglift

PAGE = (ROOT / "docs" / "how-to" / "repository.md").read_text(encoding="utf-8")


def test_the_picture_shows_what_the_command_prints() -> None:
    printed = "".join(re.sub(r"\x1b\[[\d;]*m|\x1b\]8;.*?\x1b\\", "", shown()).split())
    assert words(PICTURE.read_text(encoding="utf-8")) == printed, "run `make readme`"
    assert "http" not in PICTURE.read_text().replace("http://www.w3.org/2000/svg", "").replace(
        "https://www.textualize.io", ""
    )


def test_the_snippet_names_hooks_that_there_are() -> None:
    (snippet,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (repository,) = yaml.safe_load(snippet)["repos"]
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert [hook["id"] for hook in hooks] == ["flaglift", "flaglift-fix"]
    assert {hook["id"] for hook in repository["hooks"]} <= {hook["id"] for hook in hooks}
    assert "flaglift-fix" in snippet


def test_every_form_of_suppression_is_named() -> None:
    assert set(re.findall(r"([a-z-]+)\[", PAGE)) >= {reach.value for reach in Reach}


def test_every_format_is_named() -> None:
    row = next(line for line in PAGE.splitlines() if "--output-format" in line)
    assert re.findall(r"`([a-z]+)`", row) == [*FORMATS[2:]]


def test_the_examples_are_there() -> None:
    names = {path.name for path in Path(ROOT, "examples", "project").iterdir()}
    assert names == {"client.py", "page.md", "prompts.json"}


def test_each_example_of_a_kind_has_what_it_shows() -> None:
    run = flaglift("check", "--isolated", "--output-format", "concise", ROOT / "examples" / "kinds")
    assert run.returncode == 1
    found: dict[str, set[tuple[int, str]]] = {}
    for line in run.stdout.splitlines():
        path, number, _, said = line.split(":", 3)
        found.setdefault(Path(path).name, set()).add((int(number), said.split()[1]))
    assert found == {
        "PromptForm.vue": {(9, "FL201"), (9, "FL001"), (9, "FL602")},
        "campaign.ipynb": {
            (10, "FL001"), (22, "FL001"), (22, "FL402"), (35, "FL001"), (35, "FL302"),
        },
        "client.php": {(4, "FL401")},
    }  # fmt: skip


def test_the_page_names_every_kind_that_is_read() -> None:
    said = PAGE.replace("notebooks", "notebook").lower().replace("requests", "http")
    names = set(NAMES) - {"lines", "whole", "blocks", "console", "bash", "tsx"}
    assert all(name in said for name in names)
    assert "`.txt`" in PAGE
    assert "shell" in said
