"""What changed between two editions: of the models, and of the prompts that are checked."""

import json
from pathlib import Path

import pytest

from running import flaglift

APRIL, AUGUST = "2026-04-29", "2026-08-20"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_difference_of_two_editions() -> None:
    lines = flaglift("models", "--diff", APRIL, AUGUST).stdout.splitlines()
    assert lines[0] == f"{APRIL} to {AUGUST}"
    assert "+ seedance2_4k: 4–15 s, 660 ¢ for 5 s" in lines
    (price,) = (line for line in lines if line.startswith("~ seedance2_480p: "))
    assert "price 120 ¢ for 5 s → 66 ¢ for 5 s" in price
    back = flaglift("models", "--diff", AUGUST, APRIL).stdout.splitlines()
    assert "- seedance2_4k" in back
    assert (
        flaglift("models", "--diff", APRIL, APRIL).stdout
        == f"{APRIL} to {APRIL}\nnothing changed\n"
    )


def test_the_difference_of_one_model_for_programs() -> None:
    run = flaglift("models", "seedance2_4k", "--diff", APRIL, AUGUST, "--format", "json")
    assert json.loads(run.stdout) == [{"name": "seedance2_4k", "change": "added", "changes": []}]
    run = flaglift("models", "seedance2_480p", "--diff", APRIL, AUGUST, "--format", "json")
    (model,) = json.loads(run.stdout)
    assert ["price", "120 ¢ for 5 s", "66 ¢ for 5 s"] in model["changes"]


def test_only_prompts_that_the_change_touches_are_reported() -> None:
    Path("a.txt").write_text(
        "a cat --video --video_model kling25 --duration 7\n"
        'a dog --video --video_model seedance2_480p --duration 5 --video_prompt "it runs"\n'
        'an ant --video --video_model seedance2_4k --duration 5 --video_prompt "it runs"\n'
    )
    run = flaglift(
        "check", "--since-edition", APRIL, "--edition", AUGUST, "--output-format", "concise"
    )
    lines = run.stdout.splitlines()
    assert run.returncode == 0
    assert [line.split(": ")[0] for line in lines[:2]] == ["a.txt:2:7", "a.txt:3:8"]
    assert "the video costs 66 ¢" in lines[0]
    assert "a.txt:1" not in run.stdout
    assert "3 the same in the other edition" in run.stderr + run.stdout
    back = flaglift(
        "check", "--since-edition", AUGUST, "--edition", APRIL, "--output-format", "concise"
    )
    assert back.returncode == 1
    assert "seedance2_4k" in back.stdout


def test_fixes_are_not_made_at_the_same_time() -> None:
    Path("a.txt").write_text("a cat --video --video_model kling25\n")
    for option in ("--fix", "--diff", "--watch", "-"):
        run = flaglift("check", "--since-edition", APRIL, option)
        assert (run.returncode, "compares two editions" in run.stderr) == (2, True)
