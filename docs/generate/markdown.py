"""Pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence


def fenced(text: str, language: str = "text") -> str:
    """Return a text as a block of code, whatever backticks are in it."""
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; the cells are Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(_cell(str(cell)) for cell in line)} |" for line in lines)


def prose(text: str) -> str:
    """Return prose with `code` in it as Markdown in which nothing else is markup."""
    parts = re.split(r"(`[^`]*`)", text)
    return "".join(part if part.startswith("`") else _escaped(part) for part in parts)


def toctree(entries: Iterable[str]) -> str:
    """Return a table of contents that only the sidebar shows."""
    return fenced("\n".join([":hidden:", "", *entries]), "{toctree}")


def document(*blocks: str) -> str:
    """Return blocks as a document."""
    return "\n\n".join(block for block in blocks if block) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _escaped(text: str) -> str:
    return re.sub(r"([\\<>*_\[\]{}$~])", r"\\\1", text)
