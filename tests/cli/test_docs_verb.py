"""`flaglift docs`: the installed copy is opened, or its address is said."""

import webbrowser
from pathlib import Path

import pytest

from flaglift import documentation
from running import flaglift

PAGE = "reference/generated/rules/FL402.html"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of an installed copy, with nothing in it yet."""
    folder = tmp_path / "site"
    monkeypatch.setattr(documentation, "_SITE", folder)
    return folder


def fill(site: Path) -> None:
    for page in ("index.html", PAGE):
        (site / page).parent.mkdir(parents=True, exist_ok=True)
        (site / page).write_text("<!doctype html>")


@pytest.mark.parametrize("rule", ["FL402", "duration-out-of-range"])
def test_without_a_copy_the_address_is_printed(site: Path, rule: str) -> None:
    run = flaglift("docs", rule)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout == documentation.rule_url("FL402") + "\n"
    start = flaglift("docs").stdout
    assert start.startswith("https://")
    assert start.endswith("/index.html\n")


def test_with_a_copy_its_address_is_printed(site: Path) -> None:
    fill(site)
    assert flaglift("docs", "--print", "FL402").stdout == (site / PAGE).as_uri() + "\n"
    assert flaglift("docs", "--print").stdout == (site / "index.html").as_uri() + "\n"


def test_a_browser_opens_the_copy(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(site)
    opened = tmp_path / "opened"
    opener = tmp_path / "opener"
    opener.write_text(f'#!/bin/sh\nprintf %s "$1" >{opened}\n')
    opener.chmod(0o755)
    monkeypatch.setenv("BROWSER", f"{opener} %s")
    monkeypatch.setattr(webbrowser, "_tryorder", None)  # it looks for browsers once
    monkeypatch.setattr(webbrowser, "_browsers", {})
    run = flaglift("docs", "FL402")
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert opened.read_text() == (site / PAGE).as_uri()
    opener.write_text("#!/bin/sh\nexit 1\n")
    assert flaglift("docs", "FL402").stdout == (site / PAGE).as_uri() + "\n"


def test_an_unknown_rule_is_an_error(site: Path) -> None:
    run = flaglift("docs", "FL492")
    assert run.returncode == 2
    assert "there is no rule `FL492`" in run.stderr
