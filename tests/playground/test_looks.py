"""How the playground looks: both themes, narrow and wide, and for those who do not see it."""

import json
from typing import Any, Literal

import pytest
from playwright.sync_api import Page

from playground.chromium import ROOT, Playground

AXE = ROOT / "playground" / "node_modules" / "axe-core" / "axe.min.js"
STATES = ("fine", "broken", "several", "rule")


def show(playground: Playground, state: str) -> None:
    """Bring the page into a state."""
    page = playground.page
    page.eval_on_selector("#settings", "details => { details.open = true }")
    page.eval_on_selector("#rule", "dialog => dialog.close()")
    if state == "fine":
        playground.write('a cat --video --video_model kling25 --duration 5 --video_prompt "it"')
        page.get_by_role("tab", name="curl").click()
    elif state == "broken":
        playground.write('a "cat --video --vid --video --video_model kling52 --duration 7s')
    elif state == "several":
        playground.write("a cat --video --video_model kling25\na dog --video\n" * 40).surveyed()
    else:
        playground.write("a cat --video --video_model kling25 --duration 7")
        page.locator(".finding a", has_text="FL402").click()
        page.wait_for_selector("#rule article")


def violations(page: Page) -> list[str]:
    """Return what axe finds."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[dict[str, Any]] = page.evaluate(
        "axe.run(document, {resultTypes: ['violations']}).then(each => each.violations)"
    )
    return [
        f"{each['id']}: {json.dumps([node['html'][:200] for node in each['nodes'][:3]])}"
        for each in found
    ]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_cut_off_and_axe_finds_nothing(
    playground: Playground, theme: Literal["light", "dark"], width: int
) -> None:
    page = playground.page
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    for state in STATES:
        show(playground, state)
        assert page.evaluate("document.documentElement.scrollWidth") == width, state
        assert violations(page) == [], state
    if width < 900:
        page.keyboard.press("Escape")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.emulate_media(color_scheme="light")


def test_themes_differ(playground: Playground) -> None:
    page = playground.page
    seen = set()
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        seen.add(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    page.emulate_media(color_scheme="light")
    assert len(seen) == 2


def test_no_font_or_script_comes_from_elsewhere() -> None:
    page = (ROOT / "playground" / "index.html").read_text(encoding="utf-8")
    style = (ROOT / "playground" / "style.css").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert "url(" not in style
    assert "@font-face" not in style
