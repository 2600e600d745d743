"""Files that are dropped on the playground get the answers of the command line."""

import json
import random
from pathlib import Path

import pytest
from playwright.sync_api import expect

from flaglift import lint, translate
from playground.chromium import SECONDS, Playground
from running import flaglift
from strategies import PIECES, READABLE, WORDS, join

GENERATED = 2000


def generated() -> list[str]:
    """Return prompts of one line each, right and wrong ones."""
    chance = random.Random(20260820)  # noqa: S311 (the same ones each time)
    fragments = (READABLE, WORDS, PIECES)
    texts = (
        join(chance.choice(fragments), chance.randbytes(chance.randrange(2, 9)))
        for _ in range(GENERATED * 3)
    )
    lines = (" ".join(text.split("\n")).replace("\r", " ").strip() for text in texts)
    # A file with a NUL is taken for a binary one.
    return [line for line in lines if line and "\0" not in line][:GENERATED]


def dropped(playground: Playground, *files: Path) -> None:
    """Choose files, and wait until they are read."""
    page = playground.page
    page.set_input_files("#file", [str(file) for file in files])
    page.wait_for_function(
        "count => document.querySelectorAll('#results article summary').length === count",
        arg=len(files),
        timeout=SECONDS,
    )


@pytest.fixture(autouse=True)
def no_results(playground: Playground) -> None:
    playground.page.evaluate("document.getElementById('results').replaceChildren()")


@pytest.mark.no_cover
def test_two_thousand_prompts_are_answered_as_on_the_command_line(
    playground: Playground, tmp_path: Path
) -> None:
    prompts = generated()
    assert len(prompts) == GENERATED
    text = tmp_path / "p.txt"
    text.write_text("\n".join(prompts) + "\n", encoding="utf-8")
    records = tmp_path / "p.jsonl"
    records.write_text(
        "".join(json.dumps({"text": prompt}) + "\n" for prompt in prompts), encoding="utf-8"
    )
    dropped(playground, text, records)
    checked = json.loads(playground.saved("Download the findings"))
    options = ["--lines", "--isolated", "--output-format", "json"]
    expected = json.loads(flaglift("check", text, *options).stdout)
    assert len(expected) > GENERATED / 2
    assert checked == [{**each, "path": "p.txt"} for each in expected]
    modern = tmp_path / "modern.jsonl"
    done = flaglift("migrate", "apply", records, "--to", modern, "--isolated", "--quiet")
    assert done.returncode == 1, done.stderr
    assert playground.saved("Download the result") == modern.read_bytes()
    # And those of the text box.
    playground.write(text.read_text(encoding="utf-8")).surveyed()
    answers = playground.saved("Download the answers").decode().splitlines()
    assert len(answers) == GENERATED
    for prompt, answer in zip(prompts, answers, strict=True):
        assert json.loads(answer) == {"prompt": prompt, **translate(prompt).to_dict()}
    assert playground.codes == [each.code for each in lint(prompts[-1])]


def test_a_file_s_counts_findings_and_commands(playground: Playground, tmp_path: Path) -> None:
    table = tmp_path / "p.csv"
    table.write_text('id,prompt\n1,a cat --video --video_model kling25\n2,"a "" --video"\n')
    page = playground.page
    page.fill("#column", "prompt")
    page.select_option("#fixes", "unsafe")
    dropped(playground, table)
    result = page.locator("#results article").first
    rows = dict(zip(result.locator("th").all_inner_texts(), result.locator("td").all_inner_texts(),
                    strict=True))  # fmt: skip
    assert (rows["records"], rows["translated"]) == ("2", "1")
    assert rows["FL101 unclosed-quote"] == "1"
    expect(result).to_contain_text("kling25 (1)")
    result.locator("summary").click()
    command = result.locator("pre").inner_text().splitlines()[0]
    assert command.startswith("flaglift migrate plan p.csv --text-column prompt --fix --unsafe")
    assert b"kling25" in playground.saved("Download the result")
    assert b"<html" in playground.saved("Download the report")
    assert b"FL101" in playground.saved("Download what was refused")
    page.fill("#column", "text")
    page.set_input_files("#file", [str(table)])
    expect(page.locator("#results .problem")).to_contain_text("text", timeout=SECONDS)
    page.select_option("#fixes", "")


def test_a_file_is_dropped_on_the_text_box(playground: Playground) -> None:
    page = playground.page
    before = playground.text
    page.evaluate(
        """() => {
        const transfer = new DataTransfer();
        transfer.items.add(new File(["a cat --video --video_model kling25\\n"], "d.txt"));
        const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
        document.querySelector(".cm-content").dispatchEvent(new DragEvent("drop", init));
        }"""
    )
    expect(page.locator("#results h3")).to_have_text("d.txt")
    expect(page.locator("#results")).to_contain_text("prompts with flags", timeout=SECONDS)
    assert playground.text == before


def test_reading_can_be_stopped(playground: Playground, tmp_path: Path) -> None:
    large = tmp_path / "large.jsonl"
    large.write_text('{"text":"a cat --video --video_model kling25"}\n' * 200_000)
    page = playground.page
    page.set_input_files("#file", [str(large)])
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#results .problem")).to_have_text("stopped", timeout=SECONDS)
    playground.ready().write("a dog --video --video_model kling25")
    assert playground.fields("request")["text"] == "a dog"


def test_reading_can_be_stopped_before_the_file_is_in_memory(
    playground: Playground, tmp_path: Path
) -> None:
    page = playground.page
    page.evaluate(
        """() => {
        const read = File.prototype.arrayBuffer;
        File.prototype.arrayBuffer = async function () {
          await new Promise((resolve) => { window.goOn = resolve; });
          File.prototype.arrayBuffer = read;
          return read.call(this);
        };
        }"""
    )
    (tmp_path / "p.txt").write_text("a cat --video --video_model kling25\n")
    page.set_input_files("#file", [str(tmp_path / "p.txt")])
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#results .problem")).to_have_text("stopped")
    page.evaluate("window.goOn()")
    playground.ready().write("a dog --video --video_model kling25")
    assert playground.fields("request")["text"] == "a dog"
    expect(page.locator("#results .problem")).to_have_text("stopped")


def test_a_file_that_the_browser_cannot_read_is_named(
    playground: Playground, tmp_path: Path
) -> None:
    page = playground.page
    (tmp_path / "p.txt").write_text("a cat --video --video_model kling25\n")
    page.evaluate(
        """() => {
        const read = File.prototype.arrayBuffer;
        File.prototype.arrayBuffer = async () => {
          File.prototype.arrayBuffer = read;
          throw new DOMException("it is gone", "NotFoundError");
        };
        }"""
    )
    page.set_input_files("#file", [str(tmp_path / "p.txt")])
    expect(page.locator("#results h3")).to_have_text("p.txt")
    expect(page.locator("#results .problem")).to_contain_text("cannot read it: NotFoundError")


def test_a_file_that_is_too_large_is_not_read(playground: Playground) -> None:
    playground.page.evaluate(
        """() => {
        const transfer = new DataTransfer();
        const file = new File(["a"], "huge.jsonl");
        Object.defineProperty(file, "size", { value: 201 * 2 ** 20 });
        transfer.items.add(file);
        const init = { dataTransfer: transfer, bubbles: true, cancelable: true };
        Object.defineProperty(transfer, "files", { value: [file] });
        document.body.dispatchEvent(new DragEvent("drop", init));
        }"""
    )
    expect(playground.page.locator("#results .problem")).to_contain_text("the command line")
