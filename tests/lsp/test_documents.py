"""Documents under any edits: what is shown is what `check` finds in the text that results."""

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from lsprotocol import types

from flaglift.check.document import PromptFile
from flaglift.check.hosts.registry import host_named
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileInspection, FileJob
from flaglift.lsp import dividing
from flaglift.lsp.diagnostics import diagnostics
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.session import EditorSession, OpenDocument
from flaglift.lsp.syncing import edited
from flaglift.lsp.text import EditorText
from flaglift.settings import DEFAULT

WIDTHS: dict[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}
PROMPTS = (
    "a 😀 cat --video --video_model kling25 --duration 77",
    "plain",
    "é --vidoe",
    "a dog --video --video_model=kling25 --video_model kling25",
)
WRITTEN: dict[str, Callable[[int, str], str]] = {
    "lines": lambda _, text: f"{text}\n",
    "jsonl": lambda _, text: json.dumps({"text": text}, ensure_ascii=False) + "\n",
    "python": lambda number, text: f"p{number} = {text!r}\n",
    "javascript": lambda number, text: f"const p{number} = `{text}`\n",
    "go": lambda number, text: f"var p{number} = `{text}`\n",
    "yaml": lambda _, text: f"- text: {text}\n",
    "php": lambda number, text: f"$p{number} = {json.dumps(text)};\n",
    "ruby": lambda number, text: f"p{number} = {json.dumps(text)}\n",
    "json": lambda number, text: f"{',' if number else ''}\n  {json.dumps({'text': text})}",
    "markdown": lambda _, text: f"```\n{text}\n```\n",
    "html": lambda _, text: f"<p>{text}</p>\n",
    "svelte": lambda _, text: f"<p>{{x}} {text}</p>\n",
    "csv": lambda number, text: f'{number},"{text}"\n',
    "toml": lambda number, text: f"p{number} = {json.dumps(text)}\n",
    "toml of tables": lambda number, text: (
        f"[[a.b]]\nx{number} = {json.dumps(text)}\ny = '{text}'\n"
    ),
    "bash": lambda _, text: f"echo '{text}'\ncat <<A\n{text}\nA\n",
    "json of members": lambda number, text: (
        f"{',' if number else ''}\n    {json.dumps(str(number))}: {json.dumps(text)}"
    ),
    "yaml of keys": lambda number, text: f"k{number}:\n- {text}\n",
}
BEGINNINGS = {
    "go": "package a\n", "json": "[", "php": "<?php\n", "csv": "id,text\n", "bash": "#!/bin/sh\n",
    "json of members": '{\n  "version": 1,\n  "prompt": {', "yaml of keys": "# keys\n---\n",
}  # fmt: skip
ENDS = {"json": "\n]\n", "json of members": "\n  }\n}\n"}
FORM = "form.append('prompt[text]', 'a --video --duration 7')\nform.append('prompt[model]', x)\n"
SIGNS = (
    *PROMPTS, FORM, "x", " ", "\n", "\r\n", "\r", "\u2028", "\u0085", "\f", "😀", "é", "\\", "+",
    "'", '"', "`", '"""', "(", ")", "{", "}", ";", "/*", "*/", "- ", ": ", '{"a": [\n', "]}\n",
    "--duration 5", ",\n  ", "<<~A\n", "A\n", "?>", "]\n",
    "<p>", "</p>", "<!--", "-->", "<textarea>", "&lt;", "[a]\n", "[[a.b]]\n", "text = ",
    "---\n", "&a ",
    "*a", ",", "```\n", "> ", "\n\n", "<<A\n", "$(", "\t", "a: ", "k1: ", '"0": 1,\n    ', "|\n  ",
    "# flaglift: disable[FL402]\n", "// flaglift: ignore[FL402]\n", "if x:\n    ",
)  # fmt: skip
OPENINGS = {
    "javascript": "//",
    "go": "//",
    "php": "//",
    "markdown": "<!--",
    "html": "<!--",
    "svelte": "<!--",
}
REACHES = ("ignore", "ignore-next-line", "disable", "enable", "file-ignore")
_LINE_END = re.compile(r"\r\n?|\n")


def lines_of(text: str) -> list[tuple[int, str]]:
    """Return the lines of a text by the protocol, each with its first code point."""
    starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
    ends = [match.start() for match in _LINE_END.finditer(text)] + [len(text)]
    return [(start, text[start:end]) for start, end in zip(starts, ends, strict=True)]


def position(text: str, index: int, unit: str) -> types.Position:
    """Return where a code point is; in a line end, the end of the line."""
    number, (start, line) = max(
        (each for each in enumerate(lines_of(text)) if each[1][0] <= index), key=lambda e: e[0]
    )
    return types.Position(number, WIDTHS[unit](line[: index - start]))


def inspected(text: str, host: str) -> FileInspection:
    """Return the result of `flaglift check`."""
    data = text.encode()
    return inspect(PromptFile(data, host_named(host), FileJob("a", "a", data, host, DEFAULT)))


def checked(text: str, host: str, unit: str) -> list[tuple[str | None, str, types.Range]]:
    """Return what `flaglift check` finds."""
    starts = [0]
    for line in text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    return [
        (
            each.finding.code,
            each.finding.message,
            types.Range(
                *(
                    position(text, starts[point.line - 1] + point.column - 1, unit)
                    for point in (each.region.start, each.region.end)
                )
            ),
        )
        for each in inspected(text, host).records
    ]


class Documents(RuleBasedStateMachine):
    """A document in an editor, and what its text is."""

    def __init__(self) -> None:
        super().__init__()
        self.units = dividing._UNITS
        dividing._UNITS = 2  # so that few lines are many parts

    def teardown(self) -> None:
        dividing._UNITS = self.units

    @initialize(
        kind=st.sampled_from(sorted(WRITTEN)),
        unit=st.sampled_from(sorted(WIDTHS)),
        prompts=st.lists(st.sampled_from(PROMPTS), min_size=1, max_size=14),
    )
    def open(self, kind: str, unit: str, prompts: list[str]) -> None:
        lines = (WRITTEN[kind](number, each) for number, each in enumerate(prompts))
        self.text = BEGINNINGS.get(kind, "") + "".join(lines) + ENDS.get(kind, "")
        host, _, _ = kind.partition(" ")
        self.host, self.unit = host, unit
        self.session = EditorSession()
        language = "plaintext" if host == "lines" else host
        version = TextVersion("untitled:a", language, 1, EditorText(self.text, unit))
        self.document = OpenDocument(version.uri, version)
        self.before = [self.text]

    def change(self, start: int, end: int, content: str) -> None:
        place = types.Range(*(position(self.text, at, self.unit) for at in (start, end)))
        self.take(types.TextDocumentContentChangePartial(place, content))
        # Within a line end there is no position.
        start, end = (self.index(place.start), self.index(place.end))
        self.text = self.text[:start] + content + self.text[end:]

    def index(self, place: types.Position) -> int:
        start, line = lines_of(self.text)[place.line]
        width = WIDTHS[self.unit]
        return start + next(n for n in range(len(line) + 1) if width(line[:n]) == place.character)

    def take(self, change: types.TextDocumentContentChangeEvent) -> None:
        self.before.append(self.text)
        version = self.document.version
        assert isinstance(version, TextVersion)
        self.document.version = version.edited(2, edited(version.text, [change]))

    @rule(where=st.floats(0, 1), content=st.sampled_from(SIGNS))
    def insert(self, where: float, content: str) -> None:
        at = round(where * len(self.text))
        self.change(at, at, content)

    @rule(where=st.floats(0, 1), length=st.integers(1, 80))
    def delete(self, where: float, length: int) -> None:
        at = round(where * len(self.text))
        self.change(at, min(len(self.text), at + length), "")

    @rule(where=st.floats(0, 1), content=st.sampled_from(SIGNS), length=st.integers(1, 20))
    def replace(self, where: float, content: str, length: int) -> None:
        at = round(where * len(self.text))
        self.change(at, min(len(self.text), at + length), content)

    @rule(
        where=st.floats(0, 1),
        reach=st.sampled_from(REACHES),
        code=st.sampled_from(("FL401", "FL402", "FL104, FL108", "FL201", "FL402, unread")),
        alone=st.booleans(),
    )
    def suppress(self, where: float, reach: str, code: str, *, alone: bool) -> None:
        lines = lines_of(self.text)
        start, line = lines[min(len(lines) - 1, int(where * len(lines)))]
        opening = OPENINGS.get(self.host, "#")
        comment = f"{opening} flaglift: {reach}[{code}]{' -->' if opening == '<!--' else ''}"
        at = start if alone else start + len(line)
        self.change(at, at, f"{comment}\n" if alone else f" {comment}")

    @rule()
    def undo(self) -> None:
        text = self.before[-1]
        self.take(types.TextDocumentContentChangeWholeDocument(text))
        self.text = text

    @invariant()
    def what_is_shown_is_what_check_finds(self) -> None:
        version = self.document.version
        assert isinstance(version, TextVersion)
        assert version.data.decode() == self.text
        found = diagnostics(self.session.read(self.document, version))
        again = TextVersion(version.uri, version.language, 2, EditorText(self.text, self.unit))
        fresh = OpenDocument(again.uri, again)
        assert found == diagnostics(EditorSession().read(fresh, again))
        shown = [(each.code, each.message, each.range) for each in found[version.uri] if each.code]
        assert shown == checked(self.text, self.host, self.unit)
        newline = "\n"  # a lone CR ends a line by the protocol only
        said = [
            f"{self.text[: self.index(each.range.start)].count(newline) + 1}: {each.message}"
            for each in found[version.uri]
            if not each.code and each.message.startswith("not read")
        ]
        assert said == [*filter(None, [inspected(self.text, self.host).unread])]


TestDocuments = pytest.mark.no_cover(Documents.TestCase)  # as of other properties
TestDocuments.settings = settings(max_examples=30, stateful_step_count=12, deadline=None)


@pytest.mark.parametrize("kind", ["markdown", "php", "ruby", "python", "bash"])
def test_prompts_between_the_texts_of_parts_are_said(kind: str) -> None:
    documents = Documents()
    documents.open(kind, "utf-16", [PROMPTS[0]] * 3)
    for where in (0.99, 0.5, 0.1):
        documents.insert(where, f"\n{PROMPTS[0]}\n")
        documents.what_is_shown_is_what_check_finds()
    for where in (0.9, 0.4, 0):
        documents.suppress(where, "ignore-next-line", "unread", alone=True)
        documents.what_is_shown_is_what_check_finds()
    documents.suppress(0, "file-ignore", "unread", alone=False)
    documents.what_is_shown_is_what_check_finds()


def test_a_document_in_a_script_that_does_not_end_is_read_with_all_around_it() -> None:
    documents = Documents()
    documents.open("bash", "utf-16", [PROMPTS[0]])
    for content, length, where in ((PROMPTS[0], 4, 0.95), ("plain", 0, 0.81), ("plain", 1, 0.62)):
        documents.replace(where, content, length)
        documents.what_is_shown_is_what_check_finds()


def test_a_document_that_is_cut_off() -> None:
    """What is left of the last line is a line of its own."""
    documents = Documents()
    documents.open("lines", "utf-16", [PROMPTS[0]] * 5)
    for _ in range(40):
        documents.delete(1, 5)
        documents.what_is_shown_is_what_check_finds()
    documents.teardown()


@pytest.mark.parametrize("kind", ["html", "svelte"])
@pytest.mark.parametrize(
    "opening", ["<textarea>", "<script>", "<title>", "<p class='", "<p --video>"]
)
def test_a_document_with_an_odd_tag_is_read_as_a_whole(kind: str, opening: str) -> None:
    documents = Documents()
    documents.open(kind, "utf-16", [PROMPTS[0]] * 6)
    for where in (0.9, 0.5, 0.1):
        documents.insert(where, opening)
        documents.what_is_shown_is_what_check_finds()
    documents.delete(0.1, len(opening))
    documents.what_is_shown_is_what_check_finds()


def test_texts_that_end_in_a_later_line_are_shown_as_check_finds_them() -> None:
    """The shell's parser is content with what is left, in which each quote ends another's text."""
    prompt = "a 😀 cat --video --video_model kling25 --duration 77"
    state = Documents()
    state.open(kind="bash", prompts=[prompt] * 12, unit="utf-16")
    for content, length, where in (("+", 7, 0.0), ("<p>", 12, 0.0), (prompt, 15, 0.83)):
        state.replace(content=content, length=length, where=where)
        state.what_is_shown_is_what_check_finds()
    assert inspected(state.text, state.host).unread
