"""The rooms of the package and who imports whom, drawn from the imports."""

import ast
from collections.abc import Mapping
from html import escape
from pathlib import Path

from generate.markdown import document, prose, table

_SOURCE = Path(__file__).parents[2] / "src" / "flaglift"
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 104, 34, 14, 54
_SKIPPED = {"__init__", "__main__"}


def pages() -> dict[str, str]:
    """Return the page of the architecture."""
    graph = imports()
    rooms = layers(graph)
    rows = [
        (
            level,
            f"`{room}`",
            prose(_purpose(room)),
            ", ".join(f"`{each}`" for each in sorted(graph[room])),
        )
        for level, names in enumerate(rooms)
        for room in names
    ]
    return {
        "architecture.md": document(
            "# Architecture",
            "The package is a set of rooms in layers. A room imports only rooms below it; "
            "a test checks that. This page is drawn from the imports.",
            "![The rooms, those that import nothing at the bottom](architecture.svg)",
            table(("layer", "room", "what it is for", "imports"), reversed(rows)),
        )
    }


def imports() -> dict[str, set[str]]:
    """Return, for each room, the rooms that it imports."""
    graph: dict[str, set[str]] = {}
    for path in sorted(_SOURCE.rglob("*.py")):
        here = path.relative_to(_SOURCE).parts[0].removesuffix(".py")
        if here in _SKIPPED or here == "site":
            continue
        known = graph.setdefault(here, set())
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            parts = (name.split(".") for name in names)
            known |= {part[1] for part in parts if part[0] == "flaglift" and len(part) > 1}
    return {
        room: {each for each in found if each in graph} - {room} for room, found in graph.items()
    }


def layers(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """Return the rooms by layer: each is one above the highest that it imports."""
    heights: dict[str, int] = {}

    def height(room: str) -> int:
        if room not in heights:
            heights[room] = 1 + max((height(below) for below in graph[room]), default=-1)
        return heights[room]

    for room in graph:
        height(room)
    return [
        sorted(room for room, at in heights.items() if at == level)
        for level in range(max(heights.values()) + 1)
    ]


def draw(folder: Path) -> None:
    """Draw the rooms, readable on a light and on a dark page."""
    graph = imports()
    rows = layers(graph)
    total = max(map(len, rows)) * (_WIDTH + _GAP_X)
    places = {
        room: (
            (total - len(names) * (_WIDTH + _GAP_X)) / 2 + column * (_WIDTH + _GAP_X),
            (len(rows) - 1 - level) * (_HEIGHT + _GAP_Y) + 4,
        )
        for level, names in enumerate(rows)
        for column, room in enumerate(names)
    }
    lines = [
        f'<line x1="{places[room][0] + _WIDTH / 2:g}" y1="{places[room][1] + _HEIGHT:g}"'
        f' x2="{places[below][0] + _WIDTH / 2:g}" y2="{places[below][1]:g}"/>'
        for room in sorted(graph)
        for below in sorted(_direct(graph, room))
    ]
    boxes = [
        f'<rect x="{x:g}" y="{y:g}" width="{_WIDTH}" height="{_HEIGHT}" rx="6"/>'
        f'<text x="{x + _WIDTH / 2:g}" y="{y + _HEIGHT / 2 + 4:g}">{escape(room)}</text>'
        for room, (x, y) in places.items()
    ]
    high = len(rows) * (_HEIGHT + _GAP_Y) - _GAP_Y + 8
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "architecture.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:g} {high:g}" font-size="12"'
        ' font-family="system-ui, sans-serif" text-anchor="middle">'
        "<style>rect{fill:#4b6bdc}text{fill:#fff}line{stroke:#808890;stroke-opacity:.6}</style>"
        f"{''.join(lines)}{''.join(boxes)}</svg>\n",
        encoding="utf-8",
    )


def _direct(graph: Mapping[str, set[str]], room: str) -> set[str]:
    """Return what a room imports, less what those import themselves: the drawing shows enough."""
    return {
        below
        for below in graph[room]
        if not any(below in _reached(graph, other) for other in graph[room] - {below})
    }


def _reached(graph: Mapping[str, set[str]], room: str) -> set[str]:
    return graph[room] | {each for below in graph[room] for each in _reached(graph, below)}


def _purpose(room: str) -> str:
    path = _SOURCE / room / "__init__.py"
    module = path if path.exists() else _SOURCE / f"{room}.py"
    doc = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return doc.split("\n\n")[0].replace("\n", " ")
