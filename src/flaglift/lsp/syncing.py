"""Notifications from the editor: document, settings, folder and file changes."""

from collections.abc import Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from flaglift.lsp.diagnostics import SOURCE, diagnostics
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.protocol import INVALID
from flaglift.lsp.server import EditorServer, Feature
from flaglift.lsp.session import OpenDocument
from flaglift.lsp.text import EditorText

_WATCHED = ("**/flaglift.toml", "**/pyproject.toml", "**/*.toml", "**/*baseline*.json")
"""Files that may be part of a configuration; one with any other name is checked on each edit."""


def initialize(ls: EditorServer, params: types.InitializeParams) -> None:
    """Store the settings that the editor sends at initialization."""
    ls.set_given(params.initialization_options)


async def _initialized(ls: EditorServer, params: types.InitializedParams) -> None:  # noqa: ARG001
    await ls.ask_settings()
    asked = ls.client_capabilities.workspace
    watching = asked.did_change_watched_files if asked else None
    if watching and watching.dynamic_registration:
        options = types.DidChangeWatchedFilesRegistrationOptions(
            [types.FileSystemWatcher(pattern) for pattern in _WATCHED]
        )
        method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
        registration = types.Registration("flaglift-files", method, options)
        await ls.client_register_capability_async(types.RegistrationParams([registration]))
    await ls.refresh()


async def _did_open(ls: EditorServer, params: types.DidOpenTextDocumentParams) -> None:
    item = params.text_document
    if item.uri in ls.session.notebooks:
        return  # a cell, which is handled as part of its notebook
    text = EditorText(item.text, ls.unit)
    opened = TextVersion(item.uri, item.language_id, item.version, text)
    document = ls.session.documents[item.uri] = OpenDocument(item.uri, opened)
    await ls.publish(document)


async def _did_change(ls: EditorServer, params: types.DidChangeTextDocumentParams) -> None:
    document = ls.session.document(params.text_document.uri)
    if document is None or not isinstance(document.version, TextVersion):
        return  # it was never opened, so its content is unknown; or it is a cell
    text = edited(document.version.text, params.content_changes)
    document.version = document.version.edited(params.text_document.version, text)
    await ls.publish(document)


def edited(text: EditorText, changes: Sequence[types.TextDocumentContentChangeEvent]) -> EditorText:
    """Return a text after changes, applied in order."""
    for change in changes:
        if isinstance(change, types.TextDocumentContentChangePartial):
            text = text.edited(change.range, change.text)
        else:
            text = EditorText(change.text, text.unit)
    return text


async def _did_close(ls: EditorServer, params: types.DidCloseTextDocumentParams) -> None:
    if params.text_document.uri in ls.session.documents:
        ls.close(params.text_document.uri)


async def _pull(
    ls: EditorServer, params: types.DocumentDiagnosticParams
) -> types.DocumentDiagnosticReport:
    document = ls.session.document(params.text_document.uri)
    if document is None or not ls.is_pulled(document):
        return types.RelatedFullDocumentDiagnosticReport([])
    current = await ls.read(document)
    identity = document.identity_of(current)
    if params.previous_result_id == identity:
        return types.RelatedUnchangedDocumentDiagnosticReport(identity)
    shown = diagnostics(current)[document.uri]
    return types.RelatedFullDocumentDiagnosticReport(shown, result_id=identity)


async def _settings_changed(ls: EditorServer, params: types.DidChangeConfigurationParams) -> None:
    if isinstance(params.settings, dict) and params.settings.get(SOURCE) is not None:
        ls.set_given(params.settings)
    else:
        await ls.ask_settings()
    await ls.refresh()


async def _folders_changed(
    ls: EditorServer,
    params: types.DidChangeWorkspaceFoldersParams,  # noqa: ARG001
) -> None:
    ls.set_given(ls.given)
    await ls.ask_settings()
    await ls.refresh()


async def _files_changed(
    ls: EditorServer,
    params: types.DidChangeWatchedFilesParams,  # noqa: ARG001
) -> None:
    await ls.refresh()


async def _refuse(ls: EditorServer, params: Any) -> None:  # noqa: ARG001
    raise JsonRpcInvalidParams(f"these are not parameters of {params}")


FEATURES: tuple[Feature, ...] = (
    (INVALID, _refuse, None),
    (types.INITIALIZED, _initialized, None),
    (types.TEXT_DOCUMENT_DID_OPEN, _did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, _did_change, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, _did_close, None),
    (types.TEXT_DOCUMENT_DIAGNOSTIC, _pull, types.DiagnosticOptions(False, False, SOURCE)),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, _settings_changed, None),
    (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, _folders_changed, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, _files_changed, None),
)
