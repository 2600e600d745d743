"""An editor that speaks with the real server, in a thread of the test's process.

Starting `flaglift lsp` takes ten times as long as most tests; `test_robustness.py`,
`test_editors.py`, and `test_vscode.py` do that.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.io_ import run_async
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from flaglift.lsp.features import make_server

Report = types.RelatedFullDocumentDiagnosticReport


class RecordingClient(LanguageClient):
    """A client that keeps all that is published and registered, in order."""

    def __init__(self) -> None:
        super().__init__(converter_factory=default_converter)
        self.published: list[types.PublishDiagnosticsParams] = []
        self.registered: list[types.Registration] = []
        recording = {
            types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS: _publish,
            types.CLIENT_REGISTER_CAPABILITY: _register,
        }
        register_lsp_features(self, {**DEFAULT_CLIENT_FEATURES, **recording})

    async def connect(self, connection: socket.socket) -> asyncio.StreamWriter:
        """Speak with the server at the other end of a connection."""
        reader, writer = await asyncio.open_connection(sock=connection)
        self.protocol.set_writer(writer)
        reading = run_async(self._stop_event, reader, self.protocol)
        self._async_tasks.append(asyncio.create_task(reading))
        return writer


def _publish(ls: RecordingClient, params: types.PublishDiagnosticsParams) -> None:
    ls.published.append(params)


def _register(ls: RecordingClient, params: types.RegistrationParams) -> None:
    ls.registered += params.registrations


@dataclass
class Cell:
    """A cell of a notebook, as an editor holds it."""

    uri: str
    text: str
    language: str = "python"
    markup: bool = False

    def cell(self) -> types.NotebookCell:
        """Return it as the protocol says it."""
        kind = types.NotebookCellKind.Markup if self.markup else types.NotebookCellKind.Code
        return types.NotebookCell(kind, self.uri)


def changed(text: str, place: types.Range | None) -> types.TextDocumentContentChangeEvent:
    """Return the change of a range of a text, or of all of it."""
    if place is None:
        return types.TextDocumentContentChangeWholeDocument(text)
    return types.TextDocumentContentChangePartial(place, text)


class Editor:
    """A client with the capabilities of a known editor, or with others."""

    def __init__(self, client: "RecordingClient", folders: Sequence[Path]) -> None:
        self.client = client
        self.folders = folders
        self.versions: dict[str, int] = {}

    async def open(self, uri: str | Path, text: str, language: str = "plaintext") -> str:
        """Open a document, which may be no file; return its address."""
        address = uri.as_uri() if isinstance(uri, Path) else uri
        self.versions[address] = 1
        item = types.TextDocumentItem(address, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return address

    def change(self, uri: str, text: str, place: types.Range | None = None) -> int:
        """Replace a range of a document, or all of it; return the new version."""
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        params = types.DidChangeTextDocumentParams(document, [changed(text, place)])
        self.client.text_document_did_change(params)
        return self.versions[uri]

    async def open_notebook(
        self, uri: str | Path, cells: Sequence["Cell"], metadata: Any = None
    ) -> str:
        """Open a notebook; return its address."""
        address = uri.as_uri() if isinstance(uri, Path) else uri
        self.versions[address] = 1
        notebook = types.NotebookDocument(
            address,
            "jupyter-notebook",
            1,
            [each.cell() for each in cells],
            metadata,
        )
        params = types.DidOpenNotebookDocumentParams(notebook, [self.item(each) for each in cells])
        self.client.notebook_document_did_open(params)
        return address

    def item(self, cell: "Cell") -> types.TextDocumentItem:
        """Return the text of a cell as it is opened."""
        self.versions[cell.uri] = 1
        return types.TextDocumentItem(cell.uri, cell.language, 1, cell.text)

    def change_notebook(self, uri: str, *, metadata: Any = None, **changes: Any) -> None:
        """Change a notebook: the `structure`, the `data` or the `text_content` of its cells."""
        self.versions[uri] += 1
        cells = types.NotebookDocumentCellChanges(**changes) if changes else None
        document = types.VersionedNotebookDocumentIdentifier(uri=uri, version=self.versions[uri])
        event = types.NotebookDocumentChangeEvent(metadata, cells)
        params = types.DidChangeNotebookDocumentParams(document, event)
        self.client.notebook_document_did_change(params)

    def content(
        self, uri: str, text: str, place: types.Range | None = None
    ) -> types.NotebookDocumentCellContentChanges:
        """Return a change of a cell's text: of a range, or of all of it."""
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        return types.NotebookDocumentCellContentChanges(document, [changed(text, place)])

    def close(self, uri: str) -> None:
        """Close a document."""
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    async def pull(self, uri: str, previous: str | None = None) -> Any:
        """Ask for a document's diagnostics; return the report."""
        document = types.TextDocumentIdentifier(uri)
        params = types.DocumentDiagnosticParams(document, previous_result_id=previous)
        return await self.client.text_document_diagnostic_async(params)

    async def found(self, uri: str) -> list[types.Diagnostic]:
        """Return a document's diagnostics."""
        report = await self.pull(uri)
        assert isinstance(report, Report)
        return list(report.items)

    async def codes(self, uri: str) -> list[str]:
        """Return the codes of a document's diagnostics."""
        return [str(each.code) for each in await self.found(uri)]

    async def pushed(self, uri: str, version: int) -> list[types.Diagnostic]:
        """Wait for what is published about a version of a document."""
        while True:
            seen = [each for each in self.client.published if each.uri == uri]
            if seen and (seen[-1].version or 0) >= version:
                return list(seen[-1].diagnostics)
            await asyncio.sleep(0.01)


Session = Callable[[Editor], Awaitable[None]]


def capabilities(
    name: str = "visual_studio_code", *, encodings: Sequence[str] = (), pull: bool = True
) -> types.ClientCapabilities:
    """Return what an editor says that it can."""
    able = client_capabilities(name)
    if encodings:
        able.general = able.general or types.GeneralClientCapabilities()
        able.general.position_encodings = list(encodings)
    assert able.text_document
    assert able.workspace
    able.workspace.diagnostics = types.DiagnosticWorkspaceClientCapabilities(refresh_support=pull)
    able.text_document.diagnostic = types.DiagnosticClientCapabilities() if pull else None
    return able


def session(
    run: Session,
    *folders: Path,
    able: types.ClientCapabilities | None = None,
    options: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    seconds: float = 120,
) -> None:
    """Start the server, do something with it, and end it as an editor does."""
    asyncio.run(asyncio.wait_for(_session(run, folders, able, options, settings or {}), seconds))


async def _session(
    run: Session,
    folders: Sequence[Path],
    able: types.ClientCapabilities | None,
    options: Mapping[str, Any] | None,
    settings: Mapping[str, Any],
) -> None:
    client = RecordingClient()
    client.set_configuration({"flaglift": dict(settings)})
    ours, its = socket.socketpair()
    serving = threading.Thread(target=_serve, args=(its,))
    serving.start()
    writer = await client.connect(ours)
    try:
        params = types.InitializeParams(
            capabilities=able or capabilities(),
            workspace_folders=[types.WorkspaceFolder(each.as_uri(), each.name) for each in folders],
            initialization_options=options,
        )
        await client.initialize_session(params)
        await run(Editor(client, folders))
        await client.shutdown_session()
        await asyncio.to_thread(serving.join)  # it ends by itself
    finally:
        writer.close()
        await writer.wait_closed()
        await asyncio.to_thread(serving.join)
        await client.stop()  # type: ignore[no-untyped-call]


def _serve(connection: socket.socket) -> None:
    """Run the server until the editor ends it."""
    with connection, connection.makefile("rb") as given, connection.makefile("wb") as answers:
        make_server().start_io(given, answers)
