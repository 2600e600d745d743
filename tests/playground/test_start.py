"""How the playground starts, and what it says where it cannot."""

import gzip
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Route, expect

import peers
from docs.test_site import Page as LinkedPage
from docs.test_site import dead_links
from playground.chromium import SECONDS, SWITCHES, Playground, Served

NONE = "default-src 'none'"
SENT = 11_000_000
"""Bytes that are loaded once from a server that compresses; the site says so."""


@pytest.fixture
def page(browser: Browser, served: Served) -> Page:
    """A page that nothing is in the cache of."""
    served.asked.clear()
    served.headers.clear()
    served.types.clear()
    return browser.new_context().new_page()


def test_cold_it_asks_for_its_own_files_only_and_the_text_box_works_meanwhile(
    page: Page, served: Served
) -> None:
    elsewhere: list[str] = []
    own = served.url.removesuffix("playground/")
    page.on("request", lambda sent: None if own in sent.url else elsewhere.append(sent.url))
    playground = Playground.opened(page, served.url)
    page.focus(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type("a cat --video --video_model kling25")
    assert page.get_attribute("#status", "data-state") == "loading"
    playground.ready()
    assert playground.fields("request")["text"] == "a cat"
    assert [each for each in elsewhere if not each.startswith(("blob:", "data:"))] == []
    folders = {asked.split("/")[2] for asked in served.asked}
    assert len(folders) == 2  # the page, and the folder of this build
    assert playground.complaints == []
    page.context.close()


def test_neither_the_page_nor_python_can_connect_to_another_server(
    page: Page, served: Served
) -> None:
    playground = Playground.opened(page, served.url).ready()
    # The same server at another port is another server to the policy.
    address = re.sub(r":\d+/.*", ":1/", served.url)
    blocked = "url => fetch(url).then(() => 'sent', error => String(error))"
    assert page.evaluate(blocked, address) == "TypeError: Failed to fetch"
    (worker,) = page.workers
    assert worker.evaluate(blocked, address) == "TypeError: Failed to fetch"
    refused = [said for said in playground.complaints if "Content Security Policy" in said]
    assert len(refused) >= 2, playground.complaints
    assert page.evaluate("() => { try { return eval('1') } catch (e) { return e.name } }")
    page.context.close()


def test_cached_it_asks_for_the_page_only(
    site: Path, served: Served, tmp_path: Path, browser: Browser
) -> None:
    """A profile on the disk keeps the files, as that of a user does."""
    served.headers["Cache-Control"] = "max-age=3600"
    context = browser.browser_type.launch_persistent_context(
        tmp_path / "profile", executable_path=peers.program("chromium"), args=list(SWITCHES)
    )
    page = context.new_page()
    first = Playground.opened(page, served.url).ready()
    served.asked.clear()
    page.close()
    again = Playground.opened(context.new_page(), served.url).ready()
    assert [asked for asked in served.asked if not asked.endswith("/playground/")] == []
    assert first.complaints == again.complaints == []
    context.close()
    served.headers.clear()


@pytest.mark.parametrize(
    ("ending", "sent", "says"),
    [
        (".mjs", "application/octet-stream", "pyodide.mjs: the server sends it as application/oct"),
        ("worker.js", "text/plain", "worker.js: the server sends it as text/plain"),
    ],
)
def test_scripts_of_a_wrong_type(
    page: Page, served: Served, ending: str, sent: str, says: str
) -> None:
    served.types[ending] = sent
    Playground.opened(page, served.url)
    expect(page.locator("#trouble")).to_contain_text(says, timeout=SECONDS)
    expect(page.locator("#stage")).to_have_text("Not running")
    page.context.close()


def test_webassembly_of_a_wrong_type(page: Page, served: Served) -> None:
    """Python may start all the same, or hang without a word; either is told."""
    served.types[".wasm"] = "application/octet-stream"
    page.clock.install()
    Playground.opened(page, served.url)
    page.wait_for_timeout(0)
    started = page.locator("#status[data-state=ready]")
    told = page.locator("#trouble", has_text="not as application/wasm")
    for _ in range(SECONDS // 1000):
        page.clock.fast_forward(16_000)
        if started.count() or told.is_visible():
            break
        page.wait_for_timeout(300)
    assert started.count() or told.is_visible()
    page.context.close()


def test_files_that_are_missing(page: Page, served: Served) -> None:
    page.route("**/*.whl", lambda route: route.fulfill(status=404))
    Playground.opened(page, served.url)
    expect(page.locator("#trouble")).to_contain_text("the server answers 404", timeout=SECONDS)
    page.context.close()


def test_a_policy_without_webassembly(page: Page, served: Served) -> None:
    served.headers["Content-Security-Policy"] = (
        f"{NONE}; script-src 'self'; worker-src 'self' blob:; connect-src 'self';"
        " style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    )
    Playground.opened(page, served.url)
    expect(page.locator("#trouble")).to_contain_text("'wasm-unsafe-eval'", timeout=SECONDS)
    page.context.close()


def test_a_policy_that_allows_what_is_needed(page: Page, served: Served) -> None:
    served.headers["Content-Security-Policy"] = (
        f"{NONE}; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:;"
        " connect-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
    )
    assert Playground.opened(page, served.url).ready().complaints == []
    page.context.close()


def test_a_server_that_says_nothing(page: Page, served: Served) -> None:
    page.clock.install()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/python_stdlib.zip", hold)
    Playground.opened(page, served.url)
    # What comes after this waits for the file that is never sent.
    expect(page.locator("#stage")).to_have_text("Loading Python", timeout=SECONDS)
    page.clock.fast_forward(16_000)
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("Python has not started yet.", timeout=SECONDS)
    expect(trouble).to_contain_text("python_stdlib.zip: the server does not answer.")
    for each in held:
        each.abort()
    page.context.close()


def test_a_server_that_was_only_busy_is_looked_at_again(page: Page, served: Served) -> None:
    page.clock.install()
    busy = True

    def answer(route: Route) -> None:
        if busy and route.request.method == "HEAD":
            route.abort()
        elif route.request.method == "HEAD":
            route.fallback()  # while the file itself is never sent

    page.route("**/python_stdlib.zip", answer)
    Playground.opened(page, served.url)
    expect(page.locator("#stage")).to_have_text("Loading Python", timeout=SECONDS)
    page.clock.fast_forward(16_000)
    trouble = page.locator("#trouble")
    expect(trouble).to_contain_text("the server does not answer.", timeout=SECONDS)
    busy = False
    page.clock.fast_forward(16_000)
    expect(trouble).to_contain_text("The server sends all files as it should.", timeout=SECONDS)
    page.context.close()


def test_what_was_found_out_too_late_is_not_said(page: Page, served: Served) -> None:
    """Python may start while the page still asks why it has not."""
    page.clock.install()
    asked: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "HEAD":
            asked.append(route)
        else:
            route.fallback()

    page.route("**/worker.js", hold)
    opened = Playground.opened(page, served.url)
    page.clock.fast_forward(16_000)
    page.wait_for_timeout(0)
    opened.ready()
    for route in asked:
        route.abort()
    page.wait_for_timeout(500)
    assert asked
    assert page.locator("#status[data-state=ready]").count() == 1
    page.context.close()


def test_from_a_file_it_says_what_it_needs(page: Page, site: Path) -> None:
    page.goto((site / "playground" / "index.html").as_uri())
    expect(page.locator("#trouble")).to_contain_text("python -m http.server")
    page.context.close()


def test_its_links_lead_somewhere_and_its_copies_hold_what_they_are_copies_of(site: Path) -> None:
    path = site / "playground" / "index.html"
    page = LinkedPage(path)
    assert "../index.html" in page.links
    assert {*dead_links(site, {path: page})} == {"playground/index.html: ../index.html"}  # the site
    files = {each for each in path.parent.rglob("*.*") if each.suffix != ".gz"}
    copies = {each: each.with_name(f"{each.name}.gz") for each in files}
    assert {each.suffix for each in files if not copies[each].exists()} == {".whl", ".zip"}
    held = {each: copy for each, copy in copies.items() if copy.exists()}
    assert all(gzip.decompress(held[each].read_bytes()) == each.read_bytes() for each in held)
    assert sum(held.get(each, each).stat().st_size for each in files) < SENT


def test_without_its_files_the_page_says_so(page: Page, site: Path, tmp_path: Path) -> None:
    alone = tmp_path / "index.html"
    alone.write_bytes((site / "playground" / "index.html").read_bytes())
    page.goto(alone.as_uri())
    expect(page.locator("#trouble")).to_contain_text("make playground")
    page.context.close()


def test_what_was_typed_is_there_after_a_reload(page: Page, served: Served) -> None:
    playground = Playground.opened(page, served.url).ready()
    page.focus(".cm-content")
    page.keyboard.press("Control+a")
    page.keyboard.type("a dog --video")
    page.select_option("#form", "whole")
    playground.becomes("a dog --video")
    page.reload()
    expect(page.locator(".cm-content")).to_have_text("a dog --video")
    assert page.input_value("#form") == "whole"
    page.goto(f"{served.url}#prompt=a%20bird&form=blocks")
    page.reload()
    expect(page.locator(".cm-content")).to_have_text("a bird")
    assert page.input_value("#form") == "blocks"
    page.context.close()
