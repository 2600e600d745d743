"""The built site: no warning, no dead link, nothing from elsewhere; the search finds each rule."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import flaglift
import peers
from flaglift.documentation import rule_url, web_page
from flaglift.rules import RULES, Rule

ROOT = Path(__file__).parents[2]


class Page(HTMLParser):
    """What a page has to be linked to, and what it links to or loads."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = {""}
        self.links: list[str] = []
        self.loads: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("img", "script", "link", "iframe", "source", "object", "embed"):
            self.loads += [given[name] for name in ("src", "href", "data") if given.get(name)]


def build(folder: Path) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sphinx", "-q", "-E", "-W", "--keep-going", "-b", "html"),
            *("-d", str(folder / "doctrees"), str(ROOT / "docs"), str(folder / "site")),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert (done.returncode, done.stderr) == (0, "")


def dead_links(site: Path, pages: dict[Path, Page]) -> Iterator[str]:
    for path, page in pages.items():
        for link in (*page.links, *page.loads):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages.get(target)
            if not target.is_file() or (known and unquote(parts.fragment) not in known.anchors):
                yield f"{path.relative_to(site)}: {link}"


def search(site: Path, queries: Sequence[str]) -> list[list[str]]:
    """Return the pages that the site's own search finds for each query, the best first."""
    done = subprocess.run(
        [peers.program("node"), str(Path(__file__).with_name("search.js")), str(site)],
        input=json.dumps(queries),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: list[list[str]] = json.loads(done.stdout)
    return found


def messages(rule: Rule) -> set[str]:
    """Return the messages of a rule's examples."""
    return {
        finding.message
        for each in rule.INVALID
        for finding in flaglift.lint(each.text, each.settings, each.context, each.suppressed)
        if finding.code == rule.code
    }


def clauses(message: str) -> set[str]:
    """Return the clauses of a message that say something, without the values that it quotes."""
    parts = (part.strip() for part in re.split(r"[,;:()]|`[^`]*`", message))
    return {part for part in parts if len(re.findall(r"\b[^\W\d]{5,}", part)) > 1}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    build(folder)
    return (folder / "site").resolve()


def test_the_site(site: Path) -> None:
    pages = {path: Page(path) for path in site.rglob("*.html")}
    assert len(pages) > len(RULES)
    assert [*dead_links(site, pages)] == []
    loaded = {load for page in pages.values() for load in page.loads}
    assert [load for load in loaded if urlsplit(load).scheme not in ("", "data")] == []
    styles = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.css"))
    assert re.findall(r"(?:url\(|@import)\s*[\"']?https?:", styles) == []
    base = web_page().removesuffix("index.html")
    for rule in RULES:
        assert (site / rule_url(rule.code).removeprefix(base)).is_file()


def test_the_search_finds_each_rule_by_code_name_and_message(site: Path) -> None:
    said = {rule.code: messages(rule) for rule in RULES}
    queries = {("FL101", "never closed"), ("FL301", "`flux9` is not in the model catalog")}
    for code, own in said.items():
        queries |= {(code, message) for message in own}
        others = "\n".join(text for other in said if other != code for text in said[other])
        clear = {each for message in own for each in clauses(message) if each not in others}
        queries |= {(code, clause) for clause in clear}
    queries |= {(rule.code, text) for rule in RULES for text in (rule.code, rule.name)}
    asked = sorted(queries)
    missed = [
        (code, query, pages[:3])
        for (code, query), pages in zip(asked, search(site, [q for _, q in asked]), strict=True)
        if f"reference/generated/rules/{code}" not in pages[:3]
    ]
    assert missed == []
    assert len(asked) > 3 * len(RULES)
