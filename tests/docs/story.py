"""The story of two million rows: run whole, or with the fewest rows that are like all of them.

`python tests/docs/story.py` (`make story`) runs it with two million, and writes what is printed,
and how much processor time each step took, into its page; another number can be named. The suite
runs it with two thousand: a thousand rows are like the next thousand, so that all that is counted
is smaller by the same factor.
"""

import datetime
import re
import sys
from decimal import Decimal
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.snippets import STORY, Shell, commands, fits, shell, snippets

FEW = 2000
_ROWS = re.compile(r"(?<=^\$ ROWS=)\d+$", re.MULTILINE)
_TOLD = re.compile(r"(?<=a run with \*\*)[\d,]+(?= rows\*\*)")
_NUMBER = re.compile(r"(?<![\w.])(?:\$[\d,]+\.\d\d|\d[\d,]*(?!\.?\d|\w))")
_ALIKE = re.compile(r"(?<=takes )[\d,]+(?= bytes)|\d+(?= keys are found again)")
_STEP = re.compile(r"flaglift migrate (\w+)")
_SESSION = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_TIMES = re.compile(r"(?<=^```text\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)


_VARYING = re.compile(r"\d{8}T\d+-[0-9a-f]+|\d{4}-\d\d-\d\dT[\d:]+Z|(?<= by )\S+(?=, last written)")
"""Names of runs, times, and who ran it."""


def scaled(shown: str, factor: int) -> str:
    """Return what is shown of many rows as it is of fewer by a factor.

    What is no multiple of it came in later, and is as much in both.

    >>> scaled("2,000,001 records,   1,030,000 changed, 7 refused, $318,800.00", 1000)
    '2,001 records, 1,030 changed, 7 refused, $318.80'
    """

    def part(found: re.Match[str]) -> str:
        plain = found[0].replace(",", "")
        if plain.startswith("$"):
            return f"${Decimal(plain[1:]) / factor:,.2f}"
        many, rest = divmod(int(plain), factor)
        both = many + rest if many else rest
        return f"{both:,}" if "," in found[0] else str(both)

    return one_blank(_NUMBER.sub(part, _ALIKE.sub("...", shown)))


def one_blank(text: str) -> str:
    """Return a text in which columns are as wide as what is in them."""
    return re.sub("(?<=[^ \n]) +", " ", text)


def run_small(page: str) -> list[str]:
    """Return the commands that print something else than a thousandth of what is shown."""
    factor = int(_ROWS.findall(page)[0]) // FEW
    different = []
    with shell() as opened:
        for snippet in snippets(page):
            for command, shown in commands(snippet.code) if snippet.language == "console" else ():
                printed = opened.run(_ROWS.sub(str(FEW), f"$ {command}")[2:])
                if not fits(scaled(shown, factor), one_blank(printed)):
                    different.append(f"$ {command}\n{printed}")
    return different


def _processor_seconds(opened: Shell) -> float:
    _, children = opened.run("times").splitlines()
    minutes = re.findall(r"(\d+)m([\d.]+)s", children)
    return sum(60 * int(m) + float(s) for m, s in minutes)


def run_whole(page: str) -> str:
    """Return the page with what its commands print, and what they cost."""
    steps: list[tuple[str, float]] = []
    with shell() as opened:

        def session(found: re.Match[str]) -> str:
            code = ""
            for command, shown in commands(found[1]):
                before = _processor_seconds(opened)
                printed = opened.run(command)
                step = _STEP.search(command)
                if step:
                    steps.append((step[1], _processor_seconds(opened) - before))
                printed = _VARYING.sub("...", printed)
                kept = shown if fits(shown, printed) else printed
                code += f"$ {command}\n{kept}"
                code += "\n" if kept and not kept.endswith("\n") else ""
            return code

        page = _SESSION.sub(session, page)
    lines = [f"run on {datetime.date.today().isoformat()}; seconds of processor time"]
    lines += [f"  {name:8}{seconds:8.0f}" for name, seconds in steps if seconds >= 1]
    return _TIMES.sub("\n".join([*lines, ""]), page)


def with_rows(page: str, rows: int) -> str:
    """Return the page with another number of rows, where it is set and where readers are told."""
    return _TOLD.sub(f"{rows:,}", _ROWS.sub(str(rows), page))


if __name__ == "__main__":
    page = with_rows(
        STORY.read_text(encoding="utf-8"), int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    )
    STORY.write_text(run_whole(page), encoding="utf-8")
