"""One prompt copied to many places is one finding with many places."""

from collections.abc import Iterable

from flaglift.report.record import LocatedFinding


def grouped(records: Iterable[LocatedFinding]) -> list[list[LocatedFinding]]:
    """Return the records, those together that say the same of copies of one prompt.

    Groups come in the order of their first records; what is about no prompt stands alone.
    """
    groups: dict[object, list[LocatedFinding]] = {}
    for number, record in enumerate(records):
        finding = record.finding
        key: object = number
        if record.fingerprint:
            key = (record.fingerprint, finding.code, finding.severity, finding.message)
        groups.setdefault(key, []).append(record)
    return list(groups.values())
