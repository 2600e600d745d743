"""Evaluates the counts of a proxy: who still sends flags, and whether the data is complete."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

HOUR = 3600
_LEAST_WATCHED = (HOUR - 60) / HOUR
"""The share of the time that has to be covered: a minute per hour is allowed for restarts."""
_LATE_SECONDS = 30.0
"""After this long without a write, a worker counts as ended: it writes each second."""
UNREAD = "unread:"
"""The prefix of the reason of requests that were not read."""


class ProxyRun(NamedTuple):
    """The time in which one process of a proxy counted, in seconds since 1970."""

    proxy: str
    worker: int
    workers: int
    began: float
    seen: float
    ended: bool
    """Whether it ended cleanly, with all its counts written."""


_COUNTED = ("requests", "legacy", "kept")


@dataclass(slots=True)
class TrafficRow:
    """What one caller sent to one route."""

    route: str
    caller: str
    agent: str
    requests: int = 0
    legacy: int = 0
    """Prompts with flags."""
    kept: int = 0
    """Those of them that were not translated."""
    unread: Counter[str] = field(default_factory=Counter)
    """Requests whose body was not, or could not be, looked at, by reason."""
    last: float = 0.0
    """When flags or an unread body were last seen, also before the hours of the report, in seconds
    since 1970; 0: never."""

    def add(self, what: str, count: int, last: float) -> None:
        """Add a count, last seen at this time. Raises `ValueError` for one of an unknown kind."""
        reason = what.removeprefix(UNREAD)
        if what != reason:
            self.unread += Counter({reason: count})  # omitted if there were none lately
        elif what not in _COUNTED:
            raise ValueError(f"it counts `{what}`, which this version of flaglift does not know")
        else:
            setattr(self, what, getattr(self, what) + count)
        if what == "legacy" or what != reason:
            self.last = max(self.last, last)

    @property
    def silent(self) -> bool:
        """Whether no flags, and nothing unread, came in the hours of the report."""
        return not self.legacy and not self.unread


@dataclass(frozen=True, slots=True)
class Report:
    """The traffic of the last hours."""

    hours: int
    began: float
    """Where the report begins, in seconds since 1970."""
    now: float
    runs: list[ProxyRun]
    rows: list[TrafficRow]

    @property
    def watched(self) -> float:
        """The seconds during which all workers of a proxy ran."""
        proxies: dict[tuple[str, int], dict[int, list[Span]]] = defaultdict(dict)
        for run in self.runs:
            end = self.now if not run.ended and self._alive(run) else min(run.seen, self.now)
            of_worker = proxies[run.proxy, run.workers].setdefault(run.worker, [])
            of_worker.append((max(run.began, self.began), end))
        spans: list[Span] = []
        for (_, workers), by_worker in proxies.items():
            if len(by_worker) == workers:
                spans += _common(list(by_worker.values()))
        return sum(end - start for start, end in _merged(spans))

    @property
    def lost(self) -> list[ProxyRun]:
        """The workers that ended without writing their last counts."""
        return [run for run in self.runs if not run.ended and not self._alive(run)]

    def _alive(self, run: ProxyRun) -> bool:
        return abs(self.now - run.seen) < _LATE_SECONDS

    @property
    def covered(self) -> bool:
        """Whether all workers ran the whole time, except for a minute per hour."""
        return self.watched >= (self.now - self.began) * _LEAST_WATCHED

    @property
    def complete(self) -> bool:
        """Whether the time is covered, and no counts were lost."""
        return self.covered and not self.lost

    @property
    def clean(self) -> bool:
        """Whether it is proven that no one sent flags."""
        return self.complete and all(row.silent for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "hours": self.hours,
            "began": self.began,
            "watched_seconds": round(self.watched),
            "complete": self.complete,
            "clean": self.clean,
            "lost_workers": [run.seen for run in self.lost],
            "rows": [
                {
                    "route": row.route,
                    "caller": row.caller,
                    "agent": row.agent,
                    "requests": row.requests,
                    "legacy": row.legacy,
                    "kept": row.kept,
                    "unread": dict(row.unread),
                    "last": row.last or None,
                }
                for row in self.rows
            ],
        }


Span = tuple[float, float]


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Merge overlapping spans of time."""
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        elif end > start:
            merged.append((start, end))
    return merged


def _common(each: list[list[Span]]) -> list[Span]:
    """Return the times that are in a span of each list."""
    borders = (border for spans in each for start, end in _merged(spans)
               for border in ((start, 1), (end, -1)))  # fmt: skip
    common, running, since = [], 0, 0.0
    for moment, change in sorted(borders):
        if running == len(each):
            common.append((since, moment))
        running += change
        since = moment
    return common
