"""What Python answers to the page, without a browser."""

import json
from pathlib import Path
from typing import Any

import answers
import pytest
from answers import Units, answer
from hypothesis import given
from hypothesis import strategies as st

from flaglift import apply_edits, fix, lint, parse, translate
from flaglift.catalog import edition_dates, load_catalog
from flaglift.check.hosts.formats.text import TextForm, prompts
from flaglift.documentation import rule_url
from flaglift.syntax.flags import FlagName
from strategies import prompts as any_prompt

RULE = "FL402"


def ask(method: str, **request: Any) -> dict[str, Any]:
    """Ask as the page does."""
    answered: dict[str, Any] = json.loads(answer(method, json.dumps(request)))
    return answered


def look(text: str, at: int = 0, form: str = "lines", **settings: Any) -> dict[str, Any]:
    return ask("look", text=text, form=form, first=0, last=len(text), at=at, settings=settings)


def units(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def cut(text: str, start: int, end: int) -> str:
    """Return what a browser calls a part of a text."""
    return units(text)[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """Return what a browser makes of a text."""
    for each in sorted(edits, key=lambda each: -each["from"]):
        text = cut(text, 0, each["from"]) + each["insert"] + cut(text, each["to"], len(text) * 2)
    return text


@given(st.text(st.sampled_from("a\n🐈é\ud83d \U0010ffff")))
def test_units(text: str) -> None:
    counted = Units(text)
    for point in range(len(text) + 1):
        before = len(units(text[:point])) // 2
        assert counted.of(point) == before
        assert counted.point(before) == point


@given(any_prompt(), st.sampled_from(list(TextForm)))
def test_the_editor_is_shown_what_the_package_says(text: str, form: TextForm) -> None:
    text = f"🐈 {text}"
    answered = look(text, form=form.value)
    located = prompts(text, form)
    assert answered["count"] == len(located)
    for shown, prompt in zip(answered["shown"], located, strict=True):
        said = lint(prompt.text)
        assert [each["code"] for each in shown["findings"]] == [each.code for each in said]
        for finding, expected in zip(shown["findings"], said, strict=True):
            start = shown["start"]
            marked = cut(text, start + finding["start"], start + finding["end"])
            assert marked == prompt.text[expected.start : expected.end]
            if expected.fix:
                after = edited(prompt.text, finding["fix"]["edits"])
                assert after == apply_edits(prompt.text, expected.fix.edits)
    first = located[0].text
    about = answered["prompt"]
    assert about["status"] == translate(first).status.value
    meant = fix(first, unsafe=True).text
    assert (about["meant"] is None) == (meant == first)
    if about["meant"]:
        assert about["meant"]["text"] == edited(first, [about["meant"]["edit"]]) == meant


def test_colours_are_those_of_the_tree() -> None:
    text = (
        "a <lora:1:1> —video --video --video_model k --duration 5 --vid --style x"
        ' --video_prompt "y" --nobody -- --video\nar=1:1\n'
    )
    shown = look(text, form="whole")["shown"][0]
    coloured: dict[str, list[str]] = {}
    for start, end, kind in shown["tokens"]:
        coloured.setdefault(kind, []).append(text[start:end])
    assert coloured["flag"] == ["--video", "--video_model", "--duration", "--video_prompt"]
    assert coloured["word"] == ["k"]
    assert coloured["number"] == ["5"]
    assert coloured["text"] == ['"y"']
    assert coloured["reference"] == ["<lora:1:1>"]
    assert coloured["setting"] == ["ar=1:1"]
    assert {"—video", "--", "--video"} <= set(coloured["doubt"])


@pytest.mark.parametrize(
    ("text", "title", "says"),
    [
        ("", "An image", "No flag is read."),
        ("a cat", "An image", "No flag is read."),
        ("a --duration 5", "An image", "No flag that is read asks for a video."),
        ('a "b --video', "An image, and no video", "no flag at all"),
        ("a --dur 5 --video --video_model kling25", "Not known for certain", "document"),
        ("a --video --video_model kling25", "A video", ""),
        ("a --video --video_model kling25\n---\nb", "A video", "Keyframes without flags"),
        ("a --video\n---\nb --video", "2 videos, one for each keyframe", ""),
    ],
)
def test_what_the_service_reads(text: str, title: str, says: str) -> None:
    reads = look(text, form="whole")["prompt"]["reads"]
    assert reads["title"] == title
    assert says in reads["says"]
    assert bool(reads["fields"]) == ("video" in title and "no video" not in title)


def test_a_request_that_no_argument_can_hold_says_so() -> None:
    (request,) = look("a\0 --video --video_model kling25", form="whole")["prompt"]["requests"]
    assert request["curl"] == "# a NUL character cannot stand in a command; use another format"
    assert "prompt[text]" in request["python"]


def test_prices() -> None:
    text = "a --video --video_model seedance_v15_720p --duration 4"
    (price,) = look(text)["prompt"]["prices"]
    model = load_catalog().find("seedance_v15_720p").model
    assert model
    assert price["cents"] == "11.2 ¢"
    assert price["seconds"] == 4
    assert price["base"] == "14 ¢ for 5 s"
    assert price["per_second"] == "2.8 ¢"
    assert price["assumed"]
    assert look("a --video --video_model nobody")["prompt"]["prices"] == []
    assert look('a "b --video --video_model kling25')["prompt"]["prices"] == []


def test_settings_that_cannot_be_used_are_answered_with_a_sentence() -> None:
    assert "did you mean `kling25`" in look("a", default_model="kling52")["error"]
    assert "2001-01-01" in look("a", edition="2001-01-01")["error"]


def test_what_it_is() -> None:
    about = ask("about")
    assert about["editions"] == [day.isoformat() for day in edition_dates()]
    assert "kling25" in about["models"]


def test_rule_pages_are_where_the_site_has_them() -> None:
    (finding,) = (
        each
        for each in look("a --video --video_model kling25 --duration 7")["prompt"]["findings"]
        if each["code"] == RULE
    )
    assert rule_url(RULE).endswith(f"/{finding['page']}")


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a --video --video_model x y", "a --video --video_model kling25 y"),
        ("a --video --video_model x --video_model 'x'", None),
        ("a --video y", "a --video --video_model kling25 y"),
        ("a --video_model", "a --video_model kling25"),
        ("a --video_model=", "a --video_model=kling25"),
        ("🐈 cat \nar=1:1\n", "🐈 cat --video --video_model kling25 \nar=1:1\n"),
        ("", "--video --video_model kling25"),
    ],
)
def test_a_chosen_model_is_what_the_prompt_names(text: str, after: str | None) -> None:
    edit = ask("choose", text=text, model="kling25")["edit"]
    result = edited(text, [edit])
    assert translate(result).values.get("video_model") in ("kling25", None)
    assert after in (None, result)
    named = parse(result).segments[0].value(FlagName.VIDEO_MODEL)
    assert named == "kling25"


def test_a_survey_counts_in_steps_and_lists_the_worst() -> None:
    lines = ["a --video --video_model kling25", "b", 'c "d --video', "🐈 --video", ""] * 60
    text = "\n".join(lines)
    first = ask("survey", text=text, form="lines", step=100)
    assert (first["done"], first["total"]) == (100, 240)
    while (last := ask("survey", step=100))["done"] < last["total"]:
        pass
    assert last["statuses"] == {"translated": 60, "unchanged": 60, "refused": 120}
    assert (last["price"], last["priced"]) == ("2340 ¢", 60)
    counted = {each["code"]: each["count"] for each in last["rules"]}
    assert counted["FL101"] == 60
    assert len(last["rows"]) == answers.MOST_ROWS
    row = last["rows"][1]
    assert (row["number"], row["codes"]) == (4, ["FL303"])
    assert cut(text, row["start"], row["start"] + 10) == "🐈 --video"


def test_all_answers_and_all_fixes() -> None:
    text = "🐈 --video --video --video_model kling25 --duration 7\n\nb\r\nc"
    first = text.partition("\n")[0]
    lines = ask("answers", text=text, form="lines")["content"].splitlines()
    assert [json.loads(line)["prompt"] for line in lines] == [
        first,
        "b",
        "c",
    ]
    expected = translate(first).to_dict()
    assert json.loads(lines[0]) == {"prompt": first, **expected}
    safe = ask("fix_all", text=text, form="lines", unsafe=False)["edits"]
    assert edited(text, safe) == text.replace("--video --video ", "--video ")
    every = ask("fix_all", text=text, form="lines", unsafe=True)["edits"]
    assert edited(text, every) == "🐈 --video --video_model kling25 --duration 5\n\nb\r\nc"


def test_models() -> None:
    everything = ask("models", capabilities=[], seconds=None, cents=None)
    assert len(everything["rows"]) == everything["total"] == len(load_catalog().models)
    found = ask("models", capabilities=["first_last_keyframe"], seconds=10, cents=80)["rows"]
    catalog = load_catalog()
    for row in found:
        model = catalog.find(row["name"]).model
        assert model
        assert "first_last_keyframe" in model.capabilities
        price = model.price_cents(10)
        assert price
        assert price <= 80
    skipped = {model.name for model in catalog.models} - {row["name"] for row in found}
    for name in skipped:
        model = catalog.find(name).model
        assert model
        price = model.price_cents(10)
        able = "first_last_keyframe" in model.capabilities
        assert not (able and price is not None and price <= 80)
    old = ask(
        "models", capabilities=[], seconds=None, cents=None, settings={"edition": "2025-04-01"}
    )
    assert old["edition"] == "2025-03-25"
    assert old["capabilities"] == []


def dropped(folder: Path, name: str, content: str, **more: Any) -> dict[str, Any]:
    given = folder / "given"
    given.write_text(content, encoding="utf-8", newline="")
    request = {"name": name, "path": str(given), "options": [], "column": "text", "fixes": ""}
    return ask("file", **{**request, "form": "lines", **more})


LINES = '{"text":"a --video --video_model kling25"}\n{"text":"b \\"c --video"}\n{"text":"d"}\nx\n'


def test_a_jsonl_file_is_migrated(tmp_path: Path) -> None:
    found = dropped(tmp_path, "my prompts.jsonl", LINES)
    assert dict(found["counts"]) == {
        "records": 4,
        "translated": 1,
        "without flags": 1,
        "refused": 1,
        "unreadable": 1,
    }
    result, report, refused = map(Path, found["files"])
    assert result.name == "my prompts.modern.jsonl"
    written = result.read_text(encoding="utf-8").splitlines()
    assert json.loads(written[0]) == translate("a --video --video_model kling25").values
    assert written[1:] == LINES.splitlines()[1:]
    assert "<html" in report.read_text(encoding="utf-8")
    assert '"before"' in refused.read_text(encoding="utf-8")
    assert "flaglift migrate plan 'my prompts.jsonl'" in found["commands"][0]
    assert any("line 4" in sentence for sentence in found["says"])
    assert {each["rule"] for each in found["rules"]} >= {"unclosed-quote", "legacy-syntax"}
    # The next file takes the place of this one.
    again = dropped(
        tmp_path, "-p.csv", "id,prompt\n1,a --video --video_model kling25\n", column="prompt"
    )
    assert not result.exists()
    assert dict(again["counts"])["translated"] == 1
    assert "kling25" in Path(again["files"][0]).read_text(encoding="utf-8")


def test_a_text_file_is_checked_and_fixed(tmp_path: Path) -> None:
    text = "a --video --video --video_model kling25 --duration 7\r\nb\r\n"
    found = dropped(tmp_path, "p.txt", text)
    (findings,) = map(Path, found["files"])
    listed = json.loads(findings.read_text(encoding="utf-8"))
    assert [each["code"] for each in listed] == [
        each.code for each in lint(text.partition("\r")[0])
    ]
    for fixes, line in (("safe", "a --video --video_model kling25 --duration 7"),
                        ("unsafe", "a --video --video_model kling25 --duration 5")):  # fmt: skip
        found = dropped(tmp_path, "p.txt", text, fixes=fixes)
        fixed = Path(found["files"][0])
        assert fixed.name == "p.fixed.txt"
        assert fixed.read_bytes().decode() == f"{line}\r\nb\r\n"
    assert found["commands"][-1] == "flaglift check p.txt --lines --isolated --fix --unsafe-fixes"
    assert dict(found["counts"])["prompts with flags"] == 1


def test_a_file_that_cannot_be_read_is_answered_with_a_sentence(tmp_path: Path) -> None:
    assert "its name must say what it is" in dropped(tmp_path, "p.docx", "a")["error"]
    assert "prompt" in dropped(tmp_path, "p.csv", "prompt\na --video\n")["error"]
    bad = dropped(tmp_path, "p.jsonl", LINES, options=["--default-model", "nobody"])
    assert "no model `nobody`" in bad["error"]
