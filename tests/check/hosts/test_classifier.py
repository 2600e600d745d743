"""Is it a prompt? The corpora of prompts and of look-alikes, for every host."""

import json
import re
from pathlib import Path

import pytest

from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.registry import NAMES, host_named
from lossless.timing import with_effort

CORPORA = Path(__file__).parents[2] / "corpora" / "hosts"


@pytest.mark.parametrize("name", NAMES)
def test_every_prompt_is_taken(name: str) -> None:
    data = (CORPORA / "prompts" / f"{name}.txt").read_bytes()
    found = candidates(data, host_named(name))
    taken = [literal.text for literal, decision in found if decision.taken]
    numbers = [re.findall(r"\bP\d+\b", text) for text in taken]
    expected = len(set(re.findall(rb"\bP\d+\b", data)))
    assert numbers == [[f"P{number}"] for number in range(1, expected + 1)]


@pytest.mark.parametrize("name", NAMES)
def test_no_lookalike_is_taken(name: str) -> None:
    data = (CORPORA / "lookalikes" / f"{name}.txt").read_bytes()
    found = candidates(data, host_named(name))
    assert found
    assert [(literal.text, decision) for literal, decision in found if decision.taken] == []


P = "a cat --video --video_model kling25 --duration 7"
BEGINNINGS = {
    "python": ("x = (\n", "?help\n", "foo bar baz\n", "'a' x\n"),
    "javascript": ("?x\n", "let x = (\n", "a b\n"),
    "tsx": ("let x = (\n",),
    "ruby": ("def f(\n", ")\n"),
    "php": ("<?php\n?x;\n", "<?php x y z;\n"),
    "go": ("?x\n", "func f( {\n", "`a` x\n"),
    "bash": (")\n", "if\n", "fi\n"),
}


@pytest.mark.parametrize("name", BEGINNINGS)
def test_no_lookalike_is_taken_after_an_error(name: str) -> None:
    for beginning in BEGINNINGS[name]:
        data = beginning.encode() + (CORPORA / "lookalikes" / f"{name}.txt").read_bytes()
        found = candidates(data, host_named(name))
        assert found
        assert [literal.text for literal, decision in found if decision.taken] == []


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", f"?gen '{P}'\n"),
        ("python", f"/f '{P}'\n"),
        ("python", f"x = 1\n'{P}' x\n"),
        ("python", f"x = 1\n'{P}' x\ny = (\n"),
        ("python", f"gen : '{P}' }}\n"),
        ("python", f"x = (\n\n'{P}'\n"),
        ("ruby", f"?gen '{P}'\n"),
        ("ruby", f"def f(\n  '{P}'\nend\n"),
        ("ruby", f'{{"{P}": gen\n'),
        ("javascript", f"?gen '{P}'\n"),
        ("javascript", f"'{P}'}}\n"),
        ("javascript", f", ('{P}' = gen\n"),
        ("php", f"<?php\ngen '{P}';\n"),
        ("php", f"<?php\n = `'{P}'` `;\n"),
        ("go", f'package x\n/f "{P}"\n'),
        ("go", f"package x\n`{P}` x\n"),
        ("go", f"package x\nfunc f() {{ gen `{P}` }}\n"),
        ("javascript", f"f(prompt[text', '{P}')\n"),  # a subscript, for the parser
        ("bash", f") '{P}'\n"),
        ("bash", f"'{P}'<\n"),
        ("bash", f"prompts=\n  '{P}'\n"),  # which the parser takes for a command's name
        ("notebook", json.dumps({"cells": [{"cell_type": "code", "source": [f"?gen '{P}'"]}]})),
    ],
)
def test_a_prompt_in_a_statement_that_does_not_parse_is_taken_and_not_edited(
    name: str, source: str
) -> None:
    ((literal, decision),) = candidates(source.encode(), host_named(name))
    assert (literal.text, decision.taken, literal.is_broken) == (P, True, True)
    assert literal.locked


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("a cat [--video --video_model kling25 --duration 7", True),  # a bracket too many
        ("a cat [--video] --video_model kling25 --duration 7", False),
        ("a cat [--video [--video_model kling25]] --duration 7", False),
        ("a cat [--video |\n --video_model kling25] --duration 7", False),
    ],
)
def test_options_in_brackets_are_those_of_a_usage(text: str, *, taken: bool) -> None:
    ((_, decision),) = candidates(f"x = {text!r}\n".encode(), host_named("python"))
    assert decision.taken is taken


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("python", f"x = 1; '{P}'; y = 2\n\n)\n"),
        ("python", f"def f():\n    '{P}'\n\n)\n"),
        ("javascript", f"let x = 1\n'{P}'; f()\n\n)\n"),
        ("ruby", f"x = {{'{P}' => 1}}\n\n)\n"),
    ],
)
def test_the_place_of_a_text_counts_where_only_later_lines_do_not_parse(
    name: str, source: str
) -> None:
    ((literal, decision),) = candidates(source.encode(), host_named(name))
    assert (literal.text, decision.taken, literal.is_broken) == (P, False, False)


@pytest.mark.parametrize(
    "run",
    ["-" * 100_000, "--a" + "-a" * 50_000, "--video=" * 12_000, "--video a" * 12_000,
     "--a " + " " * 100_000, "[--" * 30_000, "--video_model A" * 8_000, "use " * 25_000,
     "--video" + " " * 100_000 + "x", "A=" * 50_000, "<%=" * 30_000, "{a" * 50_000],
)  # fmt: skip
@pytest.mark.no_cover
def test_the_evidence_of_a_long_run_is_gathered_in_linear_time(run: str) -> None:
    data = ("a cat --video --video_model kling25 " + run).encode()
    ((_, decision),), effort = with_effort(lambda: candidates(data, host_named("whole")))
    assert effort < 60
    assert decision.reasons
