"""FL901 for the baseline: entries that nothing reports any more."""

import json
import os
from collections.abc import Collection, Iterator
from pathlib import Path

from flaglift.check.baseline import Key
from flaglift.check.reading import read_named
from flaglift.check.unused import finding
from flaglift.linting.engine import selected
from flaglift.lossless.spans import Span
from flaglift.report.places import Lines
from flaglift.report.record import Record, record_at
from flaglift.rules import UNUSED_SUPPRESSION
from flaglift.settings import Settings


def stale_records(path: Path, stale: Collection[Key], settings: Settings) -> Iterator[Record]:
    """Yield one record for each entry that is stale, if its rule ran."""
    judged = selected(settings.select, settings.ignore)
    data = read_named(str(path)) or b""
    lines = Lines(data)
    for key in sorted(stale):
        if key.code in judged and UNUSED_SUPPRESSION.code in judged:
            message = (
                f"{key.code} is in the baseline for a prompt where nothing reports it any more; "
                "`flaglift baseline prune` takes it out"
            )
            start = max(0, data.find(json.dumps(key.prompt).encode()))
            span = Span(start, start + len(key.prompt) + 2)
            said = finding(message, fixable=False)
            yield record_at(os.path.relpath(path), lines, span, said)
