"""The language server: passes editor events to the session, and publishes the results."""

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from importlib.metadata import version
from typing import Any, NamedTuple, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from flaglift.lsp.diagnostics import SOURCE, diagnostics
from flaglift.lsp.documents import DocumentVersion
from flaglift.lsp.notebooks import NotebookVersion
from flaglift.lsp.protocol import EditorProtocol
from flaglift.lsp.reading import DocumentReading
from flaglift.lsp.session import EditorSession, OpenDocument, VersionReading

_OF_THE_EXTENSION = frozenset({"path", "trace", "enable"})
"""Settings that the server ignores: they are for the editor's extension."""

_PATIENCE = 2.0
"""Seconds to wait for the editor's settings before documents are read without them."""

_NOTEBOOKS = [
    types.NotebookDocumentFilterWithNotebook(kind) for kind in ("jupyter-notebook", "interactive")
]
"""The notebooks to be notified about, with all their cells."""

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


_Result = TypeVar("_Result")

Feature = tuple[str, Callable[..., Any], Any]
"""A method of the protocol, the coroutine for it, and its registration options."""


class ReadingPlace(NamedTuple):
    """A place in a document that has been read."""

    document: OpenDocument
    version: DocumentVersion
    reading: DocumentReading
    offset: int
    """A byte of the document."""


class EditorServer(LanguageServer):
    """A language server for one editor."""

    def __init__(self) -> None:
        super().__init__(
            "flaglift",
            version("flaglift"),
            protocol_cls=EditorProtocol,
            notebook_document_sync=types.NotebookDocumentSyncOptions(_NOTEBOOKS),
        )
        self.session: EditorSession = EditorSession()
        self._reader = ThreadPoolExecutor(1, "reader")
        self.given: Mapping[str, Any] = {}
        """The editor's settings for all folders."""
        self._told = ""
        self._has_settings = asyncio.Event()

    @property
    def is_ready(self) -> bool:
        """Whether the editor has sent its capabilities."""
        return hasattr(self.protocol, "client_capabilities")

    @property
    def is_pulling(self) -> bool:
        """Whether the editor pulls diagnostics."""
        capabilities = self.client_capabilities.text_document
        return capabilities is not None and capabilities.diagnostic is not None

    def is_pulled(self, document: OpenDocument) -> bool:
        """Return whether the editor pulls the diagnostics of a document, so they are not published.

        Doing both would show them twice (neovim#29927). For notebooks, editors pull cells that were
        edited but not other cells that the edit affects: their diagnostics are published.
        """
        return self.is_pulling and not isinstance(document.version, NotebookVersion)

    @property
    def unit(self) -> str:
        """The unit that columns are counted in."""
        return types.PositionEncodingKind(self.server_capabilities.position_encoding).value

    async def in_reader(self, work: Callable[..., _Result], *arguments: Any) -> _Result:
        """Run work in the thread that reads documents, after the work queued there."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._reader, partial(work, *arguments))

    async def read(self, document: OpenDocument) -> VersionReading:
        """Return the result of reading the current version of a document."""
        version = document.version
        if not self._has_settings.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_settings.wait(), _PATIENCE)
            self._has_settings.set()
        current = await self.in_reader(self.session.read, document, version)
        self._tell(current.resolved.problem)
        return current

    async def at(self, uri: str, position: types.Position) -> "ReadingPlace | None":
        """Return the result of reading a document, and a place in it; None if there is none."""
        document = self.session.document(uri)
        if document is None:
            return None
        current = await self.read(document)
        if current.reading is None or current.reading.host is None:
            return None
        offset = current.version.offset(uri, position)
        return ReadingPlace(document, current.version, current.reading, offset)

    def _tell(self, problem: str) -> None:
        """Report a configuration problem, once."""
        if problem and problem != self._told:
            kind = types.MessageType.Error
            self.window_show_message(types.ShowMessageParams(kind, f"flaglift: {problem}"))
        self._told = problem

    async def publish(self, document: OpenDocument) -> None:
        """Publish a document's diagnostics; changes made in the meantime are included."""
        document.is_stale = True
        if self.is_pulled(document) or document.is_pushing:
            return
        document.is_pushing = True
        try:
            while document.is_stale and document.is_open:
                document.is_stale = False
                current = await self.read(document)
                if not document.is_stale and document.is_open:
                    self._show(document, current)
        finally:
            document.is_pushing = False

    def _show(self, document: OpenDocument, current: VersionReading) -> None:
        """Publish the diagnostics of those parts of a document where they have changed."""
        versions = current.version.versions()
        shown: dict[str, tuple[int | None, Sequence[types.Diagnostic]]] = {
            uri: (versions[uri], each) for uri, each in diagnostics(current).items()
        }
        self.clear(document, document.published.keys() - shown.keys())
        for uri, (number, each) in shown.items():
            if document.published.get(uri) != (number, each):
                params = types.PublishDiagnosticsParams(uri, each, number)
                self.text_document_publish_diagnostics(params)
        document.published = shown

    def close(self, uri: str) -> None:
        """Forget a document, and clear its diagnostics."""
        document = self.session.documents.pop(uri)
        document.is_open = False
        self.clear(document, set(document.published))

    def clear(self, document: OpenDocument, uris: Iterable[str]) -> None:
        """Clear the diagnostics of parts of a document."""
        for uri in sorted(uris):
            del document.published[uri]
            self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    async def refresh(self) -> None:
        """Check all open documents again, because something else changed."""
        asked = self.client_capabilities.workspace
        for document in list(self.session.documents.values()):
            await self.publish(document)
        refreshes = asked and asked.diagnostics and asked.diagnostics.refresh_support
        if self.is_pulling and refreshes:
            await self.workspace_diagnostic_refresh_async(None)

    def set_given(self, given: Any) -> None:
        """Store the editor's settings for all folders."""
        self.given = _settings(given)
        self.session.set_folders(dict.fromkeys(self._paths(), self.given), self.given)

    async def ask_settings(self) -> None:
        """Request the settings of each folder, if the editor supports it."""
        asked = self.client_capabilities.workspace
        if asked and asked.configuration:
            self._has_settings.clear()
            await self._ask_settings()
        self._has_settings.set()

    async def _ask_settings(self) -> None:
        folders = list(self.workspace.folders.values())
        items = [types.ConfigurationItem(folder.uri, SOURCE) for folder in folders]
        params = types.ConfigurationParams(items or [types.ConfigurationItem(section=SOURCE)])
        given = await self.workspace_configuration_async(params)
        if not folders:
            self.set_given(given[0])
            return
        self.session.set_folders(
            {
                path: {**self.given, **_settings(each)}
                for path, each in zip(self._paths(), given, strict=True)
            },
            self.given,
        )

    def _paths(self) -> list[str]:
        """Return the paths of the folders of the workspace."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        if not uris and self.workspace.root_uri:
            uris = [self.workspace.root_uri]
        return [to_fs_path(uri) or uri for uri in uris]


def _settings(given: Any) -> dict[str, Any]:
    """Return the editor's settings that are configuration keys; null means not set."""
    inner = given.get(SOURCE, given) if isinstance(given, dict) else None
    if not isinstance(inner, dict):
        return {}
    keys = {key: _CAPITAL.sub("-", str(key)).lower() for key in inner}
    return {
        name: inner[key]
        for key, name in keys.items()
        if name not in _OF_THE_EXTENSION and inner[key] not in (None, "", [])
    }
