"""Scripts in YAML: the language that a workflow, a pipeline or a task states for each."""

import pytest

from flaglift.check.hosts.base import Literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.unread import unread

BAD = "ohwx cat --video --video_model kling25 --duration 7"
YAML = host_named("yaml")


def prompts(source: str) -> list[Literal]:
    return [literal for literal, said in candidates(source.encode(), YAML) if said.taken]


def step(*lines: str, around: str = "", runner: str = "ubuntu-latest") -> str:
    """Return a workflow with one step; what is around it stands at its top."""
    first, *others = lines
    rest = "".join(f"        {line}\n" for line in others)
    return f"{around}jobs:\n  run:\n    runs-on: {runner}\n    steps:\n      - {first}\n{rest}"


PYTHON = ("run: |", f"  prompt = f'''{BAD}'''")
BASH = ("run: |", f"  PROMPT='{BAD}'")
OF_PYTHON = "defaults: {run: {shell: python}}\n"
OF_BASH = "defaults:\n  run: {shell: bash, working-directory: a}\n"


MATRIX = "${{{{ matrix.os }}}}\n    strategy: {{matrix: {{{}}}}}"
WINDOWS = [
    "[self-hosted, Windows, x64]",
    "{group: large, labels: windows-8-core}",
    "{group: large, labels: [windows-8-core]}",
    "\n      labels: windows-8-core",
    MATRIX.format("os: [ubuntu-latest, windows-latest]"),
    MATRIX.format("os: [ubuntu-latest], include: [{os: windows-2022}]"),
    MATRIX.format("include: [{name: a}, {os: windows-2022}]"),
    MATRIX.format("os: '${{ fromJSON(inputs.systems) }}'"),
    MATRIX.format("os: [ubuntu-latest], include: '${{ fromJSON(inputs.more) }}'"),
    "${{ matrix.os }}",
    "${{ matrix.os }}\n    strategy: {fail-fast: false}",
    "${{ inputs.system }}",
    "${{ inputs.big && 'windows-8-core' || 'ubuntu-latest' }}",
]
"""What a job runs on that is Windows, or may be."""


@pytest.mark.parametrize(
    ("source", "language"),
    [
        (step(*BASH), "bash"),
        (step(*BASH, "shell: bash -leo pipefail {0}"), "bash"),
        (step(*BASH, "shell: /bin/sh"), "bash"),
        (step(*BASH, "shell: nix develop -c bash {0}"), "bash"),
        (step(*BASH, "shell:"), "bash"),
        (step(*BASH, "shell: bash", around=OF_PYTHON), "bash"),
        (step(*BASH, around=OF_BASH), "bash"),
        (step(*BASH, "shell: bash", runner="windows-latest"), "bash"),
        (step(*BASH, around=OF_BASH, runner="[windows-latest]"), "bash"),
        (step(*BASH, runner="[]"), "bash"),
        (step(*BASH, around="defaults: {}\n"), "bash"),
        (step(*PYTHON, "shell: python"), "python"),
        (step(*PYTHON, "shell: /usr/bin/env python3.11 -u {0}"), "python"),
        (step(*PYTHON, around=OF_PYTHON), "python"),
        (step(*PYTHON, runner="a\n    defaults: {run: {shell: python}}"), "python"),
        (step(*PYTHON, around=OF_PYTHON, runner="windows-2022"), "python"),
        (step("run: |", f"  let p = `{BAD}`", "shell: node {0}"), "javascript"),
        (
            step("uses: actions/github-script@v7", "with:", f"  script: p = `{BAD}`"),
            "javascript",
        ),
        (step("uses: a/run-python-script@v1", f"with: {{script: \"f('{BAD}')\"}}"), "python"),
        (step("uses: a/javascript@v1", f"with: {{script: \"f('{BAD}')\"}}"), "javascript"),
        (step("uses: a/ssh@v1", f"with: {{script: \"P='{BAD}'\"}}"), "bash"),
        (step("uses: a/retry@v1", f"with: {{shell: python, command: \"f('{BAD}')\"}}"), "python"),
        (step("uses: a/ssh-action@v1", "with:", f"  script: P='{BAD}'"), "bash"),
        (step("uses: a/emulator-runner@v2", "with:", f"  script: P='{BAD}'"), "bash"),
        (step(*BASH, runner="[self-hosted, linux]"), "bash"),
        (step(*BASH, runner="{group: large, labels: [ubuntu-22.04]}"), "bash"),
        (step(*BASH, runner="{group: large}"), "bash"),
        (step(*BASH, runner=MATRIX.format("os: [ubuntu-latest, macos-14]")), "bash"),
        (
            step(*BASH, runner=MATRIX.format("include: [{os: macos-14}, {os: ubuntu-24.04}]")),
            "bash",
        ),
        (step(*BASH, runner="${{ inputs.big && 'ubuntu-16' || 'ubuntu-latest' }}"), "bash"),
        (step(*BASH, "shell: bash", runner=MATRIX.format("os: [windows-latest]")), "bash"),
        (f"- task: PythonScript@0\n  inputs:\n    script: p = f'{BAD}'\n", "python"),
        (f"with:\n  script: P='{BAD}'\n", "bash"),
        (f"- script: |\n    #!/usr/bin/env python3\n    p = '{BAD}'\n", "python"),
        (f"- script: |\n    #!/bin/sh -e\n    P='{BAD}'\n", "bash"),
        (f"script: {{command: [python, -u], source: \"f('{BAD}')\"}}\n", "python"),
        (f"run: {{shell: /bin/bash -eo pipefail, command: P='{BAD}'}}\n", "bash"),
        (f"- {{shell: true, command: P='{BAD}'}}\n", "bash"),
        (f"script:\n- P='{BAD}'\n", "bash"),
        (f"scripts:\n  make:\n  - P='{BAD}'\n", "bash"),
    ],
)
def test_a_script_is_read_in_its_language(source: str, language: str) -> None:
    (literal,) = prompts(source)
    assert literal.text == BAD
    assert literal.hosts == ("yaml", language)
    assert not literal.locked
    assert unread(source.encode(), YAML) == []


@pytest.mark.parametrize(
    "source",
    [
        step("run: |", f'  $p = "é" + "{BAD}"', "shell: pwsh"),
        step("run: |", f'  $p = "é" + "{BAD}"', runner="windows-latest"),
        step("run: |", f'  $p = "é" + "{BAD}"', runner="\n    - windows-latest"),
        step("run: |", f'  $p = "é" + "{BAD}"', "shell: ${{ matrix.shell }}"),
        *(step("run: |", f'  $p = "é" + "{BAD}"', runner=runner) for runner in WINDOWS),
        step("uses: a/run-in-app@v1", "with:", "  script: |", f'    $p = "é" + "{BAD}"'),
        step("uses: a/luau-step@v1", f'with: {{command: \'$p = "é" + "{BAD}"\'}}'),
        step("run: |", f'  say "é" . "{BAD}"', "shell: perl {0}"),
        step("run: |", f'  "é" + "{BAD}"', "shell: *shell", around="x: &shell bash\n"),
        f"- task: PowerShell@2\n  inputs:\n    script: |\n      'é' + '{BAD}'\n",
        f"- script: |\n    #!/usr/bin/perl\n    say 'é' . '{BAD}'\n",
    ],
)
def test_a_script_in_another_language_is_said_to_be_unread(source: str) -> None:
    places = unread(source.encode(), YAML)
    starts = [source.encode().index(flag) for flag in (b"--video ", b"--video_model", b"--dur")]
    assert [place.start for place in places] == starts
    assert all(literal.locked for literal in prompts(source))


@pytest.mark.parametrize(
    "source",
    [
        step("run: |", "  render.exe --video a.mp4 --duration 5", "shell: cmd"),
        step("run: |", "  while ($i) { --$video }", "shell: pwsh"),
        step("run: |", "  push @args, '--video', '--duration', 5;", "shell: perl {0}"),
    ],
)
def test_other_programs_flags_in_another_language_are_none(source: str) -> None:
    assert prompts(source) == []
    assert unread(source.encode(), YAML) == []


def test_what_stands_in_a_job_named_like_a_script_is_none() -> None:
    source = step(f"name: {BAD}", f"env: {{PROMPT: '{BAD}'}}", "run: make")
    assert [literal.hosts for literal in prompts(source)] == [("yaml",)] * 2


def test_a_source_elsewhere_is_no_script() -> None:
    (literal,) = prompts(f"a: {{source: '{BAD}', command: [python]}}\n")
    assert literal.hosts == ("yaml",)


@pytest.mark.parametrize("key", ["defaults", "shell", "uses"])
def test_keys_that_say_how_others_are_read_are_not_read_apart(key: str) -> None:
    cuts = YAML.cuts(f"{key}: a\nrun: b\n".encode())  # type: ignore[attr-defined]
    assert cuts == {}
