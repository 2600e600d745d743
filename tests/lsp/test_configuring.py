"""Folders, settings and configuration files, and what becomes of them while documents are open."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from flaglift.lsp.configuring import ConfigurationFiles
from lsp.editor import Editor, capabilities, session

LONG = "a 😀 cat --video --video_model kling25 --duration 77 --video_prompt x\n"


def write(path: Path, text: str) -> None:
    """Write a file as editors do: another one takes its place."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def watched(editor: Editor, path: Path) -> None:
    event = types.FileEvent(path.as_uri(), types.FileChangeType.Changed)
    editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))


def test_each_folder_has_its_configuration(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second, first / "inner"):
        folder.mkdir()
    (first / "flaglift.toml").write_text('ignore = ["FL402"]')
    (first / "inner" / "pyproject.toml").write_text('[tool.flaglift]\nignore = ["FL001"]')

    async def run(editor: Editor) -> None:
        one = await editor.open(first / "a.txt", LONG)
        inner = await editor.open(first / "inner" / "a.txt", LONG)
        two = await editor.open(second / "a.txt", LONG)
        assert await editor.codes(one) == ["FL001"]
        assert await editor.codes(inner) == ["FL402"]
        assert await editor.codes(two) == ["FL001", "FL402"]
        change = types.WorkspaceFoldersChangeEvent(
            added=[types.WorkspaceFolder(tmp_path.as_uri(), "all")],
            removed=[types.WorkspaceFolder(first.as_uri(), "first")],
        )
        editor.client.workspace_did_change_workspace_folders(
            types.DidChangeWorkspaceFoldersParams(change)
        )
        assert await editor.codes(one) == ["FL001"]

    session(run, first, second)


def test_a_changed_configuration_counts_at_once(tmp_path: Path) -> None:
    file, overlay, base = (tmp_path / name for name in ("flaglift.toml", "own.toml", "base.toml"))

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        assert await editor.codes(uri) == ["FL001", "FL402"]
        patterns = [
            watcher["globPattern"]
            for each in editor.client.registered
            for watcher in as_dict(each)["watchers"]
        ]
        assert "**/flaglift.toml" in patterns
        base.write_text('ignore = ["FL001"]')
        overlay.write_text("")
        file.write_text('extend = "base.toml"\noverlay = "own.toml"')
        watched(editor, file)
        assert await editor.codes(uri) == ["FL402"]
        while not editor.client.diagnostic_refresh_count:
            await asyncio.sleep(0.01)
        write(overlay, '[[models]]\nname = "kling25"\ndurations = { min = 4, max = 99 }\n')
        assert await editor.codes(uri) == []
        write(base, 'select = ["FL001"]')
        assert await editor.codes(uri) == ["FL001"]
        file.unlink()
        assert await editor.codes(uri) == ["FL001", "FL402"]

    session(run, tmp_path)


def as_dict(registration: types.Registration) -> dict[str, list[dict[str, str]]]:
    options = registration.register_options
    return options if isinstance(options, dict) else vars(options)


def test_a_broken_configuration_is_told_and_the_last_good_one_counts(tmp_path: Path) -> None:
    file = tmp_path / "flaglift.toml"
    file.write_text('ignore = ["FL001"]')

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        assert await editor.codes(uri) == ["FL402"]
        write(file, 'ignore = ["FL001"')
        problem, *found = await editor.found(uri)
        assert problem.message.startswith(f"the configuration cannot be used: {file}: not valid")
        assert [each.code for each in found] == ["FL402"]
        editor.change(uri, LONG + LONG)
        assert len(await editor.found(uri)) == 3
        assert [each.type for each in editor.client.messages] == [types.MessageType.Error]
        write(file, 'baseline = "gone.json"')
        assert "gone.json" in (await editor.found(uri))[0].message
        write(file, "")
        assert await editor.codes(uri) == ["FL001", "FL402"] * 2

    session(run, tmp_path)


def test_an_editor_that_does_not_ask_is_told_what_a_changed_configuration_means(
    tmp_path: Path,
) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        assert len(await editor.pushed(uri, 1)) == 2
        file = tmp_path / "flaglift.toml"
        file.write_text('ignore = ["FL001"]')
        watched(editor, file)
        while len(editor.client.published[-1].diagnostics) != 1:
            await asyncio.sleep(0.01)

    session(run, tmp_path, able=capabilities(pull=False))


def test_the_settings_of_the_editor_are_on_top(tmp_path: Path) -> None:
    (tmp_path / "flaglift.toml").write_text('ignore = ["FL001"]')
    (tmp_path / "other.toml").write_text('select = ["FL001"]')

    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        assert await editor.codes(uri) == ["FL402"]
        for given, codes in (
            ({"select": ["FL001"], "ignore": ["FL4"]}, ["FL001"]),
            ({"configuration": "other.toml", "path": "/x", "edition": None}, ["FL001"]),
            ({"acceptSuccessors": True}, ["FL402"]),
        ):
            editor.client.set_configuration({"flaglift": given})
            changed = types.DidChangeConfigurationParams(None)
            editor.client.workspace_did_change_configuration(changed)
            assert await editor.codes(uri) == codes
        changed = types.DidChangeConfigurationParams({"flaglift": {"selct": ["FL001"]}})
        editor.client.workspace_did_change_configuration(changed)
        problem = (await editor.found(uri))[0].message
        assert problem == (
            "the configuration cannot be used: the editor's settings: unknown key `selct`; "
            "did you mean `select`?"
        )

    session(run, tmp_path, settings={"trace": {"server": "off"}})


def test_settings_that_would_have_no_effect_are_said(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open(tmp_path / "a.txt", LONG)
        problem = (await editor.found(uri))[0].message
        assert problem == (
            "the configuration cannot be used: the editor's settings: `exclude` counts only in "
            "flaglift.toml or pyproject.toml"
        )

    session(run, tmp_path, settings={"strict": True, "maxFileSize": 5, "exclude": ["a.txt"]})


@pytest.mark.parametrize("given", [None, 5, "x", [1]])
def test_settings_that_are_no_table_count_as_none(given: Any) -> None:
    async def run(editor: Editor) -> None:
        editor.client.set_configuration({"flaglift": given})
        changed = types.DidChangeConfigurationParams(None)
        editor.client.workspace_did_change_configuration(changed)
        uri = await editor.open("untitled:a", LONG)
        assert await editor.codes(uri) == ["FL001", "FL402"]

    session(run, options={"flaglift": given})


def test_a_path_with_a_null_character_is_a_missing_file(tmp_path: Path) -> None:
    async def run(editor: Editor) -> None:
        uri = await editor.open("untitled:a", LONG)
        assert "the configuration cannot be used" in (await editor.found(uri))[0].message

    session(run, settings={"configuration": "a\0b.toml"})
    assert ConfigurationFiles({}, "a\0b").of("a\0b/c.txt").problem == ""


def test_settings_may_come_at_the_beginning(tmp_path: Path) -> None:
    able = capabilities()
    assert able.workspace
    able.workspace.configuration = False
    able.workspace.did_change_watched_files = None

    async def run(editor: Editor) -> None:
        uri = await editor.open("untitled:a", LONG)
        assert await editor.codes(uri) == ["FL001"]

    session(run, able=able, options={"ignore": ["FL4"]})


def test_one_file_may_count_for_all(tmp_path: Path) -> None:
    (tmp_path / "other.toml").write_text('ignore = ["FL001"]')
    files = ConfigurationFiles({"configuration": "other.toml"}, str(tmp_path))
    first = files.of(str(tmp_path / "a.txt"))
    assert first.configuration.settings.ignore == ("FL001",)
    assert files.of(str(tmp_path / "b.txt")) is first
    os.utime(tmp_path / "other.toml", ns=(1, 1))
    assert files.of(str(tmp_path / "b.txt")) is not first
