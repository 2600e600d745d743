"""An inspection as plain values and back, for the cache."""

from typing import Any

from flaglift.check.inspection import Inspection, Seen, Unused
from flaglift.check.job import Job
from flaglift.report import record as records


def to_plain(found: Inspection) -> list[Any]:
    """Return an inspection as values that JSON holds; the file's name is left out."""
    return [
        [records.to_plain(record) for record in found.records],
        [each[1:] for each in found.seen],
        [[each.suppression.number, each.rules] for each in found.unused],
    ]


def from_plain(values: list[Any], job: Job) -> Inspection:
    """Return the inspection of plain values, of the file of this job."""
    found, seen, unused = values
    suppressions = {each.number: each for each in job.suppressions}
    return Inspection(
        [records.from_plain(job.shown, record) for record in found],
        [_seen(job, *each) for each in seen],
        [Unused(suppressions[number], tuple(rules)) for number, rules in unused],
    )


def _seen(job: Job, *values: Any) -> Seen:
    found = Seen(job.shown, *values)
    return found._replace(reasons=[(points, text) for points, text in found.reasons])
