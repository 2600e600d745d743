"""The examples of the page on columns and clusters."""

import re
from pathlib import Path
from textwrap import dedent

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "columns.md"


def examples() -> list[str]:
    """Return the indented blocks, in order: a column, Spark's function, Spark's command."""
    text = PAGE.read_text(encoding="utf-8")
    chapter = text.partition("\n## Columns and clusters\n")[2].partition("\n## ")[0]
    return [
        dedent(block) for block in re.findall(r"(?:(?<=\n)    .*\n|(?<=\n)\n(?=    ))+", chapter)
    ]
