"""Every control of the playground, in a browser."""

import json
import subprocess
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

import peers
from flaglift import lint, translate
from flaglift.rules import RULES
from playground.chromium import SECONDS, Playground, Served

RIGHT = 'a woman --video --video_model seedance_v15_720p --duration 5 --video_prompt "she smiles"'
QUOTE = 'ohwx woman in 6" heels --video --video_model kling25'
SEVERAL = "a cat --video --video_model kling25\na dog --video\n\nplain words\n"


def test_a_prompt_is_coloured_read_translated_and_priced(playground: Playground) -> None:
    playground.write(RIGHT)
    coloured = {
        kind: playground.page.locator(f".tok-{kind}").all_inner_texts()
        for kind in ("flag", "word", "number", "text")
    }
    assert coloured == {
        "flag": ["--video", "--video_model", "--duration", "--video_prompt"],
        "word": ["seedance_v15_720p"],
        "number": ["5"],
        "text": ['"she smiles"'],
    }
    expected = {name: str(value) for name, value in translate(RIGHT).values.items()}
    assert playground.fields("reads") == playground.fields("request") == expected
    assert playground.said("meant") == "The same, as far as flaglift can tell."
    assert playground.said("price").startswith("14 ¢ for 5 seconds of seedance_v15_720p")
    assert "Base price: 14 ¢ for 5 s, so 2.8 ¢ a second" in playground.said("price")


def test_what_is_read_stands_against_what_was_meant(playground: Playground) -> None:
    playground.write(QUOTE)
    assert playground.codes == ["FL101"]
    assert "reads no flag at all" in playground.said("reads")
    assert playground.fields("reads") == {}
    assert "Refused" in playground.said("request")
    meant = QUOTE.replace('"', '\\"')
    assert playground.fields("meant") == translate(meant).values
    playground.page.get_by_role("button", name="Use this text").click()
    playground.settled()
    assert playground.text == meant
    assert playground.fields("reads")["video_model"] == "kling25"
    playground.page.keyboard.press("Control+z")
    playground.settled()
    assert playground.text == QUOTE


def test_one_click_fixes_one_finding(playground: Playground) -> None:
    playground.write("a cat --video --video --video_model kling25 --duration 7")
    assert playground.codes == [each.code for each in lint(playground.text)]
    playground.page.locator(".finding", has_text="FL104").get_by_role("button", name="Fix").click()
    playground.settled()
    assert playground.text == "a cat --video --video_model kling25 --duration 7"
    playground.page.locator(".finding", has_text="FL402").get_by_role("button", name="Fix").click()
    playground.settled()
    assert playground.text == "a cat --video --video_model kling25 --duration 5"


def test_a_rule_s_page_opens_next_to_its_finding(playground: Playground) -> None:
    playground.write("a cat --video --video_model kling25 --duration 7")
    link = playground.page.locator(".finding a", has_text="FL402")
    link.focus()
    playground.page.keyboard.press("Enter")
    dialog = playground.page.locator("#rule")
    expect(dialog).to_contain_text("What the catalog says.")
    assert "elsewhere" not in dialog.inner_text()
    href = dialog.get_by_text("Next").get_attribute("href") or ""
    assert urlsplit(href).path == "/reference/generated/rules/FL401.html"
    playground.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    # A copy that comes without the documentation says so.
    playground.page.locator(".finding a", has_text="FL001").click()
    expect(dialog).to_contain_text("flaglift rule FL001")
    playground.page.get_by_role("button", name="Close").click()
    assert [each for each in playground.complaints if "404" in each] == playground.complaints
    playground.complaints.clear()


def test_the_request_in_each_form_and_copied(playground: Playground) -> None:
    playground.write("it's a cat --video --video_model kling25 --video_prompt 'hm'")
    page = playground.page
    values = translate(playground.text).values
    expected = {
        "Form": "prompt[video_model]=kling25",
        "JSON": json.dumps(values, ensure_ascii=False, indent=2),
        "curl": "--form-string 'prompt[video_model]=kling25'",
        "Python": "'prompt[video_model]': 'kling25'",
    }
    before = "Fields"
    for name, part in expected.items():
        page.get_by_role("tab", name=before).focus()
        before = name
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=name)).to_be_focused()
        expect(page.get_by_role("tab", name=name)).to_have_attribute("aria-selected", "true")
        assert part in page.inner_text("#request-panel")
        page.locator("#request").get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip() == page.inner_text("#request-panel pre").strip()
    page.get_by_role("tab", name="curl").click()
    command = page.inner_text("#request-panel pre").replace("curl -X", "printf '%s\\0' -X")
    shell = [peers.program("sh"), "-c", command]
    done = subprocess.run(shell, capture_output=True, check=True, env={}, text=True)
    assert "prompt[text]=it's a cat" in done.stdout.split("\0")
    page.get_by_role("tab", name="Fields").click()


def test_settings_change_the_answer(playground: Playground) -> None:
    playground.write("a cat --video --video_model kling25_5s")
    assert "FL302" in playground.codes
    page = playground.page
    page.fill("#edition", "2025-10-01")
    playground.settled()
    assert "FL302" not in playground.codes
    page.fill("#edition", "")
    page.check("#accept_successors")
    playground.settled()
    assert playground.fields("request")["video_model"] == "kling25"
    playground.write("a cat --video")
    assert "FL303" in playground.codes
    page.fill("#default_model", "kling25")
    playground.settled()
    assert playground.fields("request")["video_model"] == "kling25"
    page.fill("#budget", "10")
    playground.settled()
    assert "FL801" in playground.codes
    playground.write("a cat --video --duration 7")
    assert playground.fields("request")["video_duration"] == "7"
    page.check("#strict")
    playground.settled()
    assert "Refused" in playground.said("request")
    page.fill("#default_model", "kling52")
    expect(page.locator("#settings-problem")).to_contain_text("did you mean `kling25`?")
    page.fill("#default_model", "")
    page.fill("#edition", "2020-01-01")
    expect(page.locator("#settings-problem")).to_contain_text("2020-01-01")
    page.fill("#edition", "")
    playground.settled()
    expect(page.locator("#settings-problem")).to_be_empty()


def test_examples(playground: Playground) -> None:
    options = playground.page.locator("#example option").all_inner_texts()
    found = {}
    for title in options[1:]:
        playground.page.select_option("#example", label=title)
        found[title] = playground.settled().codes
    assert found["A quote that is never closed"] == ["FL101"]
    assert "FL302" in found["A retired model"]
    assert "FL401" in found["A duration that is not a number"]
    assert all(found.values())
    playground.page.select_option("#example", "Keyframes and settings")
    playground.settled()
    assert playground.page.input_value("#form") == "whole"
    assert "2 videos" in playground.said("reads")
    assert playground.page.locator("#request h3").all_inner_texts() == ["Keyframe 1", "Keyframe 2"]


def test_several_prompts(playground: Playground) -> None:
    playground.write(SEVERAL).surveyed()
    page = playground.page
    assert playground.said("survey-said").startswith(
        "3 prompts: 1 translated, 1 without flags, 1 refused; 39 ¢ for 1 video of known price"
    )
    assert "prompt 3 of 3" in playground.said("which")
    page.locator("#survey tbody button", has_text="2").click()
    playground.settled()
    assert "prompt 2 of 3" in playground.said("which")
    assert playground.codes == [each.code for each in lint("a dog --video")]
    playground.write("a\nb --video\n\nc\n", "blocks").surveyed()
    assert playground.said("survey-said").startswith("2 prompts")
    playground.write("a\n---\nb", "whole")
    expect(page.locator("#several")).to_be_hidden()
    fixable = "a cat --video --video --video_model kling25 --duration 7\n" * 3
    playground.write(fixable).surveyed()
    page.get_by_role("button", name="Apply all safe fixes").click()
    playground.becomes(fixable.replace("--video --video ", "--video "))
    playground.surveyed()
    page.get_by_role("button", name="Apply all fixes").click()
    playground.becomes("a cat --video --video_model kling25 --duration 5\n" * 3)


def test_a_model_is_picked_by_what_it_can_do(playground: Playground) -> None:
    page = playground.page
    playground.write("a cat --video --video_model kling25 --duration 5")
    every = page.locator("#model-table tbody tr")
    page.fill("#seconds", "10")
    page.fill("#cents", "100")
    page.get_by_label("First+last keyframe").check()
    page.wait_for_selector("#model-table[aria-busy=false]")
    expect(page.locator("#model-table caption")).to_contain_text("cheapest first")
    costs = [float(text.split()[0]) for text in every.locator("td:nth-child(3)").all_inner_texts()]
    assert costs == sorted(costs)
    assert costs[-1] <= 100
    assert all("first last keyframe" in text for text in every.all_inner_texts())
    first = every.first.locator("code").inner_text()
    page.get_by_role("button", name=f"Use {first}").click()
    playground.becomes(f"a cat --video --video_model {first} --duration 5")
    playground.write("a cat")
    page.get_by_role("button", name=f"Use {first}").click()
    playground.becomes(f"a cat --video --video_model {first}")
    page.fill("#cents", "0")
    expect(every).to_have_count(0)
    page.get_by_label("First+last keyframe").uncheck()
    page.fill("#cents", "")
    page.fill("#seconds", "")
    page.fill("#edition", "2025-10-27")
    expect(page.locator("#capabilities")).to_be_hidden()
    page.fill("#edition", "")
    expect(page.locator("#capabilities")).to_be_visible()


def test_a_link_carries_everything_in_its_fragment(playground: Playground, served: Served) -> None:
    text = 'a "🐈" & cat #1 + é --video\n\tb=c'
    playground.write(text, "blocks")
    page = playground.page
    page.fill("#budget", "12.5")
    page.fill("#edition", "2026-04-29")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#link-note")).to_contain_text("The link is copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.evaluate("location.href")
    carried = parse_qs(urlsplit(link).fragment, keep_blank_values=True)
    assert carried == {
        "prompt": [text], "form": ["blocks"], "budget": ["12.5"], "edition": ["2026-04-29"]
    }  # fmt: skip
    playground.write("other")
    page.fill("#budget", "")
    page.evaluate("history.replaceState(null, '', location.pathname)")
    served.asked.clear()
    page.evaluate(f"location.href = {json.dumps(link)}")
    expect(page.locator("#budget")).to_have_value("12.5")
    playground.settled()
    assert playground.text == text
    assert page.input_value("#form") == "blocks"
    assert served.asked == []
    playground.write("x" * 3000)
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#link-note")).to_contain_text("characters long")
    page.evaluate("history.replaceState(null, '', location.pathname)")


def test_places_after_signs_of_two_code_units(playground: Playground) -> None:
    text = "👩‍👩‍👧 é🐈 --video --video_model kling25 --duration 7"
    playground.write(text)
    page = playground.page
    assert page.locator(".tok-number").all_inner_texts() == ["7"]
    assert page.locator(".cm-lintRange-error").all_inner_texts() == ["7"]
    page.locator(".finding", has_text="FL402").get_by_role("button", name="Fix").click()
    playground.settled()
    assert playground.text == text.replace("7", "5")


def test_the_newest_of_many_quick_edits_wins(playground: Playground) -> None:
    text = 'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns and sits"'
    playground.write("")
    playground.page.focus(".cm-content")
    edits = text + "x" * (200 - len(text))
    playground.page.keyboard.type(edits)
    for _ in range(200 - len(text)):
        playground.page.keyboard.press("Backspace")
    playground.settled()
    assert playground.text == text
    assert playground.fields("request") == {
        name: str(value) for name, value in translate(text).values.items()
    }


def test_typing_goes_on_while_ten_thousand_prompts_are_read(playground: Playground) -> None:
    examples = [
        example.text for rule in RULES for example in rule.INVALID if "\n" not in example.text
    ]
    lines = [f"{examples[n % len(examples)]}" for n in range(9_999)]
    page = playground.page
    playground.write("\n".join([*lines, ""]))
    page.wait_for_selector("#survey button[disabled]", timeout=SECONDS)  # it is under way
    page.keyboard.type("a cat --video --video_model kling25")
    playground.settled()
    assert playground.fields("request")["text"] == "a cat"
    playground.surveyed()
    counts = [translate(line).status.value for line in lines]
    assert playground.said("survey-said").startswith(
        f"10,000 prompts: {counts.count('translated') + 1:,} translated,"
    )
    assert f"{counts.count('refused'):,} refused" in playground.said("survey-said")
    playground.write("a cat")


def test_the_keyboard_reaches_every_control(playground: Playground) -> None:
    playground.write(SEVERAL).surveyed()
    page = playground.page
    page.evaluate("document.activeElement.blur(); document.body.focus()")
    reached: list[str] = []
    for _ in range(400):
        page.keyboard.press("Tab")
        label = page.evaluate(
            "() => { const a = document.activeElement; if (a.matches('.cm-content'))"
            " { return 'editor' } return a.id || a.textContent.trim() }"
        )
        if label == "editor":  # where Tab stays free to leave
            page.keyboard.press("Escape")
        if reached and label == reached[0]:
            break
        reached.append(label)
    for each in ("form", "example", "link", "editor", "file", "column", "fixes", "seconds", "cents",
                 "tab-fields", "Copy", "Settings", "Documentation", "Apply all fixes"):  # fmt: skip
        assert each in reached, each
