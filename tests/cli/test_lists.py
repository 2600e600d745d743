"""`flaglift parse`, `models` and `rule`: for people and for programs."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from flaglift import load_catalog
from flaglift.rules import RULES
from running import flaglift
from strategies import prompts


def as_json(*args: str) -> Any:
    run = flaglift(*args, "--format", "json")
    assert (run.returncode, run.stderr) == (0, "")
    return json.loads(run.stdout, parse_constant=pytest.fail)


# parse


def test_a_tree() -> None:
    run = flaglift("parse", 'a cat --video --video_prompt "she\nsmiles" --duration=5')
    assert run.returncode == 0
    assert run.stdout.splitlines() == [
        "Prompt",
        "└── Segment 0–54",
        "    ├── Text 0–6 'a cat '",
        "    ├── Flag 6–13 '--video'  name='video'",
        "    ├── Text 13–14 ' '",
        "    ├── Flag 14–41 '--video_prompt \"she\\nsmiles\"'  name='video_prompt'",
        "    │   └── Value 29–41 '\"she\\nsmiles\"'  text='she\\nsmiles' quoting='quoted'",
        "    ├── Text 41–42 ' '",
        "    └── Flag 42–54 '--duration=5'  name='duration'",
        "        └── Value 53–54 '5'  text='5' quoting='none'",
    ]


def test_a_tree_of_everything() -> None:
    text = "a <lora:1:0.5> --vid —video --foo --fill\r\n---\r\nb --video\nar=1:1\n"
    lines = flaglift("parse", text).stdout.splitlines()
    for part in (
        "Abbreviation 15–20 '--vid'  candidates='video' or 'video_model' or 'video_prompt'",
        "UnknownFlag 28–33 '--foo'",
        "OtherFlag 34–40 '--fill'  name='--fill' open=False",
        "├── Separator 42–45 '---'",
        "├── Settings",
        "│   └── Setting 57–64 'ar=1:1\\n'  key='ar' value='1:1'",
        "├── References",
        "│   └── Reference 2–14 '<lora:1:0.5>'  kind='lora' id='1' weight=0.5",
        "└── Looks like a flag, is text",
        "    └── FlagLike 21–27 '—video'  name='video'",
    ):
        assert any(line.endswith(part) for line in lines), part
    unreadable = flaglift("parse", 'a 6" heel --video').stdout
    assert unreadable.startswith("Prompt  (the service reads no flag in it)\n")


def test_a_line_is_as_long_as_it_is() -> None:
    lines = flaglift("parse", "a" * 30_000).stdout.splitlines()
    assert lines[2] == f"    └── Text 0–30000 '{'a' * 30_000}'"


def test_the_tree_as_json() -> None:
    tree = as_json("parse", "a --video <lora:1:nan> <lora:2:inf> <lora:3:0.5>\nseed=5")
    assert tree["readable"] is True
    assert {"FLAG", "VIDEO", "SETTING", "REFERENCE"} <= set(tree["features"])
    assert tree["segments"][0]["nodes"][1] == {
        "type": "Flag",
        "start": 2,
        "end": 9,
        "raw": "--video",
        "name": "video",
        "value": None,
    }
    assert [r["weight"] for r in tree["references"]] == [None, None, 0.5]
    assert tree["settings"][0]["key"] == "seed"
    assert as_json("parse", 'a" --video')["readable"] is False


@given(prompts())
def test_the_json_holds_the_text(text: str) -> None:
    text = text.rstrip("\r")  # with the LF behind it, a CR is the file's line end
    run = flaglift("parse", "--format", "json", "-", stdin=text + "\n")
    tree = json.loads(run.stdout)
    segments = ["".join(node["raw"] for node in s["nodes"]) for s in tree["segments"]]
    separators = [node["raw"] for node in tree["separators"]] + [""]
    settings = [node["raw"] for node in tree["settings"]]
    pairs = zip(segments, separators, strict=True)
    assert "".join([*(part for pair in pairs for part in pair), *settings]) == text
    assert flaglift("parse", "-", stdin=text + "\n").returncode == 0


# models


def test_models_as_json() -> None:
    models = as_json("models")
    catalog = load_catalog()
    assert [model["name"] for model in models] == [model.name for model in catalog.models]
    for model in models:
        assert list(model)[:5] == [
            "name",
            "base_cost_cents",
            "base_seconds",
            "cents_per_second",
            "allowed_seconds",
        ]
        assert isinstance(model["capabilities"], list)
    (kling,) = as_json("models", "kling25", "--edition", "2026-04-29")
    assert kling == {
        "name": "kling25",
        "base_cost_cents": 39,
        "base_seconds": 5,
        "cents_per_second": 7.8,
        "allowed_seconds": [5, 10],
        "default_seconds": 5,
        "capabilities": ["first_last_keyframe"],
        "status": "listed",
        "edition": "2026-04-29",
        "source": kling["source"],
    }
    (named,) = as_json("models", "wan30_720p")
    assert (named["status"], named["allowed_seconds"], named["cents_per_second"]) == (
        "named",
        None,
        None,
    )


def test_models_as_a_table() -> None:
    run = flaglift("models", "kling25")
    assert (run.returncode, run.stderr) == (0, "")
    header, row, empty, source = run.stdout.splitlines()
    assert " ".join(header.split()) == "model durations base price per second capabilities"
    assert " ".join(row.split()) == "kling25 5 or 10 s 39 ¢ for 5 s 7.8 ¢ first last keyframe"
    assert row.index("5 or") == header.index("durations")
    assert empty == ""
    assert source.startswith("Source: ")
    lines = flaglift("models", "--edition", "2026-04-29").stdout.splitlines()
    assert len(lines) == 1 + 43 + 1 + 2
    assert lines[-1] == (
        "Published capability patterns that match no model: wan21_*, wan_fast_*, hailuo*"
    )
    assert all(line == line.rstrip() for line in lines)
    old = flaglift("models", "--edition", "2025-03-25").stdout.splitlines()
    assert old[-1].startswith("Source: ")


def test_models_by_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("models.toml").write_text('[[models]]\nname = "ours"\nbase_cost_cents = 10\n')
    Path("flaglift.toml").write_text('overlay = "models.toml"\n')
    (ours,) = as_json("models", "ours")
    assert ours["base_cost_cents"] == 10
    assert "Source: models.toml" in flaglift("models", "ours").stdout.replace(f"{tmp_path}/", "")
    assert flaglift("models", "--isolated", "ours").returncode == 2


# rule


def test_rules_as_json() -> None:
    rules = as_json("rule")
    assert [rule["code"] for rule in rules] == [rule.code for rule in RULES]
    one = as_json("rule", "FL402")
    assert one in rules
    assert one == as_json("rule", "duration-out-of-range")
    assert list(one) == ["code", "name", "severity", "refuses", "fix", "page"]
    assert (one["name"], one["severity"], one["fix"]) == (
        "duration-out-of-range",
        "error",
        "unsafe",
    )
    assert list(one["page"]) == [
        "What it does",
        "Why",
        "Example",
        "Use instead",
        "Fix safety",
        "Ground",
    ]


def test_rules_as_a_list() -> None:
    lines = flaglift("rule").stdout.splitlines()
    heads = [line for line in lines if not line.startswith(" ")]
    assert [line.split()[:2] for line in heads] == [[rule.code, rule.name] for rule in RULES]
    assert "FL402  duration-out-of-range  (error, fix: unsafe)" in lines
    assert "FL901  unused-suppression  (warning)" in lines
    assert max(map(len, lines)) < 80


@pytest.mark.parametrize("rule", [rule.code for rule in RULES])
def test_every_rule_has_a_page(rule: str) -> None:
    run = flaglift("rule", rule)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith(f"{rule} ")
    assert "\nGround\n  " in run.stdout


# On a terminal.


def on_a_terminal(args: list[str], **variables: str) -> str:
    """Run with a terminal of 80 columns as standard output; return what it was sent."""
    ours, theirs = pty.openpty()
    environment = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    with subprocess.Popen(
        [sys.executable, "-m", "flaglift", *args],
        stdout=theirs,
        stderr=theirs,
        env={**environment, "TERM": "xterm-256color", "COLUMNS": "80", **variables},
    ) as running:
        os.close(theirs)
        sent = b"".join(iter(reader(ours), b""))
        assert running.wait(timeout=60) in (0, 1)
    os.close(ours)
    return sent.decode().replace("\r\n", "\n")


def reader(descriptor: int) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            return os.read(descriptor, 65536)
        except OSError:  # Linux's way of saying that the other end is closed
            return b""

    return read


def test_a_terminal_gets_colours_and_tables_that_fit() -> None:
    assert "\x1b[1m" in on_a_terminal(["rule", "FL402"])
    lines = on_a_terminal(["models"], TERM="dumb").split("\n")
    assert max(map(len, lines[:-4])) <= 100
    assert not any("…" in line for line in lines)
    assert any(line.startswith("seedance_v15_audio_720p ") for line in lines)


def test_a_terminal_does_not_break_what_is_data() -> None:
    text = f"{'a' * 100}\t  b --video --video_model kling25 --video_prompt {'c' * 200}"
    sent = on_a_terminal(["translate", "--format", "form", text])
    assert f"prompt[text]={'a' * 100}\t  b\nprompt[video_model]=kling25\n" in sent
