"""Is it a prompt? The corpora of prompts and of look-alikes, for every host."""

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


@pytest.mark.parametrize(
    "run",
    ["-" * 100_000, "--a" + "-a" * 50_000, "--video=" * 12_000, "--video a" * 12_000,
     "--a " + " " * 100_000, "[--" * 30_000, "--video_model A" * 8_000, "use " * 25_000,
     "--video" + " " * 100_000 + "x", "A=" * 50_000, "<%=" * 30_000, "{a" * 50_000],
)  # fmt: skip
def test_the_evidence_of_a_long_run_is_gathered_in_linear_time(run: str) -> None:
    data = ("a cat --video --video_model kling25 " + run).encode()
    ((_, decision),), effort = with_effort(lambda: candidates(data, host_named("whole")))
    assert effort < 60
    assert decision.reasons
