"""The built playground in a real browser."""

import fcntl
import functools
import http.server
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

import peers

ROOT = Path(__file__).parents[2]
SECONDS = 150_000
"""Milliseconds that Python in the browser may take to start while all of the suite runs."""
SWITCHES = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


def built(shared: Path) -> Path:
    """Return the site with the playground in it, which the first process that asks builds."""
    peers.program("node")
    peers.program("npm")
    site = shared / "site"
    with (shared / "playground.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (site / "playground" / "index.html").exists():
            command = [
                sys.executable,
                str(ROOT / "tools/build_playground.py"),
                str(site / "playground"),
            ]
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
            assert done.returncode == 0, done.stdout + done.stderr
            rule = site / "reference" / "generated" / "rules" / "FL402.html"
            rule.parent.mkdir(parents=True)
            rule.write_text(
                "<!doctype html><html><nav>elsewhere</nav><article><h1>FL402 duration</h1>"
                "<p>What the catalog says. <a href='FL401.html'>Next</a></p></article></html>",
                encoding="utf-8",
            )
    return site


@dataclass
class Served:
    """A folder that is served; what it answers can be changed, and what it was asked is kept."""

    folder: Path
    url: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    """Sent with each answer."""
    types: dict[str, str] = field(default_factory=dict)
    """By the end of a path: the type that is sent instead of the right one."""
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(folder: Path) -> Iterator[Served]:
    """Serve a folder as `python -m http.server` does."""
    served = Served(folder)

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def end_headers(self) -> None:
            served.asked.append(f"{self.command} {self.path}")
            for name, value in served.headers.items():
                self.send_header(name, value)
            super().end_headers()

        def guess_type(self, path: Any) -> str:
            for ending, sent in served.types.items():
                if str(path).endswith(ending):
                    return sent
            return super().guess_type(path)

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/playground/"
        yield served
        server.shutdown()
        thread.join()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser for the block."""
    path = peers.program("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(SWITCHES))
        yield browser
        browser.close()


@dataclass
class Playground:
    """The page, as a user has it before them."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    """Errors of the page, what its policy refused, and requests to elsewhere."""

    @classmethod
    def opened(cls, page: Page, url: str) -> "Playground":
        """Open the page, which may not be ready yet."""
        playground = cls(page)
        complain = playground.complaints.append
        page.on("pageerror", lambda error: complain(str(error)))
        page.on("console", lambda said: complain(said.text) if said.type == "error" else None)
        page.goto(url)
        return playground

    def ready(self) -> "Playground":
        """Wait until Python runs, and has answered for what is in the text box."""
        self.page.wait_for_selector("#status[data-state=ready]", timeout=SECONDS)
        return self.settled()

    def settled(self) -> "Playground":
        """Wait until the newest text is answered for."""
        self.page.wait_for_selector("#findings[aria-busy=false]", state="attached", timeout=SECONDS)
        return self

    def surveyed(self) -> "Playground":
        """Wait until all prompts of the newest text are answered for."""
        self.page.wait_for_selector("#several[aria-busy=false]", state="attached", timeout=SECONDS)
        return self.settled()

    def write(self, text: str, form: str = "lines") -> "Playground":
        """Paste a text over the one that is there."""
        self.page.select_option("#form", form)
        self.page.focus(".cm-content")
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        if text:
            self.page.evaluate("text => navigator.clipboard.writeText(text)", text)
            self.page.keyboard.press("Control+v")
        return self.settled()

    def becomes(self, text: str) -> None:
        """Wait until this is the text, and it is answered for."""
        kept = "text => JSON.parse(sessionStorage.getItem('flaglift-playground')).text === text"
        self.page.wait_for_function(kept, arg=text, timeout=SECONDS)
        self.settled()

    @property
    def text(self) -> str:
        """What is in the text box, as the page keeps it for the next time it is loaded."""
        kept: dict[str, Any] = json.loads(
            self.page.evaluate("sessionStorage.getItem('flaglift-playground')")
        )
        return str(kept["text"])

    @property
    def codes(self) -> list[str]:
        """The codes of the findings that are listed."""
        heads = self.page.locator("#findings .head a").all_inner_texts()
        return [head.split()[0] for head in heads]

    def said(self, part: str) -> str:
        """Return what a part of the page says, in one line."""
        return " ".join(self.page.inner_text(f"#{part}").split())

    def fields(self, part: str) -> Mapping[str, str]:
        """Return the fields that a part of the page lists."""
        names = self.page.locator(f"#{part} dt").all_inner_texts()
        values = self.page.locator(f"#{part} dd").all_inner_texts()
        return dict(zip(names, values, strict=True))

    def saved(self, button: str) -> bytes:
        """Return what a button downloads."""
        with self.page.expect_download(timeout=SECONDS) as caught:
            self.page.get_by_role("button", name=button).first.click()
        return Path(caught.value.path()).read_bytes()
