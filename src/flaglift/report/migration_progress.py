"""The progress of a migration: a bar on a terminal, otherwise JSON lines; no prompt texts."""

import sys
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.progress import (
    BarColumn,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)
from rich.progress import (
    Progress as Bar,
)

from flaglift.report.escaping import as_json, visible

_SECONDS = 60.0
"""The interval between two JSON lines."""


class Progress:
    """Shows progress on standard error while the block runs."""

    def __init__(
        self, name: str, total: tuple[str, int] | None, *, quiet: bool, seconds: float = _SECONDS
    ) -> None:
        """`total` is the total number and its unit, `bytes` or `records`; None if unknown."""
        self._name = name
        self._unit = total[0] if total else "records"
        self._total = total[1] if total else None
        self._seconds = seconds
        self._began = self._said = time.monotonic()
        self._first: int | None = None
        self._bar: Bar | None = None
        self._task = TaskID(0)
        self._silent = quiet
        if not quiet and sys.stderr.isatty():
            self._bar = Bar(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                TaskProgressColumn(),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._task = self._bar.add_task(visible(name), total=self._total)

    def __enter__(self) -> "Progress":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def show(self, counts: Mapping[str, Any]) -> None:
        """Show the counts so far."""
        done = counts[self._unit]
        at = time.monotonic()
        # Progress made before this run must not affect the speed.
        first = self._first = done if self._first is None else self._first
        rate = (done - first) / max(at - self._began, 1e-9)
        if self._bar:
            changed, refused = counts["changed"], counts["refused"]
            said = f"{counts['records']:,} records, {changed:,} changed, {refused:,} refused"
            self._bar.update(self._task, completed=done, description=said)
        elif not self._silent and at - self._said >= self._seconds:
            self._said = at
            left = None if self._total is None or not rate else (self._total - done) / rate
            line = {
                "event": "progress",
                "source": self._name,
                **{name: counts[name] for name in ("records", "changed", "refused", "problems")},
                f"{self._unit}_per_second": round(rate),
                "eta_seconds": None if left is None else max(0, round(left)),
            }
            print(as_json(line), file=sys.stderr, flush=True)  # noqa: T201
