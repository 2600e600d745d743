"""Line and column in every format, for every line end and every kind of character."""

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.check.document import PromptFile
from flaglift.check.hosts.encoding import decode
from flaglift.check.hosts.registry import host_named
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileJob
from flaglift.cli.check import FORMATS
from flaglift.lossless.spans import Span
from flaglift.report.formats import renderer
from flaglift.report.places import LineIndex
from flaglift.report.record import FindingsReport, Frame, record_at
from flaglift.settings import Settings

Place = tuple[int, int]

WORDS = st.text(st.sampled_from("ab ü猫😀\t\u0301\U0001f9d1"), max_size=8)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """A text file with one duration out of range, `77`, somewhere in it."""
    end = draw(st.sampled_from(["\n", "\r\n"]))
    lines = draw(st.lists(WORDS, max_size=4))
    before, after = draw(WORDS), draw(WORDS)
    prompt = f"{before} --video --video_model kling25 --duration 77 {after}"
    lines.insert(draw(st.integers(0, len(lines))), prompt)
    mark = draw(st.sampled_from(["", "\ufeff"]))
    text = end.join(lines) + draw(st.sampled_from(["", end]))
    return text, (mark + text).encode()


def report_of(
    raw: bytes, host: str = "lines", name: str = "a.txt", select: str = "FL402"
) -> FindingsReport:
    job = FileJob(name, name, raw, host, Settings(select=(select,)))
    document = PromptFile(decode(raw, "").data, host_named(host), job)
    return FindingsReport(inspect(document, replacements=True).records, ())


def offsets(text: str, unit: str) -> dict[Place, int]:
    """Where each line and column is in a text, by counting one code point after the other."""
    found = {}
    line, column = 1, 1
    for offset, sign in enumerate(text):
        found[line, column] = offset
        if sign == "\n":
            line, column = line + 1, 1
        else:
            column += {"utf16": len(sign.encode("utf-16-le")) // 2, "utf8": len(sign.encode())}.get(
                unit, 1
            )
    found[line, column] = len(text)
    return found


def places(form: str, rendered: str) -> Iterator[tuple[Place, Place | None]]:
    """The places that a format names, each with its end if the format has one."""
    if form in ("full", "concise"):
        behind = "$" if form == "full" else ": "
        for match in re.finditer(rf"^a\.txt:(\d+):(\d+){behind}", rendered, re.MULTILINE):
            yield (int(match[1]), int(match[2])), None
    elif form == "github":
        numbers = dict(re.findall(r"(\w+)=(\d+)", rendered))
        start, end = ("line", "col"), ("endLine", "endColumn")
        yield numbered(numbers, *start), numbered(numbers, *end)
    elif form == "junit":
        for case in ElementTree.fromstring(rendered).iter("testcase"):
            line, column = case.get("name", "").rsplit(" ", 1)[1].split(":")
            yield (int(line), int(column)), None
    else:
        yield from json_places(form, rendered)


def json_places(form: str, rendered: str) -> Iterator[tuple[Place, Place | None]]:
    document = json.loads(rendered)
    if form in ("json", "jsonl"):
        each = document[0] if form == "json" else document
        yield numbered(each, "line", "column"), numbered(each, "end_line", "end_column")
    elif form == "gitlab":
        found = document[0]["location"]["positions"]
        yield numbered(found["begin"], "line", "column"), numbered(found["end"], "line", "column")
    elif form == "rdjson":
        for each in document["diagnostics"]:
            for found in (each["location"]["range"], each["suggestions"][0]["range"]):
                start, end = found["start"], found["end"]
                yield numbered(start, "line", "column"), numbered(end, "line", "column")
    else:
        run = document["runs"][0]
        assert run["columnKind"] == "utf16CodeUnits"
        (result,) = run["results"]
        region = result["locations"][0]["physicalLocation"]["region"]
        deleted = result["fixes"][0]["artifactChanges"][0]["replacements"][0]["deletedRegion"]
        for found in (region, deleted):
            start, end = ("startLine", "startColumn"), ("endLine", "endColumn")
            yield numbered(found, *start), numbered(found, *end)


def numbered(values: Any, line: str, column: str) -> Place:
    return int(values[line]), int(values[column])


@pytest.mark.parametrize("form", FORMATS)
@given(file=files())
def test_every_format_names_the_place(form: str, file: tuple[str, bytes]) -> None:
    text, raw = file
    report = report_of(raw)
    assert len(report.records) == 1
    known = offsets(text, {"sarif": "utf16", "rdjson": "utf8"}.get(form, "points"))
    found = list(places(form, renderer(form)(report)))
    assert found
    for start, end in found:
        at = known[start]
        assert text[at:].startswith("77")
        assert end is None or known[end] == at + 2


LONG = st.sampled_from(["é" * 700, "😀" * 300 + "a" * 900, "\n" + "a\n" * 500, "a😀é" * 500])
SHORT = st.text(st.sampled_from("a\nü\r😀\t"), max_size=20)
TEXTS = st.lists(SHORT | LONG, max_size=3).map("".join)


@given(TEXTS, st.data())
def test_lines_are_those_of_the_text(text: str, data: st.DataObject) -> None:
    lines = LineIndex(text.encode())
    split = text.split("\n")
    assert lines.count == len(split)
    for number, line in enumerate(split, 1):
        start, end = lines.span_of(number)
        assert text.encode()[start:end].decode() == (line + "\n" if number < len(split) else line)
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    span = Span(len(text[:start].encode()), len(text[:end].encode()))
    region = lines.region(span)
    assert lines.code_points(span.start) == start
    for unit, attribute in (("points", "column"), ("utf16", "utf16"), ("utf8", "utf8")):
        known = offsets(text, unit)
        assert known[region.start.line, getattr(region.start, attribute)] == start
        assert known[region.end.line, getattr(region.end, attribute)] == end


@given(TEXTS, st.integers(0, 3000), st.integers(0, 3))
@example("\r", 0, 1)
@example("a\r\nb\r", 4, 1)
@example("a\rb", 0, 2)
def test_what_is_shown_of_a_line_is_a_part_of_it(text: str, start: int, length: int) -> None:
    start = min(start, len(text))
    if text[start - 1 : start] == "\r":
        return  # nothing is found inside of a line's end
    end = min(start + length, len(text))
    span = Span(len(text[:start].encode()), len(text[:end].encode()))
    finding = report_of(b"a --video --video_model kling25 --duration 77").records[0].finding
    record = record_at("a.txt", LineIndex(text.encode()), span, finding)
    line = text.split("\n")[record.region.start.line - 1].removesuffix("\r")
    shown, at, size, _ = record.frame
    cut = shown.removeprefix("…").removesuffix("…")
    assert cut in line
    assert (shown == line) == (len(line) <= 100)
    assert len(cut) == min(len(line), 100)
    about = text[start:end].partition("\n")[0]
    if text[start + len(about) :][:1] in ("", "\n"):  # a line's end is no part of what is shown
        about = about.removesuffix("\r")
    assert shown[at : at + size] == about


NESTED = """# Page

> - ```bash
>   # {before}
>   curl -F 'prompt[text]=a {before} cat --video --video_model kling25 --duration 77' https://x
>   ```
"""


@given(WORDS.map(str.strip), st.sampled_from(["\n", "\r\n"]))
def test_places_in_nested_hosts(before: str, end: str) -> None:
    text = NESTED.format(before=before).replace("\n", end)
    report = report_of(text.encode(), "markdown", "a.txt")
    (record,) = report.records
    assert record.host == "markdown > bash > form"
    for form in FORMATS:
        known = offsets(text, {"sarif": "utf16", "rdjson": "utf8"}.get(form, "points"))
        for start, _ in places(form, renderer(form)(report)):
            assert text[known[start] :].startswith("77")


def test_a_finding_of_several_lines_has_no_columns_on_github() -> None:
    finding = report_of(b"a --video --video_model kling25 --duration 77").records[0].finding
    record = record_at("a.txt", LineIndex(b"a\nbc\nd"), Span(3, 6), finding)
    assert (record.region.start[:2], record.region.end[:2]) == ((2, 2), (3, 2))
    assert record.frame == Frame("bc", 1, 1)
    rendered = renderer("github")(FindingsReport([record], ()))
    assert "line=2,endLine=3::" in rendered
    assert "col" not in rendered.split("::")[1]
