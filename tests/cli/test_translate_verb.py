"""`flaglift translate`: what other programs rely on, and what people read."""

import json
from pathlib import Path
from typing import Any

import pytest

import flaglift as library
from running import flaglift, process

SEED = (
    "ohwx woman on a ridge --video --video_model seedance_v15_720p --duration 5"
    ' --video_prompt "she smiles"'
)
FIELDS = {
    "text": "ohwx woman on a ridge",
    "video_model": "seedance_v15_720p",
    "video_prompt": "she smiles",
    "video_duration": 5,
}
REFUSED = 'a 6" heel --video --video_model kling25'
UNCHANGED = "a cat, nothing else"
FRAMES = (
    "a cat --video --video_model kling25 --video_prompt yawn\r\n---\r\n"
    "a dog --video --video_model kling25 --video_prompt bark"
)


def translated(*args: str, stdin: str = "") -> Any:
    return json.loads(flaglift("translate", "--format", "json", *args, stdin=stdin).stdout)


def test_the_json_contract() -> None:
    run = flaglift("translate", "--format", "json", SEED + " --duration 7")
    document = json.loads(run.stdout)
    assert run.returncode == 0
    assert run.stderr == ""
    assert list(document) == ["status", "fields", "diagnostics"]
    assert document["status"] == "translated"
    assert document["fields"] == {**FIELDS, "video_duration": 7}
    assert [type(value) for value in document["fields"].values()] == [str, str, str, int]
    keys = ["code", "rule", "severity", "message", "start", "end", "fix"]
    for finding in document["diagnostics"]:
        assert list(finding) == keys
        assert finding["severity"] in ("error", "warning", "info")
        assert 0 <= finding["start"] <= finding["end"] <= len(SEED + " --duration 7")
        if finding["fix"]:
            assert list(finding["fix"]) == ["title", "applicability", "edits"]
            assert finding["fix"]["applicability"] in ("safe", "unsafe", "display-only")
            assert all(list(e) == ["start", "end", "content"] for e in finding["fix"]["edits"])
    repeated = next(f for f in document["diagnostics"] if f["code"] == "FL104")
    assert (repeated["rule"], repeated["severity"]) == ("repeated-flag", "warning")
    assert repeated["fix"]["applicability"] == "safe"


@pytest.mark.parametrize("text", [SEED, REFUSED, UNCHANGED, SEED + " --duration 99", ""])
def test_python_has_the_same_names(text: str) -> None:
    document = translated("--", text)
    translation = library.translate(text)
    assert document["status"] == translation.status
    assert document["fields"] == translation.fields.model_dump(exclude_none=True)
    assert document["diagnostics"] == [finding.to_dict() for finding in translation.diagnostics]


@pytest.mark.parametrize(
    ("text", "status", "code"),
    [(SEED, "translated", 0), (UNCHANGED, "unchanged", 0), (REFUSED, "refused", 1)],
)
@pytest.mark.parametrize("form", ["text", "json", "form", "curl", "python"])
def test_only_a_refusal_exits_with_1(text: str, status: str, code: int, form: str) -> None:
    run = flaglift("translate", "--format", form, text)
    assert run.returncode == code
    if form == "json":
        assert json.loads(run.stdout)["status"] == status
    if status != "translated" and form != "json":
        assert (status == "refused") == ("refused: nothing was translated" in run.stderr)
        assert (run.stdout == "") == (status == "refused" or form == "text")


def test_what_is_not_translated_comes_back_as_it_was() -> None:
    for text in (REFUSED, UNCHANGED):
        assert translated(text)["fields"] == {"text": text}


def test_a_refusal_says_why_and_where() -> None:
    run = flaglift("translate", REFUSED)
    assert run.stdout == ""
    lines = run.stderr.splitlines()
    assert lines[:3] == ["prompt:1:4", f"  │ {REFUSED}", "  │    ^"]
    assert lines[3].startswith("  1:4 error FL101 unclosed-quote: ")
    assert lines[4].startswith("    = fix (unsafe): ")
    assert lines[-1] == "refused: nothing was translated, for the reasons above"
    assert flaglift("translate", UNCHANGED).stderr.startswith("unchanged: no flags")


def test_people_read_fields_and_a_price() -> None:
    run = flaglift("translate", SEED)
    assert run.stderr == ""
    assert run.stdout.splitlines() == [
        "text            ohwx woman on a ridge",
        "video_model     seedance_v15_720p",
        "video_prompt    she smiles",
        "video_duration  5",
        "price           14 ¢",
    ]


def test_several_lines_and_control_characters_in_a_field_stay_readable() -> None:
    text = 'a\r\nb\x1b[31m\tc --video --video_model kling25 --video_prompt "x\ny"\nvideo_audio=true'
    lines = flaglift("translate", text).stdout.splitlines()
    assert lines[:2] == ["text          a", "              b·[31m c"]
    assert lines[3:5] == ["video_prompt  x", "              y"]
    assert "video_audio   true" in lines


def test_a_price_that_is_not_known_is_not_shown() -> None:
    run = flaglift("translate", "a --video --video_model wan30_720p --video_prompt b")
    assert run.returncode == 0
    assert "price" not in run.stdout


def test_the_forms_of_a_request() -> None:
    assert flaglift("translate", "--format", "form", SEED).stdout.splitlines() == [
        f"prompt[{name}]={value}" for name, value in FIELDS.items()
    ]
    extra = ["--with", "num_images=1", "--with", "input_video=@clip.mp4", "--with", "seed="]
    shown = flaglift("translate", "--format", "form", *extra, SEED).stdout.splitlines()
    assert shown[0] == "prompt[num_images]=1"
    assert shown[-1] == "prompt[input_video]=@clip.mp4"
    assert not any("[seed]" in line for line in shown)
    shown = flaglift("translate", "--format", "form", *extra, UNCHANGED).stdout.splitlines()
    assert shown[1] == f"prompt[text]={UNCHANGED}"


def test_a_line_of_a_form_holds_no_line_end() -> None:
    text = "a\nb --video --video_model kling25 --video_prompt c"
    run = flaglift("translate", "--format", "form", text)
    assert run.returncode == 2
    assert run.stdout == ""
    assert run.stderr.endswith(
        "flaglift: prompt[text] has several lines; use --format json, curl or python\n"
    )


def test_a_command_holds_no_nul() -> None:
    run = flaglift("translate", "--format", "curl", "-", stdin=f"a\0 {SEED}")
    assert run.returncode == 2
    assert "a NUL character cannot stand in a command" in run.stderr
    run = flaglift("translate", "--format", "python", "-", stdin=f"a\0 {SEED}")
    assert run.returncode == 0
    assert r"a\x00 ohwx" in run.stdout


def test_what_the_request_holds_beside_the_text_counts() -> None:
    motion = "a cat --video --video_model kling30_mc_720p --video_prompt dance"
    assert "FL501" not in flaglift("translate", "--with", "input_video=@a.mp4", motion).stderr
    four = flaglift("translate", "--with", "num_images=4", SEED)
    assert "FL506" in four.stderr
    assert "FL506" not in flaglift("translate", "--with", "num_images=", SEED).stderr


def test_complete_says_that_there_is_nothing_else() -> None:
    text = "--video --video_model kling25 --video_prompt yawn"
    unsure, sure = translated("--", text), translated("--complete", "--", text)
    known = [f["severity"] for f in sure["diagnostics"] if f["code"] == "FL504"]
    assert known == ["error"]
    assert [f["severity"] for f in unsure["diagnostics"] if f["code"] == "FL504"] != known


def test_keyframes() -> None:
    assert flaglift("translate", FRAMES).returncode == 1
    run = flaglift("translate", "--keyframes", "--format", "json", FRAMES)
    assert run.returncode == 0
    assert [frame["fields"]["text"] for frame in json.loads(run.stdout)] == ["a cat", "a dog"]
    lines = flaglift("translate", "--keyframes", FRAMES).stdout.splitlines()
    assert [line for line in lines if line.startswith("keyframe")] == ["keyframe 1", "keyframe 2"]
    shown = flaglift("translate", "--keyframes", "--format", "form", FRAMES).stdout
    first, second = shown.split("\n\n")
    assert first.splitlines()[0] == "prompt[text]=a cat"
    assert second.splitlines()[0] == "prompt[text]=a dog"
    single = flaglift("translate", "--keyframes", "--format", "json", SEED)
    assert [frame["fields"] for frame in json.loads(single.stdout)] == [FIELDS]


def test_one_bad_keyframe_refuses_only_itself() -> None:
    run = flaglift("translate", "--keyframes", "--format", "form", f"{FRAMES} --duration 5s")
    assert run.returncode == 1
    run = flaglift("translate", "--keyframes", FRAMES.replace("--video_model kling25", "", 1))
    assert run.returncode == 1
    assert "a dog" in run.stdout


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_standard_input(end: str) -> None:
    assert translated("-", stdin=f"{SEED}{end}")["fields"] == FIELDS
    assert translated("-", stdin=f"\ufeff{SEED}{end}")["fields"] == FIELDS
    inside = "--video --video_model kling25 a cat"
    assert translated("-", stdin=f"{inside}{end}")["fields"]["text"] == "a cat"
    assert translated("-", stdin=f"a cat{end}")["fields"] == {"text": "a cat"}


def test_a_process_of_its_own() -> None:
    run = process("translate", "--format", "json", "-", stdin=SEED.encode())
    assert run.returncode == 0
    assert json.loads(run.stdout)["fields"] == FIELDS
    assert run.stderr == b""
    assert process("translate", REFUSED).returncode == 1


def test_options_of_the_settings() -> None:
    plain = "a cat --video --video_prompt yawn"
    assert translated(plain)["status"] == "refused"
    assert translated("--default-model", "kling25", plain)["fields"]["video_model"] == "kling25"
    old = "a cat --video --video_model kling25_5s --video_prompt yawn"
    assert translated(old)["status"] == "refused"
    fields = translated("--accept-successors", old)["fields"]
    assert (fields["video_model"], fields["video_duration"]) == ("kling25", 5)
    long = "a cat --video --video_model kling25 --duration 7 --video_prompt yawn"
    assert translated(long)["status"] == "translated"
    assert translated("--strict", long)["status"] == "refused"
    assert translated("--select", "FL402", long)["diagnostics"][0]["code"] == "FL402"
    assert translated("--ignore", "FL0, FL402", "--ignore", "FL6", long)["diagnostics"] == []
    dear = "a cat --video --video_model kling25 --duration 10 --video_prompt yawn"
    for budget, found in (("10", True), ("78", False)):
        codes = [f["code"] for f in translated("--budget", budget, dear)["diagnostics"]]
        assert ("FL801" in codes) == found


def test_an_overlay_adds_a_model(tmp_path: Path) -> None:
    overlay = tmp_path / "models.toml"
    overlay.write_text('[[models]]\nname = "ours"\nbase_cost_cents = 10\nbase_seconds = 5\n')
    text = "a cat --video --video_model ours --video_prompt yawn"
    assert translated(text)["status"] == "refused"
    assert translated("--overlay", str(overlay), text)["status"] == "translated"


def test_a_configuration_that_names_no_rule_is_named(tmp_path: Path) -> None:
    config = tmp_path / "flaglift.toml"
    config.write_text('ignore = ["unclosed-qoute"]')
    run = flaglift("translate", "--config", config, SEED)
    assert run.returncode == 2
    assert run.stderr == (
        f"flaglift: {config}: there is no rule `unclosed-qoute`; did you mean `unclosed-quote`?\n"
    )
