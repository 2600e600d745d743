"""The documents that an editor has open, and the configuration that each is read with."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from typing import Any, NamedTuple

from lsprotocol.types import Diagnostic as EditorDiagnostic

from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.selecting import failed, job_of
from flaglift.errors import FlagliftError
from flaglift.lsp.configuring import ConfigurationFiles, Resolved
from flaglift.lsp.dividing import PartReader
from flaglift.lsp.documents import DocumentVersion, path_of
from flaglift.lsp.parts import DocumentParts
from flaglift.lsp.reading import DocumentReading, ReadingProblem, read_document


class VersionReading(NamedTuple):
    """The result of reading one version of a document, under one configuration."""

    version: DocumentVersion
    resolved: Resolved
    reading: DocumentReading | None
    """None for a document that is not checked, because of its kind or the configuration."""


@dataclass(eq=False)
class OpenDocument:
    """A document that the editor has open."""

    uri: str
    version: DocumentVersion
    last: VersionReading | None = None
    is_open: bool = True
    is_pushing: bool = False
    """Whether a task is about to read it and to publish the result."""
    is_stale: bool = False
    """Whether it has changed since that task began reading."""
    published: dict[str, tuple[int | None, Sequence[EditorDiagnostic]]] = field(
        default_factory=dict
    )
    """The diagnostics last sent for each part, and the version they were for."""
    _answered: tuple[str, VersionReading | None] = ("", None)

    def identity_of(self, current: VersionReading) -> str:
        """Return an identifier of the result: the same for the same version and configuration."""
        if self._answered[1] is not current:
            self._answered = token_hex(8), current
        return self._answered[0]


@dataclass
class EditorSession:
    """The documents and folders of one editor."""

    documents: dict[str, OpenDocument] = field(default_factory=dict)
    """By address."""
    notebooks: dict[str, str] = field(default_factory=dict)
    """The addresses of notebooks, by the addresses of their cells' texts."""
    _folders: dict[str, ConfigurationFiles] = field(default_factory=dict)
    """By the path of each workspace folder."""
    _elsewhere: ConfigurationFiles = field(
        default_factory=lambda: ConfigurationFiles({}, os.path.abspath(os.curdir))
    )

    def set_folders(
        self, given: Mapping[str, Mapping[str, Any]], elsewhere: Mapping[str, Any]
    ) -> None:
        """Set the workspace folders, with the editor's settings for each, and those for no folder.

        A document that is not a file yet is assumed to be in the first folder.
        """
        self._folders = {
            folder: ConfigurationFiles(settings, folder) for folder, settings in given.items()
        }
        first = next(iter(given), os.path.abspath(os.curdir))
        self._elsewhere = ConfigurationFiles(elsewhere, first)

    def document(self, uri: str) -> OpenDocument | None:
        """Return the open document that has an address, or has a part with it."""
        return self.documents.get(self.notebooks.get(uri, uri))

    def path(self, uri: str) -> str:
        """Return the absolute path of a document."""
        return path_of(uri, self._elsewhere.folder)

    def configuration(self, path: str) -> Resolved:
        """Return the current on-disk configuration for a file, by its absolute path."""
        around = [each for each in self._folders if path.startswith(os.path.join(each, ""))]
        files = self._folders[max(around, key=len)] if around else self._elsewhere
        return files.of(path)

    def read(self, document: OpenDocument, version: DocumentVersion) -> VersionReading:
        """Return the result of reading a version of a document; only what changed is linted again.

        Not thread-safe.
        """
        path = self.path(document.uri)
        resolved = self.configuration(path)
        last = document.last
        if last and last.version is version and last.resolved is resolved:
            return last
        same = last.reading if last and last.resolved is resolved else None
        reading = _read(path, version, resolved, same.parts if same else None)
        document.last = VersionReading(version, resolved, reading)
        return document.last


def _read(
    path: str, version: DocumentVersion, resolved: Resolved, last: DocumentParts | None
) -> DocumentReading | None:
    configuration = resolved.configuration
    host = None if configuration.files.excludes(path) else version.host(path, configuration)
    if host is None:
        return None
    job = job_of(path, version.data, host, configuration)
    most = configuration.files.max_file_size
    if len(job.raw) > most:
        said = f"{len(job.raw)} bytes are more than `max-file-size` allows ({most})"
        problem = ReadingProblem(0, f"{said}, so it is not checked")
        return DocumentReading(job, problems=[problem] if may_hold_flags(job.raw) else [])
    try:
        return read_document(job, PartReader(job.settings, resolved.accepted), last)
    except (FlagliftError, Exception) as error:
        said = str(error) if isinstance(error, FlagliftError) else failed(path, error)
        return DocumentReading(job, problems=[ReadingProblem(0, said)])
