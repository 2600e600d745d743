"""Code actions: fixes, suppressions, and explanations of findings."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lsprotocol import types

from flaglift.check.document import PromptFile
from flaglift.check.fixing import fix_file
from flaglift.check.job import Wanted
from flaglift.files import read_regular
from flaglift.lossless.spans import Span
from flaglift.lsp.commands import EXPLAIN
from flaglift.lsp.diagnostics import diagnostic
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.parts import DocumentFinding
from flaglift.lsp.proposing import (
    comment_against,
    proposals,
    suppression_in,
)
from flaglift.lsp.reading import DocumentReading
from flaglift.lsp.server import EditorServer, Feature
from flaglift.lsp.session import OpenDocument, VersionReading
from flaglift.lsp.text import EditorText, line_edits

FIX_ALL = "source.fixAll.flaglift"
FIX_NOTEBOOK = f"notebook.{FIX_ALL}"
"""Requested on a cell, the first fixes that cell, the second all cells (ruff-vscode#680)."""

_MOST_SUPPRESSED = 10
"""The most findings in a selection to suggest suppressions for: each one is proved by reading the
document again."""
_QUICK = types.CodeActionKind.QuickFix.value
_MOVE = types.CodeActionKind.RefactorRewrite.value

_Edits = Mapping[str, Sequence[types.TextEdit]]


async def _actions(
    ls: EditorServer, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    document = ls.session.document(params.text_document.uri)
    if document is None:
        return []
    current = await ls.read(document)
    if current.reading is None or current.reading.host is None:
        return []
    start, end = (
        current.version.offset(params.text_document.uri, place)
        for place in (params.range.start, params.range.end)
    )
    maker = ActionMaker(ls, document, current, current.reading, params.text_document.uri)
    return await ls.in_reader(maker.actions, Span(start, end), params.context)


class ActionMaker:
    """Makes the actions for one version of a document. Runs in the reader thread."""

    def __init__(
        self,
        ls: EditorServer,
        document: OpenDocument,
        current: VersionReading,
        reading: DocumentReading,
        uri: str,
    ) -> None:
        self._uri = uri
        self._ls = ls
        self._document = document
        self._current = current
        self._reading = reading

    def actions(
        self, place: Span, context: types.CodeActionContext
    ) -> list[types.CodeAction | types.Command]:
        """Return the actions for a range, limited to the requested kinds."""
        only = [kind.value if isinstance(kind, types.CodeActionKind) else kind
                for kind in context.only or ()]  # fmt: skip

        def wanted(kind: str) -> bool:
            return not only or any(kind == each or kind.startswith(f"{each}.") for each in only)

        made: list[types.CodeAction | types.Command] = []
        if wanted(_QUICK) or wanted(_MOVE):
            made += [each for each in self._for_findings(place) if wanted(str(each.kind))]
        # Editors request all kinds on every cursor move: the whole-file fixes are skipped then.
        automatic = context.trigger_kind is types.CodeActionTriggerKind.Automatic
        if wanted(FIX_ALL) and (only or not automatic):
            made += self._fix_all(FIX_ALL)
        if only and wanted(FIX_NOTEBOOK):
            made += self._fix_all(FIX_NOTEBOOK)
        if not only:
            codes = (each.finding.code for each in self._reading.findings_in(place))
            made += [
                types.Command(f"Explain {code}", EXPLAIN, arguments=[code])
                for code in dict.fromkeys(codes)
            ]
        return made

    def _for_findings(self, place: Span) -> Iterator[types.CodeAction]:
        about = self._reading.findings_in(place)
        for each in proposals(self._reading, about):
            yield types.CodeAction(
                each.title,
                _MOVE if each.is_move else _QUICK,
                [diagnostic(self._current.version, each.about)],
                is_preferred=each.is_safe or None,
                edit=self._edit(self._current.version.edits(each.edits)),
            )
        for finding in about[:_MOST_SUPPRESSED]:
            yield from self._suppressions(finding)

    def _suppressions(self, about: DocumentFinding) -> Iterator[types.CodeAction]:
        said = f"{about.finding.code} {about.finding.rule}"
        edit = comment_against(self._reading, about)
        if edit:
            edits = self._current.version.edits([edit])
            yield self._ignoring(f"Ignore {said} here, by a comment", about, self._edit(edits))
            return
        source = self._current.resolved.configuration.source
        if source:
            added = self._in_configuration(source, about)
            if added:
                title = f"Ignore {said} here, in {source.name}"
                yield self._ignoring(title, about, self._edit(added))

    def _ignoring(
        self, title: str, about: DocumentFinding, edit: types.WorkspaceEdit
    ) -> types.CodeAction:
        said = [diagnostic(self._current.version, about)]
        return types.CodeAction(title, _QUICK, said, edit=edit)

    def _in_configuration(self, source: Path, about: DocumentFinding) -> _Edits | None:
        uri = source.as_uri()
        opened = self._ls.session.document(uri)
        if opened and isinstance(opened.version, TextVersion):
            text = opened.version.text
        else:
            text = EditorText(read_regular(source).decode(), self._ls.unit)
        added = suppression_in(source, text.data.decode(), self._reading.job.path, about)
        if added is None:
            return None
        end = text.position(len(text.data))
        return {uri: [types.TextEdit(types.Range(end, end), added)]}

    def _fix_all(self, kind: str) -> Iterator[types.CodeAction]:
        host = self._reading.host
        if host is None:
            return
        wanted = Wanted(safe=True, accepted=frozenset(self._current.resolved.accepted))
        file = PromptFile(self._reading.data, host, self._reading.job)
        _, fixed = fix_file(file, wanted)
        edits = self._current.version.edits(line_edits(self._reading.data, fixed.data))
        if kind == FIX_ALL:
            edits = {uri: each for uri, each in edits.items() if uri == self._uri}
        if any(edits.values()):
            yield types.CodeAction("Apply all safe fixes of flaglift", kind, edit=self._edit(edits))

    def _edit(self, edits: _Edits) -> types.WorkspaceEdit:
        """Return edits bound to the versions they were made for; editors reject them for others."""
        versions = self._current.version.versions()
        asked = self._ls.client_capabilities.workspace
        if not asked or not asked.workspace_edit or not asked.workspace_edit.document_changes:
            return types.WorkspaceEdit({uri: list(each) for uri, each in edits.items()})
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(uri, versions.get(uri)),
                    list(each),
                )
                for uri, each in edits.items()
            ]
        )


FEATURES: tuple[Feature, ...] = (
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        _actions,
        types.CodeActionOptions([_QUICK, _MOVE, FIX_ALL, FIX_NOTEBOOK]),
    ),
)
