"""The built site: no warning, no dead link, nothing from elsewhere; the search finds each rule."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from sphinx.search.en import SearchEnglish

import flaglift
from flaglift.documentation import rule_url, web_page
from flaglift.rules import RULES

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


class Search:
    """The index of the search, asked as the page's script asks it."""

    def __init__(self, site: Path) -> None:
        text = (site / "searchindex.js").read_text(encoding="utf-8")
        index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
        self._names: list[str] = index["docnames"]
        self._terms = [index["terms"], index["titleterms"]]
        self._language = SearchEnglish({})

    def pages(self, query: str) -> set[str]:
        """Return the pages that hold all words of a query."""
        found = set(range(len(self._names)))
        for word in self._language.split(query):
            if self._language.word_filter(word.lower()):
                found &= self._with(self._language.stem(word.lower()))
        return {self._names[number] for number in found}

    def _with(self, stem: str) -> set[int]:
        numbers: set[int] = set()
        for terms in self._terms:
            for term, pages in terms.items():
                if stem == term or (len(stem) > 2 and stem in term):
                    numbers |= {pages} if isinstance(pages, int) else set(pages)
        return numbers


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
    search = Search(site)
    for rule in RULES:
        page = f"reference/generated/rules/{rule.code}"
        assert page in search.pages(rule.code)
        assert page in search.pages(rule.name)
        example = rule.INVALID[0]
        found = flaglift.lint(example.text, example.settings, example.context, example.suppressed)
        for finding in found:
            if finding.code == rule.code:
                assert page in search.pages(finding.message), finding.message
