"""JUnit's XML: a suite for each file, a case for each finding. Columns count code points.

A finding of severity info is a case that passes, with the message as its output.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from flaglift.diagnostics import Severity
from flaglift.report.escaping import xml_escaped
from flaglift.report.paths import relative
from flaglift.report.record import FindingsReport, LocatedFinding

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 cannot contain."""


def render(report: FindingsReport) -> str:
    """Return the findings as an XML document."""
    root = Element("testsuites", name="flaglift")
    files: dict[str, list[LocatedFinding]] = defaultdict(list)
    for record in report.records:
        files[record.path].append(record)
    for path, records in files.items():
        _suite(root, path, records)
    if report.problems:
        suite = _counted(root, "problems", len(report.problems), errors=len(report.problems))
        for problem in report.problems:
            case = SubElement(suite, "testcase", name="readable", classname="flaglift")
            SubElement(case, "error", message=_clean(problem))
    elif not files:
        # Without any case, some readers assume that the run failed to start.
        suite = _counted(root, "flaglift", 1)
        SubElement(suite, "testcase", name="no findings", classname="flaglift")
    for name in ("tests", "failures", "errors"):
        root.set(name, str(sum(int(suite.get(name, "0")) for suite in root)))
    indent(root)
    text = tostring(root, encoding="unicode", short_empty_elements=True)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml_escaped(text)}\n'


def _counted(root: Element, name: str, tests: int, failures: int = 0, errors: int = 0) -> Element:
    counts = {"tests": tests, "failures": failures, "errors": errors, "skipped": 0, "time": 0}
    attributes = {name: str(count) for name, count in counts.items()}
    return SubElement(root, "testsuite", {"name": _clean(name), **attributes})


def _suite(root: Element, path: str, records: Sequence[LocatedFinding]) -> None:
    failing = [record for record in records if record.finding.severity is not Severity.INFO]
    suite = _counted(root, relative(path), len(records), failures=len(failing))
    for record in records:
        finding = record.finding
        point = record.region.start
        name = f"{finding.code} {finding.rule} {point.line}:{point.column}"
        case = SubElement(suite, "testcase", name=name, classname=_clean(relative(path)), time="0")
        said = _clean(f"{record.place}: {finding.message}")
        if finding.severity is Severity.INFO:
            SubElement(case, "system-out").text = said
        else:
            failure = SubElement(case, "failure", type=finding.severity.value)
            failure.set("message", _clean(finding.message))
            failure.text = said


def _clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)
