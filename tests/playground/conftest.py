"""The fixtures of the tests in a browser.

The browser is a module's: as long as it runs, no other test of the process could start an event
loop.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from playground.chromium import Playground, Served, built, chromium, serving


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, which the processes of a run share."""
    base = tmp_path_factory.getbasetemp()
    return built(base.parent if base.name.startswith("popen-") else base)


@pytest.fixture(scope="module")
def served(site: Path) -> Iterator[Served]:
    """The site on a server."""
    with serving(site) as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def loaded(browser: Browser, served: Served) -> Iterator[Playground]:
    """The page, ready; it is loaded once, because that takes the longest."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=served.url)
    yield Playground.opened(context.new_page(), served.url).ready()
    context.close()


@pytest.fixture
def playground(loaded: Playground) -> Iterator[Playground]:
    """The page as it is at first, but for the text; at the end it must have had no trouble."""
    for each in ("edition", "default_model", "budget", "seconds", "cents"):
        loaded.page.eval_on_selector(f"#{each}", "input => { input.value = '' }")
    loaded.page.eval_on_selector_all("input:checked", "all => all.forEach(b => b.checked = false)")
    loaded.page.eval_on_selector("#settings", "details => { details.open = true }")
    loaded.page.eval_on_selector("#rule", "dialog => dialog.close()")
    loaded.page.evaluate("history.replaceState(null, '', location.pathname)")
    loaded.write("a cat --video --video_model kling25")
    loaded.page.get_by_role("tab", name="Fields").click()
    loaded.complaints.clear()
    yield loaded
    assert loaded.complaints == []
