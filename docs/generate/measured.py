"""What was measured, from the results of `make bench`."""

import json
from pathlib import Path
from typing import Any

from generate.markdown import document, prose, table

_RESULTS = Path(__file__).parents[2] / "benchmarks" / "results.json"


def pages() -> dict[str, str]:
    """Return the page of measurements."""
    results: dict[str, Any] = json.loads(_RESULTS.read_text(encoding="utf-8"))
    rows = [
        (
            prose(row["question"]),
            prose(row["beside"]),
            f"{row['measured']:.3g} times",
            prose(str(row["wanted"])),
        )
        for row in results["rows"]
        if row["measured"] is not None
    ]
    return {
        "measured.md": document(
            "# Measurements",
            "Speed is measured as a ratio to something well known on the same machine, because a "
            "bare number says little elsewhere. `make bench` measures it again. These are the "
            f"medians of {results['rounds']} rounds with Python {results['python']}.",
            table(("what", "compared with", "measured", "aim"), rows),
        )
    }
