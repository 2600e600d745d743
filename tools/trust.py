"""Tries all that finds faults, each in bounded form, and prints one table: `make trust`.

    python tools/trust.py [ROW...]

The table goes into `docs/security.md`, with the date and the commit of each row. The exit code is 1
if a row fails. A new kind of check is one more entry of `ROWS`.
"""

import datetime
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "docs" / "trust.json"
PAGE = ROOT / "docs" / "security.md"
BEGIN, END = "<!-- trust: written by `make trust` -->", "<!-- /trust -->"


class Row(NamedTuple):
    """One line of the table."""

    name: str
    what: str
    command: str
    tried: str = r"(\d+) passed"
    """What finds in the output how often; the finds are added up."""
    failed: str = r"(\d+) (?:failed|error)"


_PYTEST = ".venv/bin/pytest -p no:cacheprovider"
ROWS = (
    Row("bugs", "Seeded bugs that the suite notices", f"{_PYTEST} tests/test_suite_catches.py"),
    Row("orders", "Fixes made in any order", f"{_PYTEST} tests/linting"),
    Row("expressions", "Expressions in linear time", f"{_PYTEST} tests/test_expressions.py"),
    Row("git", "Repositories that name programs", f"{_PYTEST} tests/check/test_git.py"),
    Row("fuzz", "Random inputs, guided by coverage", "make fuzz SECONDS=20", r"#(\d+)\tDONE"),
    Row(
        "growth", "Hostile inputs in linear time and 20 times their memory",
        "make growth GROWTH=20000",
        r"(\d+) tried", r"(\d+) wrong",
    ),
    Row(
        "mutants", "Changes of the code that tests notice", "make mutants ROOM='emit linting'",
        r"(?m)^\w+ +\d+ +(\d+) ", r"(?m)^\w+ +\d+ +\d+ +[\d.]+ +\d+ +(\d+)$",
    ),
    Row(
        "types", "Public names that have a type", ".venv/bin/nox -s types",
        r"(\d+) public names have", r"(\d+) do not",
    ),
    Row(
        "bill", "Parts listed in the bill of materials",
        ".venv/bin/nox -s bill && grep -c bom-ref dist/flaglift.cdx.json | sed 's/$/ parts/'",
        r"(\d+) parts",
    ),
    Row(
        "advisories", "Dependencies without a known vulnerability",
        ".venv/bin/nox -s audit && wc -l < .nox/audit/tmp/installed.txt | sed 's/$/ looked up/'",
        r"(\d+) looked up", r"(?m)^(\S+) \S+ (?:GHSA|PYSEC|CVE)-",
    ),
)  # fmt: skip


def main(*names: str) -> int:
    """Run some rows, or all; return the exit code."""
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    for row in ROWS:
        if not names or row.name in names:
            results[row.name] = tried(row)
            RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    lines = table(results)
    print("\n".join(lines))
    page = PAGE.read_text(encoding="utf-8")
    before, _, rest = page.partition(BEGIN)
    after = rest.partition(END)[2]
    PAGE.write_text("\n".join([f"{before}{BEGIN}", *lines, f"{END}{after}"]), encoding="utf-8")
    return int(any(result["failed"] for result in results.values()))


def tried(row: Row) -> dict[str, object]:
    """Run one row; return what came of it."""
    started = time.monotonic()
    done = subprocess.run(
        ["bash", "-c", row.command], cwd=ROOT, text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    log = ROOT / "build" / f"trust-{row.name}.txt"
    log.parent.mkdir(exist_ok=True)
    log.write_text(done.stdout, encoding="utf-8")
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    failed = counted(row.failed, done.stdout)
    return {
        "tried": counted(row.tried, done.stdout),
        "failed": failed or int(done.returncode != 0),
        "minutes": round((time.monotonic() - started) / 60, 1),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "commit": commit,
    }


def counted(pattern: str, output: str) -> int:
    """Return the sum of the numbers that are found; what is no number counts as one."""
    return sum(int(each) if each.isdigit() else 1 for each in re.findall(pattern, output))


def table(results: dict[str, dict[str, object]]) -> list[str]:
    """Return the lines of the table, of the rows that were ever run."""
    lines = ["", "| what is tried | how often | failed | minutes | date | commit |"]
    lines.append("|---|---:|---:|---:|---|---|")
    for row in ROWS:
        if row.name in results:
            cells = map(str, results[row.name].values())
            lines.append(f"| {row.what} | {' | '.join(cells)} |")
    return [*lines, ""]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
