"""The reference, written from the code: each page is a function of what it documents."""

from functools import cache
from pathlib import Path

from generate import (
    architecture,
    catalog,
    commands,
    dependencies,
    formats,
    measured,
    python,
    rules,
    settings,
)

_ROOMS = (architecture, rules, commands, settings, python, catalog, formats, measured, dependencies)


@cache
def pages() -> dict[str, str]:
    """Return the text of each page by its path, relative to the folder of generated pages."""
    return {path: text for room in _ROOMS for path, text in room.pages().items()}


def write(folder: Path) -> None:
    """Write the pages into a folder, and remove pages of what no longer exists.

    A page that is as it was keeps its time, so that Sphinx does not read it again.
    """
    wanted = {folder / path: text for path, text in pages().items()}
    for path in {*folder.rglob("*.md")} - wanted.keys():
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    catalog.draw(folder)
    architecture.draw(folder)
