"""Notebook notifications from the editor: opening, changes cell by cell, and closing."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsprotocol import types

from flaglift.lsp.notebooks import CellText, NotebookCell, NotebookVersion
from flaglift.lsp.server import EditorServer, Feature
from flaglift.lsp.session import OpenDocument
from flaglift.lsp.syncing import edited
from flaglift.lsp.text import EditorText


async def _did_open(ls: EditorServer, params: types.DidOpenNotebookDocumentParams) -> None:
    notebook = params.notebook_document
    metadata, cells = _metadata(notebook.metadata), _cells(notebook.cells)
    texts = _texts(ls, params.cell_text_documents)
    opened = _version(ls, notebook, metadata, cells, texts)
    document = ls.session.documents[notebook.uri] = OpenDocument(notebook.uri, opened)
    await ls.publish(document)


async def _did_change(ls: EditorServer, params: types.DidChangeNotebookDocumentParams) -> None:
    document = ls.session.documents.get(params.notebook_document.uri)
    if document is None or not isinstance(document.version, NotebookVersion):
        return  # it was never opened, so its content is unknown
    version, change = document.version, params.change
    texts, cells = dict(version.texts), list(version.cells)
    told = change.cells or types.NotebookDocumentCellChanges()
    if told.structure:
        array = told.structure.array
        texts |= _texts(ls, told.structure.did_open or ())
        cells[array.start : array.start + array.delete_count] = _cells(array.cells or ())
        for closed in told.structure.did_close or ():
            texts.pop(closed.uri, None)
            ls.session.notebooks.pop(closed.uri, None)
    kinds = {cell.uri: cell for cell in _cells(told.data or ())}
    for content in told.text_content or ():
        old = texts.get(content.document.uri)
        if old is not None:
            new = edited(old.text, content.changes)
            texts[content.document.uri] = CellText(old.language, content.document.version, new)
    metadata = version.metadata if change.metadata is None else _metadata(change.metadata)
    cells = [kinds.get(cell.uri, cell) for cell in cells]
    document.version = _version(ls, params.notebook_document, metadata, cells, texts)
    await ls.publish(document)


async def _did_close(ls: EditorServer, params: types.DidCloseNotebookDocumentParams) -> None:
    uri = params.notebook_document.uri
    if uri in ls.session.documents:
        ls.close(uri)
        notebooks = ls.session.notebooks
        ls.session.notebooks = {cell: of for cell, of in notebooks.items() if of != uri}


def _metadata(given: object) -> Mapping[str, Any]:
    return dict(given) if isinstance(given, dict) else {}


def _cells(given: Iterable[types.NotebookCell]) -> tuple[NotebookCell, ...]:
    return tuple(NotebookCell(each.document, each.kind) for each in given)


def _texts(ls: EditorServer, given: Sequence[types.TextDocumentItem]) -> dict[str, CellText]:
    return {
        each.uri: CellText(each.language_id, each.version, EditorText(each.text, ls.unit))
        for each in given
    }


def _version(
    ls: EditorServer,
    told: types.NotebookDocument | types.VersionedNotebookDocumentIdentifier,
    metadata: Mapping[str, Any],
    cells: Sequence[NotebookCell],
    texts: dict[str, CellText],
) -> NotebookVersion:
    """Return a version of a notebook; its texts replace any that were opened before."""
    for cell in cells:
        if cell.uri not in texts:  # its content was not sent
            texts[cell.uri] = CellText("", None, EditorText("", ls.unit))
    for uri in texts:
        ls.session.notebooks[uri] = told.uri
        if uri in ls.session.documents:
            ls.close(uri)
    return NotebookVersion(told.uri, told.version, metadata, tuple(cells), texts)


FEATURES: tuple[Feature, ...] = (
    (types.NOTEBOOK_DOCUMENT_DID_OPEN, _did_open, None),
    (types.NOTEBOOK_DOCUMENT_DID_CHANGE, _did_change, None),
    (types.NOTEBOOK_DOCUMENT_DID_CLOSE, _did_close, None),
)
