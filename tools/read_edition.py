"""Reads the service's Image2Video page, as a browser saves it, and prints an edition's data file.

    python tools/read_edition.py page.html 2026-11-26 > 2026-11-26.toml

What changed since the newest edition goes to standard error, so that somebody looks at it. The tool
stops where the page is not built as it used to be: a table without the known columns, a duration
that is no number, a capability that has no key. Nothing of the page is dropped in silence.
"""

import datetime
import json
import re
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

from flaglift.catalog import load_catalog
from flaglift.catalog.data import parse_edition
from flaglift.catalog.differences import differences, sentences
from flaglift.catalog.durations import Durations
from flaglift.catalog.edition import edition_of
from flaglift.catalog.model import matches
from flaglift.catalog.schema import CAPABILITY_KEYS
from flaglift.errors import CatalogError

_COLUMNS = ["video_model", "base cost (¢)", "video_duration"]
_FIELD = re.compile(r"(\w+(?: / \w+)*) \((?:required|optional)\b.*\)")
_ROW = re.compile(r"(?P<title>[^(:]+?)(?: \((?P<note>[^)]*)\))?: (?P<patterns>.+?)\.?")
_BASE, _LONG_BASE, _VEO_DEFAULT = 5, 10, 8
"""Seconds: "commonly 5; 8 for VEO3; 10 for motion-control / animate"."""


class PageError(Exception):
    """The page is not built as it used to be."""


@dataclass
class Page(HTMLParser):
    """The parts of the page that matter: tables, headings and items of lists, as text."""

    tables: list[list[list[str]]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    items: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Begin a part."""
        if tag == "table":
            self.tables.append([])
        elif tag == "tr" and self.tables:
            self.tables[-1].append([])
        elif tag in ("td", "th", "li", "h1", "h2", "h3", "h4", "h5"):
            self._text = []

    def handle_data(self, data: str) -> None:
        """Take text into the part that is open."""
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """End a part."""
        if self._text is None:
            return
        text = " ".join("".join(self._text).replace("\u200b", "").split())
        if tag in ("td", "th"):
            self.tables[-1][-1].append(text)
        elif tag == "li":
            self.items.append(text)
        elif tag in ("h1", "h2", "h3", "h4", "h5"):
            self.headings.append(text)
        else:
            return
        self._text = None


def edition(html: str, date: datetime.date) -> str:
    """Return the data file of an edition; raises `PageError` for a page of another build."""
    page = Page()
    page.feed(html)
    capabilities = _capabilities(page)
    moving = [
        pattern
        for key, _, _, patterns in capabilities
        if key == "motion_control"
        for pattern in patterns
    ]
    lines = [
        f"date = {date}",
        'syntax = "fields"',
        f'source = "The service\'s Image2Video page, edition of {date}."',
        "",
        "form_fields = [",
        *(f'  "{name}",' for name in _fields(page)),
        "]",
        "",
        "# A cost is in cents for base_seconds; where the page names no base there is none here.",
        "models = [",
        *(_model(row, moving) for row in _rows(page)),
        "]",
        "",
        "# Patterns as published, also those that match no model.",
    ]
    for key, title, note, patterns in capabilities:
        lines += ["", "[[capabilities]]", f'key = "{key}"', f'title = "{title}"']
        lines += [f'note = "{note}"'] if note else []
        lines += _list("patterns", patterns)
    return "\n".join(lines) + "\n"


def _rows(page: Page) -> list[list[str]]:
    for head, *rows in page.tables:
        if [cell.lower() for cell in head] == _COLUMNS:
            return rows
    raise PageError(f"there is no table with the columns {', '.join(_COLUMNS)}")


def _fields(page: Page) -> list[str]:
    found = [match[1] for heading in page.headings if (match := _FIELD.fullmatch(heading))]
    names = [name for group in found for name in group.split(" / ")]
    if "video_model" not in names:
        raise PageError("there is no heading `video_model (required)`")
    return names


def _model(row: list[str], moving: list[str]) -> str:
    name, cost, durations = row
    if not re.fullmatch(r"[a-z0-9_]+", name) or not cost.isdigit():
        raise PageError(f"this row is no model with a cost: {' | '.join(row)}")
    slow = "animate" in name or any(matches(pattern, name) for pattern in moving)
    base = (
        f"default_seconds = {_VEO_DEFAULT}"
        if name.startswith("veo3")
        else (f"base_seconds = {_LONG_BASE if slow else _BASE}")
    )
    allowed = _durations(durations)
    return f'  {{ name = "{name}", base_cost_cents = {cost}, {base}, durations = {allowed} }},'


def _durations(text: str) -> str:
    ends = re.fullmatch(r"(\d+)\s*[–-]\s*(\d+)", text)
    try:
        if ends:
            Durations.between(int(ends[1]), int(ends[2]))
            return f"{{ min = {ends[1]}, max = {ends[2]} }}"
        return str([*Durations.of(*(int(each) for each in text.split(","))).allowed])
    except ValueError as error:
        raise PageError(f"these are no durations: {text!r} ({error})") from None


def _capabilities(page: Page) -> list[tuple[str, str, str, list[str]]]:
    found = []
    for item in page.items:
        row = _ROW.fullmatch(item)
        key = row and _key(row["title"])
        if row is None or key is None:
            if re.search(r"\w\*|_\w+p\b", item):
                raise PageError(
                    f"this line names models and is no capability that has a key: {item}"
                )
            continue
        patterns = [each.strip() for each in row["patterns"].split(",")]
        found.append((key, row["title"], row["note"] or "", patterns))
    if not found:
        raise PageError("there is no capability matrix")
    return found


def _key(title: str) -> str | None:
    words = "_".join(re.findall(r"[a-z]+", title.lower()))
    return words if words in CAPABILITY_KEYS else None


def _list(name: str, values: list[str]) -> list[str]:
    line = f"{name} = {json.dumps(values)}"
    if len(line) <= 100:
        return [line]
    return [f"{name} = [", *(f'  "{value}",' for value in values), "]"]


def main(path: str, day: str) -> None:
    """Print the data file, and on standard error what changed."""
    try:
        date = datetime.date.fromisoformat(day)
        text = edition(Path(path).read_text(encoding="utf-8"), date)
        new = edition_of(parse_edition(text, f"{date}.toml"), date)
    except (PageError, OSError, ValueError, CatalogError) as error:
        sys.exit(f"{path}: {error}")
    print(text, end="")
    old = load_catalog().edition
    print(f"{old.date} to {new.date}", file=sys.stderr)
    for line in sentences(differences(old, new)) or ["nothing changed"]:
        print(line, file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(f"usage: {sys.argv[0]} PAGE DATE, such as page.html 2026-11-26")
    main(*sys.argv[1:])
