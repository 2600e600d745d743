"""Hover, completion, hints, colours, counts and links."""

from pathlib import Path

import pytest
from lsprotocol import types

from lsp.editor import Editor, session

PROMPT = (
    'a 😀 <lora:7:0.8> cat --video --video_model kling25 --duration 10 --video_prompt "it sits"\n'
)


def at(text: str, word: str, line: int = 0) -> types.Position:
    """Where a word begins, one column further, in UTF-16."""
    row = text.split("\n")[line]
    return types.Position(line, len(row[: row.index(word)].encode("utf-16-le")) // 2 + 1)


async def hovered(editor: Editor, uri: str, place: types.Position) -> str:
    params = types.HoverParams(types.TextDocumentIdentifier(uri), place)
    found = await editor.client.text_document_hover_async(params)
    if found is None:
        return ""
    assert isinstance(found.contents, types.MarkupContent)
    assert found.range
    assert found.range.start <= place <= found.range.end
    return found.contents.value


def test_hover(tmp_path: Path) -> None:
    said = {
        "--video ": "Asks for a video",
        "--video_model": "Form field: `video_model`. Dialect, section 2.3, 3.2.",
        "kling25": "- price: 78 ¢ for 10 s",
        "10": "**kling25** makes 5 or 10 s. 78 ¢ for 10 s",
        "<lora": "A LoRA, `7`, weight 0.8.",
        "it sits": "Says what the video shows",
    }

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", PROMPT)
        for word, expected in said.items():
            assert expected in await hovered(editor, uri, at(PROMPT, word)), word
        assert await hovered(editor, uri, at(PROMPT, "cat")) == ""
        assert await hovered(editor, "untitled:no", at(PROMPT, "cat")) == ""
        editor.change(uri, "plain\n" + PROMPT)
        assert await hovered(editor, uri, types.Position(0, 2)) == ""

    session(run, tmp_path)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("kling25_5s", "retired; last listed on 2025-10-27. Successor: `kling25` with 5 s."),
        ("seedance_720p", "retired"),
        ("kling30_prro", "not in the catalog. Did you mean `kling30_pro`?"),
        ("nothing_at_all", "not in the catalog. Edition"),
    ],
)
def test_hover_on_a_model_that_is_not_listed(model: str, said: str, tmp_path: Path) -> None:
    text = f"a cat --video --video_model {model} --duration 7\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", text)
        assert said in await hovered(editor, uri, at(text, model))
        assert "The length of the video" in await hovered(editor, uri, at(text, " 7"))

    session(run, tmp_path)


def test_suppressions_are_explained_linked_and_completed(tmp_path: Path) -> None:
    text = "p = 'a cat --video --video_model kling25'  # flaglift: ignore[FL601, legacy-syntax] w\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", text, "python")
        said = await hovered(editor, uri, at(text, "FL601"))
        assert said.startswith("**[FL601](")
        assert "legacy-syntax" in await hovered(editor, uri, at(text, "legacy-syntax"))
        params = types.DocumentLinkParams(types.TextDocumentIdentifier(uri))
        links = await editor.client.text_document_document_link_async(params)
        assert [str(each.target).rpartition("/")[2] for each in links or ()] == [
            "FL601.html",
            "FL001.html",
        ]
        labels = await completed(editor, uri, at(text, "L601"))
        assert {"FL001", "FL402"} <= set(labels)

    session(run, tmp_path)


async def completion(editor: Editor, uri: str, place: types.Position) -> list[types.CompletionItem]:
    params = types.CompletionParams(types.TextDocumentIdentifier(uri), place)
    found = await editor.client.text_document_completion_async(params)
    assert isinstance(found, types.CompletionList)
    return sorted(found.items, key=lambda each: str(each.sort_text))


async def completed(editor: Editor, uri: str, place: types.Position) -> list[str]:
    return [each.label for each in await completion(editor, uri, place)]


def end(text: str) -> types.Position:
    *before, last = text.split("\n")
    return types.Position(len(before), len(last.encode("utf-16-le")) // 2)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("a.py", 'x = "', '"\n'),
        ("a.js", "const x = '", "';\n"),
        ("a.rb", 'x = "', '"\n'),
        ("a.go", 'package a\nvar x = "', '"\n'),
        ("a.json", '{"text": "', '"}\n'),
        ("a.yaml", "text: '", "'\n"),
        ("a.sh", "./make '", "'\n"),
    ],
)
def test_completion_before_a_closing_quote(
    name: str, before: str, after: str, tmp_path: Path
) -> None:
    async def run(editor: Editor) -> None:
        for text, choice in (
            ("a cow --video --video_model ", "kling25"),
            ("a cow --video --video_model kl", "kling25"),
            ("a cow --video --video_model kling25 --duration ", "10"),
            ("a cow --video --video_mod", "--video_model"),
        ):
            uri = await editor.open(tmp_path / name, f"{before}{text}{after}")
            assert choice in await completed(editor, uri, end(before + text))
            editor.close(uri)

    session(run)


def test_completion_in_prompts(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", "")

        async def after(text: str) -> list[types.CompletionItem]:
            editor.change(uri, text)
            return await completion(editor, uri, end(text))

        flags = await after("a 😀 cat --video --vi")
        assert [each.label for each in flags] == [
            "--video_model",
            "--video_prompt",
            "--duration",
            "--video",
        ]
        edit = flags[0].text_edit
        assert isinstance(edit, types.TextEdit)
        assert (edit.range.start.character, edit.new_text) == (17, "--video_model ")
        models = await after("a cat --duration 10 --video --video_model ")
        assert models[0].label != ""
        listed = {each.label: str(each.detail) for each in models}
        assert listed["kling25"].startswith("78 ¢ for 10 s")
        fitting = [str(each.sort_text).startswith("0") for each in models]
        assert fitting == sorted(fitting, reverse=True)
        assert not fitting[-1]
        lengths = await after("a cat --video --video_model kling25 --duration ")
        assert [(each.label, each.detail) for each in lengths] == [
            ("5", "39 ¢ for 5 s"),
            ("10", "78 ¢ for 10 s"),
        ]
        assert await after("a cat --video --duration ") == []
        assert await after("a cat --video wal") == []
        assert await completed(editor, "untitled:no", end("")) == []
        python = await editor.open(tmp_path / "a.py", "x = f'a --video {y}--vi'\n", "python")
        assert await completed(editor, python, types.Position(0, 22)) == []
        code = await editor.open(tmp_path / "b.py", "p = 'a cat --video --d'\nq = --d\n", "python")
        assert "--duration" in await completed(editor, code, types.Position(0, 22))
        assert await completed(editor, code, types.Position(1, 7)) == []

    session(run, tmp_path)


@pytest.mark.parametrize(
    ("text", "some"),
    [
        ("[tool.flaglift]\nsel", {"select", "baseline", "extend"}),
        ('[tool.flaglift]\nselect = ["FL', {"FL402"}),
        ("[tool.flaglift]\nignore = [", {"FL402"}),
        ('[[tool.flaglift.suppressions]]\nrules = ["', {"FL402"}),
        ("[tool.flaglift]\nedition = ", {"2026-04-29"}),
        ("[tool.flaglift]\ndefault-model = ", {"kling25"}),
        ('[tool.flaglift]\nfail-on = "w', {"warning"}),
        ("[tool.flaglift]\nstrict = ", {"true", "false"}),
        ("[tool.flaglift]\nbudget = ", set()),
        ("[tool.other]\nsel", set()),
        ('[tool.other]\nselect = ["', set()),
        ("[tool.flaglift]\nselect = [] # ", set()),
    ],
)
def test_completion_in_the_configuration(text: str, some: set[str], tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "pyproject.toml", text, "toml")
        found = set(await completed(editor, uri, end(text)))
        assert some <= found
        assert bool(found) == bool(some)
        own = text.replace("[tool.flaglift]\n", "").replace("tool.flaglift.", "")
        other = await editor.open(tmp_path / "flaglift.toml", own, "toml")
        assert set(await completed(editor, other, end(own))) == found

    session(run, tmp_path)


def test_hints_say_fields_and_prices(tmp_path: Path) -> None:
    text = PROMPT + "a cat --video --video_model kling30_pro --duration 3\n" + "a --video\n"

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", text)

        async def hints(first: int, last: int) -> list[tuple[str, int]]:
            place = types.Range(types.Position(first, 0), types.Position(last, 0))
            params = types.InlayHintParams(types.TextDocumentIdentifier(uri), place)
            found = await editor.client.text_document_inlay_hint_async(params)
            return [(str(each.label), each.position.line) for each in found or ()]

        assert await hints(0, 0) == [
            ("→ video_model", 0),
            ("→ video_duration", 0),
            ("→ video_prompt", 0),
            ("78 ¢ · 10 s", 0),
        ]
        assert [line for _, line in await hints(2, 3)] == []
        assert any("≈" in label or "¢" in label for label, _ in await hints(1, 1))

    session(run, tmp_path)


def test_colours_are_those_of_the_parts(tmp_path: Path) -> None:
    head = 'prompt = f"""a {x} cat <faceid:9>\n'
    code = head + "  --video --video_model kling25 --video_prompt 'it'" + '"""\n'

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.py", code, "python")
        params = types.SemanticTokensParams(types.TextDocumentIdentifier(uri))
        found = await editor.client.text_document_semantic_tokens_full_async(params)
        assert found
        lines = code.split("\n")
        line = column = 0
        parts = []
        for number in range(0, len(found.data), 5):
            down, right, length, kind, _ = found.data[number : number + 5]
            line, column = line + down, right + (0 if down else column)
            parts.append((lines[line][column : column + length], kind))
        assert parts == [
            ("{x}", 5),
            ("<faceid:9>", 4),
            ("--video", 0),
            ("--video_model", 0),
            ("kling25", 1),
            ("--video_prompt", 0),
            ("'it'", 3),
        ]

    session(run, tmp_path)


def test_a_lens_counts_the_prompts_and_what_they_cost(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", PROMPT * 2 + "a cat --video\n")
        params = types.CodeLensParams(types.TextDocumentIdentifier(uri))
        (lens,) = await editor.client.text_document_code_lens_async(params) or ()
        assert lens.command
        assert lens.command.title == "3 prompts, 3 videos, 156 ¢, 1 of unknown price"
        for text in ("plain\n", "# flaglift: nothing\n"):
            editor.change(uri, text)
            assert not await editor.client.text_document_code_lens_async(params)

    session(run, tmp_path)
