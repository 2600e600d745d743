"""Diagnostics: those of `flaglift check`, position by position, as the documents change."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from lsprotocol import types

from flaglift import parse
from flaglift.check.document import PromptFile
from flaglift.check.document import fingerprint as prompt_fingerprint
from flaglift.check.hosts.encoding import decode
from flaglift.check.hosts.registry import NAMES, host_named
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileJob
from flaglift.report.places import Point
from flaglift.settings import DEFAULT
from lsp.editor import Editor, Report, capabilities, session

CORPUS = sorted((Path(__file__).parents[1] / "corpora" / "hosts").glob("*/*.txt"))
COLUMNS = {"utf-8": "utf8", "utf-16": "utf16", "utf-32": "column"}
LONG = "a 😀 cat --video --video_model kling25 --duration 77\n"
SEVERITIES = {"error": 1, "warning": 2, "info": 3}

Found = tuple[str, str, int, tuple[int, int, int, int]]


def host_of(path: Path) -> str:
    return path.stem.partition("-")[0]


def expected(raw: bytes, host: str, unit: str) -> list[Found]:
    """What `flaglift check` finds."""

    def place(point: Point) -> tuple[int, int]:
        return point.line - 1, getattr(point, COLUMNS[unit]) - 1

    document = PromptFile(decode(raw).data, host_named(host), FileJob("a", "a", raw, host, DEFAULT))
    return [
        (
            each.finding.code,
            each.finding.message,
            SEVERITIES[each.finding.severity],
            (*place(each.region.start), *place(each.region.end)),
        )
        for each in inspect(document).records
    ]


def shown(found: Sequence[types.Diagnostic]) -> list[Found]:
    return [
        (
            str(each.code),
            each.message,
            int(each.severity or 0),
            (
                each.range.start.line,
                each.range.start.character,
                each.range.end.line,
                each.range.end.character,
            ),
        )
        for each in found
        if each.code is not None
    ]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder where a file's suffix is its host."""
    hosts = "".join(f'"*.{name}" = "{name}"\n' for name in NAMES)
    (tmp_path / "flaglift.toml").write_text(f"[hosts]\n{hosts}")
    return tmp_path


@pytest.mark.parametrize("unit", COLUMNS)
@pytest.mark.no_cover
def test_the_findings_are_those_of_check(unit: str, project: Path) -> None:
    async def run(editor: Editor) -> None:
        count = 0
        for path in CORPUS:
            raw = path.read_bytes()
            uri = await editor.open(project / f"{path.stem}.{host_of(path)}", raw.decode())
            found = shown(await editor.found(uri))
            assert found == expected(raw, host_of(path), unit), path.name
            count += len(found)
        assert count > 200

    session(run, project, able=capabilities(encodings=[unit]))


@pytest.mark.parametrize("unit", COLUMNS)
def test_the_findings_are_those_of_check_after_edits(unit: str, project: Path) -> None:
    """Each line of a text is typed before the others, and only what is new is linted."""
    text = "\ufeff" + "".join(
        [LONG, "plain\u2028text\n", "“a” —video --duration 5s\r\n", LONG, "x 猫\f --vidoe\n"]
    )

    async def run(editor: Editor) -> None:
        uri = await editor.open(project / "a.txt", "")
        typed = ""
        for line in reversed(text.splitlines(keepends=True)):
            typed = line + typed
            start = types.Position(0, 0)
            editor.change(uri, line, types.Range(start, start))
            found = shown(await editor.found(uri))
            assert found == [
                (code, said, severity, moved(place, typed, unit))
                for code, said, severity, place in expected(typed.encode(), "lines", unit)
            ]

    def moved(place: tuple[int, int, int, int], typed: str, unit: str) -> tuple[int, int, int, int]:
        """The editor shows the mark at the beginning as a character of the first line."""
        mark = {"utf-8": 3}.get(unit, 1) if typed.startswith("\ufeff") else 0
        first, start, last, end = place
        return first, start + (mark if not first else 0), last, end + (mark if not last else 0)

    session(run, project, able=capabilities(encodings=[unit]))


def test_a_reading_is_told_once(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        first = await editor.pull(uri)
        assert isinstance(first, Report)
        again = await editor.pull(uri, first.result_id)
        assert again == types.RelatedUnchangedDocumentDiagnosticReport(str(first.result_id))
        editor.change(uri, LONG + LONG)
        assert len((await editor.pull(uri, first.result_id)).items) == 2 * len(first.items)
        editor.close(uri)
        assert await editor.found(uri) == []
        assert editor.client.published == []

    session(run, tmp_path)


def test_an_editor_that_does_not_ask_is_told(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        assert "FL402" in [each.code for each in await editor.pushed(uri, 1)]
        version = 1
        for seconds in ("6", "5"):
            place = types.Range(types.Position(0, 50), types.Position(0, 52))
            version = editor.change(uri, seconds + " ", place)
        assert "FL402" not in [each.code for each in await editor.pushed(uri, version)]
        editor.close(uri)
        while editor.client.published[-1].diagnostics:
            await asyncio.sleep(0.01)
        versions = [each.version or 0 for each in editor.client.published[:-1]]
        assert versions == sorted(versions)

    session(run, tmp_path, able=capabilities(pull=False))


def test_documents_that_are_no_files_are_known_by_their_language(tmp_path: Path) -> None:
    python = "p = 'a cat --video --video_model kling25 --duration 77'\n"
    texts = {
        "python": python,
        "plaintext": LONG,
        "shellscript": "curl -F 'prompt[text]=a cat --video --duration 77' https://a.example\n",
        "typescriptreact": "const prompt = <A t={'a cat --video --video_model kling25'} />\n",
    }

    async def run(editor: Editor) -> None:
        for number, (language, text) in enumerate(texts.items()):
            uri = await editor.open(f"untitled:Untitled-{number}", text, language)
            assert "FL001" in await editor.codes(uri), language
        assert await editor.codes(await editor.open("untitled:b", python, "cobol")) == []
        assert "FL402" in await editor.codes(await editor.open("untitled:c.py", python, "cobol"))
        unknown = await editor.open(tmp_path / "a.xyz", LONG, "plaintext")
        assert await editor.codes(unknown) == []
        script = await editor.open(tmp_path / "tool", f"#!/usr/bin/env python3\n{python}")
        assert "FL402" in await editor.codes(script)

    session(run, tmp_path)


def test_suppressions_and_the_baseline_count_as_in_check(tmp_path: Path) -> None:
    text = (
        "# flaglift: disable[FL001]\n"
        "a = 'a cat --video --video_model kling25 --duration 77'  # flaglift: ignore[FL402] why\n"
        "b = 'a dog --video --video_model kling25 --duration 77'\n"
        "c = 'plain'  # flaglift: ignore[FL301]\n"
    )
    baseline = {
        "version": 1,
        "findings": [{"prompt": fingerprint("a dog"), "rule": "FL402"}],
    }
    (tmp_path / "known.json").write_text(json.dumps(baseline))
    (tmp_path / "flaglift.toml").write_text(
        'baseline = "known.json"\n[[suppressions]]\npath = "a.py"\nat = 3\nrules = ["FL601"]\n'
    )

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", text, "python")
        found = [(each.code, each.range.start.line) for each in await editor.found(uri)]
        assert found == [("FL601", 1), ("FL901", 3)]

    session(run, tmp_path)


def test_a_comment_that_two_hosts_read_is_one(tmp_path: Path) -> None:
    text = "<div>\n<p>a cat --video</p> <!-- flaglift: ignore[FL301] why -->\n</div>\n\nother\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.md", text, "markdown")
        assert (await editor.codes(uri)).count("FL901") == 1

    session(run, tmp_path)


def fingerprint(start: str) -> str:
    return prompt_fingerprint(parse(f"{start} --video --video_model kling25 --duration 77"))


def test_what_is_not_looked_at_is_told(tmp_path: Path) -> None:
    (tmp_path / "flaglift.toml").write_text('max-file-size = 100\nexclude = ["vendor/"]\n')

    async def run(editor: Editor) -> None:
        async def said(name: str, text: str) -> list[str]:
            uri = await editor.open(tmp_path / name, text)
            return [each.message for each in await editor.found(uri) if each.code is None]

        assert await said("a.txt", LONG * 3) == [
            f"{len(LONG.encode()) * 3} bytes are more than `max-file-size` allows (100), "
            "so it is not checked"
        ]
        assert await said("b.txt", "x" * 101) == []
        assert await said("c.txt", "a --video\0") == ["is binary, so it is not read"]
        (broken,) = await said("d.py", "x = (\np = 'a cat --video\n")
        assert broken.startswith("not read: the code around it does not parse")
        assert await said("e.py", "# flaglift: disable[unread]\nx = (\np = 'a cat --video\n") == []
        assert await said("vendor/a.txt", LONG) == []
        assert await editor.found((tmp_path / "vendor" / "a.txt").as_uri()) == []

    session(run, tmp_path)


def test_of_very_many_findings_the_worst_are_shown(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG * 600)
        note, *found = await editor.found(uri)
        assert note.message.startswith("the worst 1000 of 1800 findings are shown")
        assert len(found) == 1000
        assert sum(each.code == "FL402" for each in found) == 600

    session(run, tmp_path)
