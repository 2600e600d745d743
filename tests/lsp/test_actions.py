"""Code actions: what they offer, what they change, and that undoing and going on works."""

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from flaglift.lsp.text import line_edits
from lsp.editor import Editor, capabilities, session

PYTHON = (
    "import requests\n"
    "requests.post(url, data={'prompt[text]': 'a 😀 cat --video --video_model kling25 "
    '--duration=5s --video_prompt "it sits"\'})\n'
)


def span(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


async def offered(
    editor: Editor,
    uri: str,
    place: types.Range,
    only: list[str] | None = None,
    trigger: types.CodeActionTriggerKind = types.CodeActionTriggerKind.Invoked,
) -> dict[str, types.CodeAction]:
    context = types.CodeActionContext([], only, trigger)
    params = types.CodeActionParams(types.TextDocumentIdentifier(uri), place, context)
    found = await editor.client.text_document_code_action_async(params)
    return {each.title: each for each in found or () if isinstance(each, types.CodeAction)}


async def commands(editor: Editor, uri: str, place: types.Range) -> list[types.Command]:
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(uri), place, types.CodeActionContext([])
    )
    found = await editor.client.text_document_code_action_async(params)
    return [each for each in found or () if isinstance(each, types.Command)]


def applied(text: str, action: types.CodeAction, uri: str, version: int | None) -> str:
    """The text after an action, as an editor in UTF-16 makes it; all of its edits are of it."""
    assert action.edit
    (change,) = action.edit.document_changes or ()
    assert isinstance(change, types.TextDocumentEdit)
    assert (change.text_document.uri, change.text_document.version) == (uri, version)
    lines = text.splitlines(keepends=True)
    starts = [sum(map(len, lines[:n])) for n in range(len(lines) + 1)]

    def offset(place: types.Position) -> int:
        line = lines[place.line] if place.line < len(lines) else ""
        raw = line.encode("utf-16-le")[: 2 * place.character]
        return starts[place.line] + len(raw.decode("utf-16-le"))

    for edit in sorted(change.edits, key=lambda each: -offset(each.range.start)):
        assert isinstance(edit, types.TextEdit)
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text


def test_a_fix_says_how_far_it_goes_and_is_made_for_its_version(tmp_path: Path) -> None:
    text = "a 😀 cat --video --video_model kling25 --duration 5s --video_prompt x\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", text)
        found = await offered(editor, uri, span(0, 51, 51))
        (fix,) = (each for title, each in found.items() if title.endswith("(unsafe fix)"))
        assert fix.diagnostics
        assert [each.code for each in fix.diagnostics] == ["FL401"]
        assert not fix.is_preferred
        new = applied(text, fix, uri, 1)
        assert new == text.replace("5s", "5")
        place = types.Range(types.Position(0, 0), types.Position(1, 0))
        version = editor.change(uri, new, place)
        assert "FL401" not in await editor.codes(uri)
        assert "FL401" not in str(await offered(editor, uri, span(0, 51, 51)))
        editor.change(uri, text)
        assert "FL401" in await editor.codes(uri)
        again = await offered(editor, uri, span(0, 51, 51))
        assert applied(text, again[fix.title], uri, version + 1) == new
        await editor.open(uri.replace("a.txt", "b.txt"), "plain\n")
        assert await offered(editor, uri.replace("a.txt", "b.txt"), span(0, 0, 3)) == {}
        assert await offered(editor, "untitled:none", span(0, 0, 3)) == {}

    session(run, tmp_path)


def test_safe_fixes_are_preferred_and_all_of_them_can_be_made_at_once(tmp_path: Path) -> None:
    line = "a cat --video --video_model=kling25 --video_model kling25 --video_prompt x\n"
    text = line + "\n" + line + "plain\n"
    source = ["source.fixAll.flaglift"]

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", text)
        found = await offered(editor, uri, span(0, 20, 20))
        safe = [each for title, each in found.items() if title.endswith("(safe fix)")]
        assert safe
        assert all(each.is_preferred for each in safe)
        assert "Apply all safe fixes of flaglift" in found
        (fixed,) = (await offered(editor, uri, span(0, 0, 0), source)).values()
        new = applied(text, fixed, uri, 1)
        assert new.count("--video_model") == 2
        editor.change(uri, new)
        assert await offered(editor, uri, span(0, 0, 0), source) == {}
        automatic = types.CodeActionTriggerKind.Automatic
        editor.change(uri, text)
        moved = await offered(editor, uri, span(0, 20, 20), trigger=automatic)
        assert "Apply all safe fixes of flaglift" not in moved
        assert list(await offered(editor, uri, span(0, 20, 20), ["refactor"])) == []
        assert await offered(editor, uri, span(0, 20, 20), ["source"]) != {}

    session(run, tmp_path)


def test_flags_move_to_fields_where_there_is_a_request(tmp_path: Path) -> None:
    text = PYTHON.replace("=5s", " 5")

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", text, "python")
        found = await offered(editor, uri, span(1, 50, 60), ["refactor"])
        ((title, move),) = found.items()
        assert title.startswith("move them to fields next to the prompt: ")
        new = applied(text, move, uri, 1)
        assert "'prompt[video_model]': 'kling25'" in new
        assert "--video" not in new
        editor.change(uri, new)
        assert await editor.codes(uri) == []

    session(run, tmp_path)


COMMENTED = {
    "a.py": "def f():\n    p = 'a cat --video --video_model kling25 --duration 7'\n",
    "a.ts": "const p = 'a cat --video --video_model kling25 --duration 7'\r\n",
    "a.yaml": "text: a cat --video --video_model kling25 --duration 7\n",
    "a.md": "```text\na cat --video --video_model kling25 --duration 7\n```\n",
    "a.sh": "curl -F a=b \\\n  -F 'prompt[text]=a cat --video --video_model kling25 --duration 7' u\n",  # noqa: E501
    "a.sql": "INSERT INTO p (text) VALUES ('a cat --video --video_model kling25 --duration 7');\n",
    "a.go": 'package a\n\nvar prompt = "a cat --video --video_model kling25 --duration 7"\n',
    "a.env": 'PROMPT="a cat --video --video_model kling25 --duration 7"\n',
    "a.mdx": "```text\na cat --video --video_model kling25 --duration 7\n```\n",
    "a.html": "<p>a cat --video --video_model kling25 --duration 7</p>\n",
}


@pytest.mark.parametrize("name", COMMENTED)
def test_a_comment_ignores_one_finding(name: str, tmp_path: Path) -> None:
    text = COMMENTED[name]

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / name, text)
        before = await editor.found(uri)
        (wrong,) = (each for each in before if each.code == "FL402")
        found = await offered(editor, uri, wrong.range)
        ignoring = found["Ignore FL402 duration-out-of-range here, by a comment"]
        new = applied(text, ignoring, uri, 1)
        editor.change(uri, new)
        after = await editor.codes(uri)
        assert sorted([*after, "FL402"]) == sorted(str(each.code) for each in before)

    session(run, tmp_path)


def test_a_selection_of_many_findings_suggests_suppressions_of_the_first(tmp_path: Path) -> None:
    many = 12

    async def run(editor: Editor) -> None:
        one = 'x = "a cat --video --video_model kling25 --duration 77 --video_prompt x"\n'
        uri = await editor.open(tmp_path / "a.py", one * many)
        assert len(await editor.found(uri)) >= many
        context = types.CodeActionContext([])
        everything = types.Range(types.Position(0, 0), types.Position(many, 0))
        params = types.CodeActionParams(types.TextDocumentIdentifier(uri), everything, context)
        found = await editor.client.text_document_code_action_async(params)
        titles = [each.title for each in found or ()]
        assert sum(title.startswith("Ignore") for title in titles) == 10

    session(run, tmp_path)


def test_a_comment_says_why_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "flaglift.toml").write_text("require-reason = true\n")

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", COMMENTED["a.py"], "python")
        found = await offered(editor, uri, span(1, 20, 60))
        ignoring = found["Ignore FL402 duration-out-of-range here, by a comment"]
        new = applied(COMMENTED["a.py"], ignoring, uri, 1)
        assert "    # flaglift: ignore-next-line[FL402] say why\n" in new

    session(run, tmp_path)


def test_the_configuration_ignores_a_finding_where_there_are_no_comments(tmp_path: Path) -> None:
    file = tmp_path / "flaglift.toml"
    file.write_text('ignore = ["FL601"]')
    text = '{"prompt": "a cat --video --video_model kling25 --duration 7"}\n'
    title = "Ignore FL402 duration-out-of-range here, in flaglift.toml"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.json", text)
        found = await offered(editor, uri, span(0, 20, 60))
        new = applied(file.read_text(), found[title], file.as_uri(), None)
        opened = await editor.open(file, file.read_text() + "\n# more\n")
        found = await offered(editor, uri, span(0, 20, 60))
        applied(file.read_text() + "\n# more\n", found[title], opened, None)
        file.write_text(new)
        assert await editor.codes(uri) == ["FL001"]
        file.write_text("suppressions = []\n")
        editor.close(opened)
        assert title not in await offered(editor, uri, span(0, 20, 60))

    session(run, tmp_path)


def test_a_suppression_of_nothing_is_taken_out(tmp_path: Path) -> None:
    text = "p = 'x'  # flaglift: ignore[FL402] why\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", text, "python")
        found = await offered(editor, uri, span(0, 20, 20))
        assert applied(text, found["remove it (safe fix)"], uri, 1) == "p = 'x'\n"

    session(run, tmp_path)


def test_an_editor_that_knows_no_versions_gets_plain_edits(tmp_path: Path) -> None:
    able = capabilities()
    assert able.workspace
    able.workspace.workspace_edit = None

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", PYTHON, "python")
        found = await offered(editor, uri, span(1, 0, 100), ["quickfix"])
        edits = [each.edit for each in found.values() if each.edit]
        assert edits
        assert all(each.document_changes is None and each.changes for each in edits)

    session(run, tmp_path, able=able)


def test_a_rule_is_explained(tmp_path: Path) -> None:
    able = capabilities()
    assert able.window
    able.window.show_document = types.ShowDocumentClientCapabilities(support=True)

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", PYTHON, "python")
        (command,) = await commands(editor, uri, span(1, 0, 120))
        assert command.title == "Explain FL401"
        params = types.ExecuteCommandParams(command.command, command.arguments)
        said = await editor.client.workspace_execute_command_async(params)
        assert str(said).startswith("FL401 malformed-duration: ")
        assert editor.client.shown_documents[-1].uri.endswith("rules/FL401.html")
        wrong = types.ExecuteCommandParams(command.command, ["FL999"])
        with pytest.raises(JsonRpcException, match="there is no rule `FL999`"):
            await editor.client.workspace_execute_command_async(wrong)

    session(run, tmp_path, able=able)


def test_a_rule_is_explained_in_a_message(tmp_path: Path) -> None:
    able = capabilities()
    assert able.window
    able.window.show_document = None

    async def run(editor: Editor) -> None:
        params = types.ExecuteCommandParams("flaglift.explain", ["FL402"])
        await editor.client.workspace_execute_command_async(params)
        assert editor.client.messages[-1].message.startswith("FL402 duration-out-of-range: ")

    session(run, tmp_path, able=able)


def test_a_prompt_is_copied_as_a_request(tmp_path: Path) -> None:
    text = "a 😀 cat --video --video_model kling25 --video_prompt x\nplain\na --video\n"
    code = "prompt = f'a {x} cat --video --video_model kling25'\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", text)
        python = await editor.open(tmp_path / "a.py", code, "python")

        async def copied(form: str, address: str = uri, line: int = 0) -> str:
            position = {"line": line, "character": 20}
            params = types.ExecuteCommandParams("flaglift.copyAs", [address, position, form])
            return str(await editor.client.workspace_execute_command_async(params))

        assert (await copied("form")).splitlines() == [
            "prompt[text]=a 😀 cat",
            "prompt[video_model]=kling25",
            "prompt[video_prompt]=x",
        ]
        assert (await copied("curl")).startswith("curl -X POST")
        assert "requests.post(" in await copied("python")
        for form, address, line, said in (
            ("form", uri, 1, "there is no prompt here"),
            ("form", uri, 2, "model"),
            ("xml", uri, 0, "'xml' is not one of form, curl, python"),
            ("form", "untitled:x", 0, "untitled:x is not open"),
            ("form", python, 0, "the text is not known: {x}"),
        ):
            with pytest.raises(JsonRpcException, match=said.replace("{", "[{]")):
                await copied(form, address, line)

    session(run, tmp_path)


def test_edits_by_lines() -> None:
    old = "é\nb\nc\nd\n".encode()
    new = "éx\nb\nd\ne\n".encode()
    edits = line_edits(old, new)
    text = old
    for start, end, content in reversed(edits):
        text = text[:start] + content + text[end:]
    assert text == new
    assert all(end - start <= 2 for start, end, _ in edits)
