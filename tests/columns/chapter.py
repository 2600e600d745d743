"""The examples of the README's chapter on columns and clusters."""

import re
from pathlib import Path
from textwrap import dedent

README = Path(__file__).parents[2] / "README.md"


def examples() -> list[str]:
    """Return the indented blocks, in order: a column, Spark's function, Spark's command."""
    text = README.read_text(encoding="utf-8")
    chapter = text.partition("\n## Columns and clusters\n")[2].partition("\n## ")[0]
    return [
        dedent(block) for block in re.findall(r"(?:(?<=\n)    .*\n|(?<=\n)\n(?=    ))+", chapter)
    ]
