"""The README's picture of what the terminal shows: `make readme` draws it."""

import io
import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "examples" / "check.svg"
COMMAND = ("check", "--ignore", "legacy-syntax", "examples/project")
_COLUMNS = 112
_FONTS = re.compile(r"\s*@font-face \{.*?\}", re.DOTALL)


def shown() -> str:
    """What the command prints in a terminal as wide as the picture."""
    variables = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": str(_COLUMNS)}
    variables.pop("NO_COLOR", None)
    command = [sys.executable, "-m", "flaglift", *COMMAND]
    run = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        check=False,
        env=variables,
    )
    return run.stdout.decode()


def draw() -> str:
    """Return the picture, without fonts that it would fetch from elsewhere."""
    console = Console(
        record=True,
        width=_COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="standard",
    )
    console.print(Text.from_ansi(shown()))
    picture = console.export_svg(title=f"flaglift {' '.join(COMMAND)}", unique_id="flaglift")
    return _FONTS.sub("", picture)


def words(picture: str) -> str:
    """Return the text of a picture, less the blanks and its title."""
    lines = re.findall(r"<text[^>]*clip-path[^>]*>(.*?)</text>", picture)
    return "".join(unescape(line) for line in lines).replace("\xa0", "").replace(" ", "")


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
