"""Notebooks, cell by cell: the same findings as `check` has in the file that an editor saves."""

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from flaglift.check.document import PromptFile
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.unread import unread
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileJob
from flaglift.report.places import LineIndex, Point
from flaglift.report.text import counted
from flaglift.settings import DEFAULT
from lsp.editor import Cell, Editor, capabilities, session

BAD = "a 😀 cat --video --video_model kling25 --duration 77"
KERNEL = {"metadata": {"language_info": {"name": "python"}}}
SEVERITIES = {"error": 1, "warning": 2, "info": 3}
WIDTHS = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}

Found = tuple[str, str, int, tuple[int, int], tuple[int, int]]


def saved(cells: Sequence[Cell], metadata: Mapping[str, Any]) -> bytes:
    """Return the notebook as Jupyter writes it."""
    kernel = metadata.get("metadata", metadata)
    name = kernel.get("language_info", {}).get("name", "python")
    written = []
    for cell in cells:
        kind = "markdown" if cell.markup else "raw" if cell.language == "raw" else "code"
        other = kind == "code" and cell.language != name
        said = {"vscode": {"languageId": cell.language}} if other else {}
        lines = cell.text.encode().splitlines(keepends=True)
        source = [line.decode() for line in lines]
        written.append({"cell_type": kind, "metadata": said, "outputs": [], "source": source})
    notebook = {"cells": written, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False).encode()


def expected(cells: Sequence[Cell], metadata: Mapping[str, Any], unit: str) -> list[list[Found]]:
    """What `flaglift check` finds in each cell; places are those of the text that is saved."""
    data = saved(cells, metadata)
    job = FileJob("a.ipynb", "a.ipynb", data, "notebook", DEFAULT)
    lines = data.decode().split("\n")
    where: dict[int, tuple[int, int]] = {}
    cell, inside = -1, -1
    for number, line in enumerate(lines):
        if line.startswith('   "source": ['):
            cell, inside = cell + 1, 0
        elif line.startswith('    "') and inside >= 0:
            where[number] = cell, inside
            inside += 1
        else:
            inside = -1

    def place(point: Point) -> tuple[int, int]:
        string = lines[point.line - 1][: point.column - 1].lstrip(" ")
        return where[point.line - 1][1], WIDTHS[unit](json.loads(string + '"'))

    found: list[list[Found]] = [[] for _ in cells]
    for each in inspect(PromptFile(data, host_named("notebook"), job)).records:
        found[where[each.region.start.line - 1][0]].append(
            (
                each.finding.code,
                each.finding.message,
                SEVERITIES[each.finding.severity],
                place(each.region.start),
                place(each.region.end),
            )
        )
    missed = unread(data, host_named("notebook"))
    if missed:
        point = LineIndex(data).point(missed[0].start)
        count = counted(len(missed), "flag spelling")
        message = f"not read: {missed[0].reason}; it holds {count}"
        at = place(point)
        found[where[point.line - 1][0]].insert(0, ("None", message, 2, at, at))
    return found


def shown(editor: Editor, cell: Cell) -> list[Found]:
    """What the editor was told of a cell; a request is answered after it was."""
    last: Sequence[types.Diagnostic] = ()
    for params in editor.client.published:
        last = params.diagnostics if params.uri == cell.uri else last
    return [
        (
            str(each.code),
            each.message,
            int(each.severity or 0),
            (each.range.start.line, each.range.start.character),
            (each.range.end.line, each.range.end.character),
        )
        for each in last
    ]


async def settled(editor: Editor, cell: Cell) -> None:
    """Wait until what was sent before is read, and published."""
    params = types.HoverParams(types.TextDocumentIdentifier(cell.uri), types.Position(0, 0))
    await editor.client.text_document_hover_async(params)
    await asyncio.sleep(0)


async def agrees(
    editor: Editor, cells: Sequence[Cell], metadata: Mapping[str, Any], unit: str = "utf-16"
) -> int:
    """See that each cell shows what `check` finds; return how much that is."""
    wanted = expected(cells, metadata, unit)
    await show(editor, cells, wanted)
    return sum(map(len, wanted))


async def show(editor: Editor, cells: Sequence[Cell], wanted: Sequence[list[Found]]) -> None:
    """Wait until each cell shows what is wanted."""
    for _ in range(200):
        if [shown(editor, cell) for cell in cells] == wanted:
            return
        await settled(editor, cells[0])
    assert [shown(editor, cell) for cell in cells] == wanted


def structure(
    start: int, count: int, cells: Sequence[Cell] = (), **told: Any
) -> types.NotebookDocumentCellChangeStructure:
    array = types.NotebookCellArrayChange(start, count, [each.cell() for each in cells])
    return types.NotebookDocumentCellChangeStructure(array, **told)


CELLS = (
    Cell("c:1", f"# Prompts\n\n```bash\ncurl -F 'prompt[text]={BAD}' u\n```\n", "markdown", True),
    Cell("c:2", f'import x\np = "{BAD}"\r\nq = "a \\"{BAD[:10]}\\" --vidoe"\n'),
    Cell("c:3", f"%%bash\ncurl -F 'prompt[text]={BAD}' u"),
    Cell("c:4", f"const p = `{BAD}`;\n", "javascript"),
    Cell("c:5", BAD, "raw"),
    Cell("c:6", ""),
)


@pytest.mark.parametrize("unit", WIDTHS)
def test_the_findings_are_those_of_check(unit: str, tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        await editor.open_notebook(tmp_path / "a.ipynb", CELLS, KERNEL)
        assert await agrees(editor, CELLS, KERNEL, unit) > 12
        for cell in CELLS:
            assert await editor.found(cell.uri) == []  # it is published, and not twice

    session(run, tmp_path, able=capabilities(encodings=[unit]))


def test_cells_are_added_removed_moved_edited_and_turned(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        cells = [Cell(each.uri, each.text, each.language, each.markup) for each in CELLS]
        uri = await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        await agrees(editor, cells, KERNEL)
        new = Cell("c:7", f"r = '{BAD}'")
        cells.insert(1, new)
        editor.change_notebook(uri, structure=structure(1, 0, [new], did_open=[editor.item(new)]))
        await agrees(editor, cells, KERNEL)
        moved = cells.pop(2)
        cells.append(moved)
        editor.change_notebook(uri, structure=structure(2, 1))
        editor.change_notebook(uri, structure=structure(len(cells) - 1, 0, [moved]))
        await agrees(editor, cells, KERNEL)
        place = types.Range(types.Position(0, 5), types.Position(0, 5))
        moved.text = f'"{BAD}"\n' + moved.text
        cell_start = types.Range(types.Position(0, 0), types.Position(0, 0))
        change = editor.content(moved.uri, f'"{BAD}"\n', cell_start)
        editor.change_notebook(uri, text_content=[change])
        await agrees(editor, cells, KERNEL)
        new.text = new.text[:5] + "x" + new.text[5:]
        editor.change_notebook(uri, text_content=[editor.content(new.uri, "x", place)])
        await agrees(editor, cells, KERNEL)
        new.markup = True
        editor.change_notebook(uri, data=[new.cell()])
        await agrees(editor, cells, KERNEL)
        gone = cells.pop(0)
        told = [types.TextDocumentIdentifier(gone.uri)]
        editor.change_notebook(uri, structure=structure(0, 1, did_close=told))
        await agrees(editor, cells, KERNEL)
        await show(editor, [gone], [[]])
        document = types.NotebookDocumentIdentifier(uri)
        closed = [types.TextDocumentIdentifier(each.uri) for each in cells]
        editor.client.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(document, closed)
        )
        await show(editor, cells, [[]] * len(cells))

    session(run, tmp_path)


@pytest.mark.no_cover
def test_many_edits_leave_what_a_new_notebook_shows(tmp_path: Path) -> None:
    signs = [BAD, "--video", '"', "'", "\\", "\n", "\r\n", "😀", "\u2028", " # ", "{x}", "\t", "é"]
    chance = random.Random(4)  # noqa: S311

    async def run(editor: Editor) -> None:
        cells = [Cell(each.uri, each.text, each.language, each.markup) for each in CELLS]
        uri = await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        total = 0
        for number in range(60):
            what = chance.random()
            if what < 0.15:
                new = Cell(f"n:{number}", f"p = '{BAD}'\n")
                at = chance.randrange(len(cells) + 1)
                cells.insert(at, new)
                told = structure(at, 0, [new], did_open=[editor.item(new)])
                editor.change_notebook(uri, structure=told)
            elif what < 0.3 and len(cells) > 2:
                at = chance.randrange(len(cells))
                gone = [types.TextDocumentIdentifier(cells.pop(at).uri)]
                editor.change_notebook(uri, structure=structure(at, 1, did_close=gone))
            else:
                cell = chance.choice(cells)
                lines = cell.text.replace("\r\n", "\n").split("\n")
                row = chance.randrange(len(lines))
                signs_before = chance.randrange(len(lines[row]) + 1)
                column = WIDTHS["utf-16"](lines[row][:signs_before])
                place = types.Position(row, column)
                text = chance.choice(signs)
                cut = cell.text.encode().splitlines(keepends=True)[:row]
                start = len(b"".join(cut).decode()) + signs_before
                cell.text = cell.text[:start] + text + cell.text[start:]
                change = editor.content(cell.uri, text, types.Range(place, place))
                editor.change_notebook(uri, text_content=[change])
            total += await agrees(editor, cells, KERNEL)
        assert total > 500

    session(run, tmp_path)


@pytest.mark.parametrize(
    ("metadata", "language", "text"),
    [
        ({"kernelspec": {"language": "javascript"}}, "javascript", f"p = `{BAD}`"),
        ({"metadata": {"kernelspec": {"language": "ruby"}}}, "ruby", f"p = '{BAD}'"),
        ({"metadata": {"language_info": {"name": "julia"}}}, "julia", f"p = '{BAD}'"),
        ({"language_info": {"name": "javascript"}}, "typescriptreact", f"p = <A t='{BAD}'/>"),
        ({"language_info": {"name": "python"}}, "shellscript", f"curl -F 'prompt[text]={BAD}' u"),
    ],
)
def test_the_language_is_that_of_the_cell_and_the_kernel(
    metadata: dict[str, Any], language: str, text: str, tmp_path: Path
) -> None:
    async def run(editor: Editor) -> None:
        cells = [Cell("c:1", text, language)]
        uri = await editor.open_notebook(tmp_path / "a.ipynb", cells, metadata)
        assert await agrees(editor, cells, metadata) > 0
        editor.change_notebook(uri, metadata={"language_info": {"name": "cobol"}})
        assert await agrees(editor, cells, {"language_info": {"name": "cobol"}}) > -1

    session(run, tmp_path)


def test_what_a_cell_suppresses_counts_in_those_after_it(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        cells = [Cell("c:1", "# flaglift: disable[FL402]\n"), Cell("c:2", f"p = '{BAD}'\n")]
        uri = await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        await agrees(editor, cells, KERNEL)
        assert "FL402" not in [each[0] for each in shown(editor, cells[1])]
        cells[0].text = "x"
        editor.change_notebook(uri, text_content=[editor.content("c:1", "x")])
        await agrees(editor, cells, KERNEL)
        assert "FL402" in [each[0] for each in shown(editor, cells[1])]

    session(run, tmp_path)


async def actions(
    editor: Editor, uri: str, place: types.Range, only: Sequence[str] = ()
) -> list[types.CodeAction]:
    context = types.CodeActionContext([], list(only) or None)
    document = types.TextDocumentIdentifier(uri)
    params = types.CodeActionParams(document, place, context)
    found = await editor.client.text_document_code_action_async(params)
    return [each for each in found or () if isinstance(each, types.CodeAction)]


def applied(action: types.CodeAction, cells: Sequence[Cell], editor: Editor) -> None:
    """Apply an action as an editor does: each edit to the version that it is for."""
    texts = {cell.uri: cell for cell in cells}
    assert action.edit
    for change in action.edit.document_changes or ():
        assert isinstance(change, types.TextDocumentEdit)
        cell = texts[change.text_document.uri]
        assert change.text_document.version == editor.versions[cell.uri]
        for edit in sorted(change.edits, key=lambda each: -each.range.start.line):
            assert isinstance(edit, types.TextEdit)
            lines = cell.text.split("\n")
            assert edit.range.start.line == edit.range.end.line
            line = lines[edit.range.start.line].encode("utf-16-le")
            start, end = 2 * edit.range.start.character, 2 * edit.range.end.character
            new = line[:start] + edit.new_text.encode("utf-16-le") + line[end:]
            lines[edit.range.start.line] = new.decode("utf-16-le")
            cell.text = "\n".join(lines)


def test_fixes_are_of_one_cell_and_those_of_a_notebook_of_all(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        cells = [
            Cell("c:1", f"# 😀 \"\np = '😀 {BAD}'\n"),
            Cell("c:2", f"q = '{BAD}'\nr = \"x\\n\""),
        ]
        await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        await agrees(editor, cells, KERNEL)
        place = types.Range(types.Position(1, 0), types.Position(2, 0))
        everything = await actions(editor, "c:1", place)
        (fix,) = [
            each
            for each in everything
            if each.diagnostics and each.diagnostics[0].code == "FL402" and "fix" in each.title
        ]
        applied(fix, cells, editor)
        assert cells[0].text == f"# 😀 \"\np = '😀 {BAD.replace('77', '10')}'\n"
        assert cells[1].text == f"q = '{BAD}'\nr = \"x\\n\""

    session(run, tmp_path)


def test_all_safe_fixes(tmp_path: Path) -> None:
    """Those of a cell alone, or of the notebook; and nothing twice (ruff-lsp#320)."""
    text = "p = 'a \\u00e9 cat --video --video_model=kling25 --video_model kling25'\n"
    fixed = "p = 'a \\u00e9 cat --video --video_model kling25'\n"

    async def run(editor: Editor) -> None:
        cells = [Cell("c:1", f"# 😀\n{text}{text}"), Cell("c:2", text)]
        uri = await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        await agrees(editor, cells, KERNEL)
        start = types.Range(types.Position(0, 0), types.Position(0, 0))
        (one,) = await actions(editor, "c:1", start, ["source.fixAll"])
        (every,) = await actions(editor, "c:1", start, ["notebook.source.fixAll.flaglift"])
        assert [one.kind, every.kind] == [
            "source.fixAll.flaglift",
            "notebook.source.fixAll.flaglift",
        ]
        applied(one, cells, editor)
        assert [each.text for each in cells] == [f"# 😀\n{fixed}{fixed}", text]
        editor.change_notebook(uri, text_content=[editor.content("c:1", cells[0].text)])
        assert await actions(editor, "c:1", start, ["source.fixAll"]) == []
        (every,) = await actions(editor, "c:1", start, ["notebook.source.fixAll.flaglift"])
        applied(every, cells, editor)
        assert [each.text for each in cells] == [f"# 😀\n{fixed}{fixed}", fixed]

    session(run, tmp_path)


@pytest.mark.parametrize(
    ("text", "ignored"),
    [
        (
            f"def f():\n    return '{BAD}'\n",
            f"def f():\n    # flaglift: ignore-next-line[FL402]\n    return '{BAD}'\n",
        ),
        (f"p = '{BAD}'", f"# flaglift: ignore-next-line[FL402]\np = '{BAD}'"),
        (
            f"p = \\\n  '{BAD}'",
            f"p = \\\n  '{BAD}'  # flaglift: ignore[FL402]",
        ),
    ],
)
def test_a_comment_ignores_a_finding_in_a_cell(text: str, ignored: str, tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        cells = [Cell("c:1", text)]
        uri = await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        row = next(n for n, line in enumerate(text.split("\n")) if "--video" in line)
        place = types.Range(types.Position(row, 0), types.Position(row + 1, 0))
        (ignoring,) = [
            each
            for each in await actions(editor, "c:1", place)
            if each.title.startswith("Ignore FL402")
        ]
        applied(ignoring, cells, editor)
        assert cells[0].text == ignored
        editor.change_notebook(uri, text_content=[editor.content("c:1", cells[0].text)])
        await agrees(editor, cells, KERNEL)
        assert "FL402" not in [each[0] for each in shown(editor, cells[0])]

    session(run, tmp_path)


def test_a_cell_has_what_a_file_has(tmp_path: Path) -> None:
    text = f"# flaglift: ignore-next-line[FL601]\np = '{BAD}'\n"

    async def run(editor: Editor) -> None:
        cells = [Cell("c:1", text), Cell("c:2", f'q = "\\x41 {BAD} "\n')]
        await editor.open_notebook(tmp_path / "a.ipynb", cells, KERNEL)
        client, document = editor.client, types.TextDocumentIdentifier("c:1")
        first, second = types.Position(1, 16), types.Position(1, 40)
        hover = await client.text_document_hover_async(types.HoverParams(document, first))
        assert hover
        assert hover.range == types.Range(types.Position(1, 14), types.Position(1, 21))
        line = types.Range(types.Position(0, 0), types.Position(2, 0))
        hints = await client.text_document_inlay_hint_async(types.InlayHintParams(document, line))
        assert [each.position.line for each in hints or ()] == [1, 1]
        lens = await client.text_document_code_lens_async(types.CodeLensParams(document))
        assert lens
        assert str(lens[0].command and lens[0].command.title).startswith("2 prompts, 2 videos")
        other = types.TextDocumentIdentifier("c:2")
        assert not await client.text_document_code_lens_async(types.CodeLensParams(other))
        for each, start in ((document, [1, 14]), (other, [0, 19])):
            params = types.SemanticTokensParams(each)
            tokens = await client.text_document_semantic_tokens_full_async(params)
            assert tokens
            assert list(tokens.data[:2]) == start
            assert len(tokens.data) == 25
        links = await client.text_document_document_link_async(types.DocumentLinkParams(document))
        assert [each.range.start.line for each in links or ()] == [0]
        completion = await client.text_document_completion_async(
            types.CompletionParams(document, second)
        )
        assert isinstance(completion, types.CompletionList)
        assert "kling25" in [each.label for each in completion.items]
        place = types.Position(0, 20)
        command = types.ExecuteCommandParams("flaglift.copyAs", ["c:2", place, "form"])
        said = await client.workspace_execute_command_async(command)
        assert str(said).startswith("prompt[text]=A a 😀 cat")

    session(run, tmp_path)


def test_what_makes_no_sense_is_not_taken_for_a_notebook(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        text = await editor.open("c:1", BAD)
        assert await editor.found(text) != []
        cells = [Cell("c:1", f"p = '{BAD}'")]
        editor.versions["n:never"] = 1
        editor.change_notebook("n:never", data=[cells[0].cell()])
        uri = await editor.open_notebook("n:a", [])
        new = [*cells, Cell("c:2", BAD)]
        editor.change_notebook(uri, structure=structure(0, 9, new, did_open=[editor.item(new[0])]))
        editor.change_notebook(uri, text_content=[editor.content("c:1", f"pp = '{BAD}'")])
        editor.versions["c:9"] = 1
        editor.change_notebook(uri, text_content=[editor.content("c:9", "x")])
        editor.change("c:1", "and not as a text of its own")
        await editor.open("c:1", "x")
        editor.close("c:1")
        cells[0].text = f"pp = '{BAD}'"
        await agrees(editor, [*cells, Cell("c:2", "")], {})
        hover = types.HoverParams(types.TextDocumentIdentifier(uri), types.Position(0, 0))
        assert await editor.client.text_document_hover_async(hover) is None
        document = types.NotebookDocumentIdentifier("n:never")
        editor.client.notebook_document_did_close(
            types.DidCloseNotebookDocumentParams(document, [])
        )
        await agrees(editor, [*cells, Cell("c:2", "")], {})

    session(run, tmp_path)
