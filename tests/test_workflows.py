"""Ready-made workflows: action, GitLab job, forms and shell completion do what they say."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from peers import program

ROOT = Path(__file__).parents[1]
PROJECT = ROOT / "examples" / "project"
BIN = Path(sys.executable).parent


def read(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def test_the_action_checks_and_writes_sarif(tmp_path: Path) -> None:
    action = read("action.yml")
    assert action["runs"]["using"] == "composite"
    _, install, check, upload = action["runs"]["steps"]
    assert re.search(r'install --quiet "\$ACTION\[hosts\]"', install["run"])
    used = set(re.findall(r"inputs\.(\w+)", json.dumps(action["runs"])))
    assert used == set(action["inputs"])
    # The step itself, with the flaglift of this environment in the place of the installed one.
    (tmp_path / "flaglift").symlink_to(BIN.parent)
    done = subprocess.run(
        [program("bash"), "-eo", "pipefail", "-c", check["run"]],
        env={
            "PATH": "/usr/bin:/bin",
            "RUNNER_TEMP": str(tmp_path),
            "PATHS": str(PROJECT),
            "ARGUMENTS": "--select FL4 --isolated",
            "SARIF": str(tmp_path / "flaglift.sarif"),
            "GITHUB_ACTIONS": "true",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0), done.stderr
    assert done.stdout.count("::error title=flaglift FL4") == 2
    results = json.loads((tmp_path / "flaglift.sarif").read_text())["runs"][0]["results"]
    assert {result["ruleId"] for result in results} == {"FL401", "FL402"}
    assert upload["with"]["sarif_file"] == "${{ inputs.sarif }}"


def test_gitlabs_job_writes_the_report_that_it_names(tmp_path: Path) -> None:
    job = read("flaglift.gitlab-ci.yml")["flaglift"]
    report = job["artifacts"]["reports"]["codequality"]
    install, check = job["script"]
    assert install.startswith("pip install ")
    words = check.split()
    assert words.pop(0) == "flaglift"
    done = subprocess.run(
        [sys.executable, "-m", "flaglift", *words, str(PROJECT)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    assert json.loads((tmp_path / report).read_text())


@pytest.mark.parametrize(
    "path", sorted(path.relative_to(ROOT) for path in (ROOT / ".github").rglob("*.yml")), ids=str
)
def test_forms_and_workflows_can_be_read(path: Path) -> None:
    document = read(str(path))
    if "workflows" in path.parts:
        commands = [
            step["run"]
            for job in document["jobs"].values()
            for step in job["steps"]
            if "run" in step
        ]
        targets = {
            word
            for line in commands
            if line.startswith("make ")
            for word in line.split()[1:]
            if "=" not in word
        }
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)
    elif path.name != "config.yml":
        kinds = {"textarea", "input", "dropdown", "checkboxes", "markdown"}
        assert {field["type"] for field in document["body"]} <= kinds
        assert all(field["attributes"]["label"] for field in document["body"])


COMPLETIONS = {
    # What completes, and a program that prints what Tab offers after `flaglift migrate un`.
    "bash": (
        'eval "$(_FLAGLIFT_COMPLETE=bash_source flaglift)"; COMP_WORDS=(flaglift migrate un); '
        'COMP_CWORD=2; _flaglift_completion flaglift; echo "${COMPREPLY[@]}"'
    ),
    "zsh": (
        "autoload -U compinit; compinit -u -D; "
        'eval "$(_FLAGLIFT_COMPLETE=zsh_source flaglift)"; '
        'compadd() { print -r -- "$@" }; _describe() { print -r -- "${(P)3}" }; '
        "words=(flaglift migrate un); CURRENT=3; _flaglift_completion"
    ),
    "fish": ("_FLAGLIFT_COMPLETE=fish_source flaglift | source; complete -C 'flaglift migrate un'"),
}


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_a_shell_completes_verbs(shell: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [program(shell), "-c", COMPLETIONS[shell]],
        env={"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert "undo" in re.split(r"[\s:]+", done.stdout), done.stderr


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_the_page_on_completion_shows_the_line_that_is_tested(shell: str) -> None:
    page = (ROOT / "docs" / "how-to" / "completion.md").read_text(encoding="utf-8")
    assert f"_FLAGLIFT_COMPLETE={shell}_source flaglift" in page
    assert f"_FLAGLIFT_COMPLETE={shell}_source flaglift" in COMPLETIONS[shell]
