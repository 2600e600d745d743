"""The protocol as editors expect it, where pygls deviates."""

from collections.abc import Iterator
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.protocol.json_rpc import JsonRPCRequestMessage

INVALID = "flaglift/invalid"
"""Replaces the method of a request with invalid parameters."""


def _passed_on(method: str) -> Any:
    """Return a handler that only passes a notification on to its feature."""

    @lsp_method(method)
    def pass_on(self: LanguageServerProtocol, params: Any) -> Iterator[Any]:
        yield self.fm.features[method], (params,), None

    return pass_on


class EditorProtocol(LanguageServerProtocol):
    """The protocol without pygls's own copies of the documents.

    pygls also splits lines where the protocol does not, at U+2028 and others, so edits would be
    applied at the wrong place.
    """

    lsp_text_document__did_open: Any = _passed_on(types.TEXT_DOCUMENT_DID_OPEN)
    lsp_text_document__did_change: Any = _passed_on(types.TEXT_DOCUMENT_DID_CHANGE)
    lsp_text_document__did_close: Any = _passed_on(types.TEXT_DOCUMENT_DID_CLOSE)
    lsp_notebook_document__did_open: Any = _passed_on(types.NOTEBOOK_DOCUMENT_DID_OPEN)
    lsp_notebook_document__did_change: Any = _passed_on(types.NOTEBOOK_DOCUMENT_DID_CHANGE)
    lsp_notebook_document__did_close: Any = _passed_on(types.NOTEBOOK_DOCUMENT_DID_CLOSE)

    def _execute_handler(
        self, msg_id: str | int, handler: Any, callback: Any, args: Any = None, kwargs: Any = None
    ) -> None:
        """Run a handler, and forget it when it is done; pygls keeps those of notifications.

        Cancelled ones are left to the canceller: at shutdown, pygls iterates over them.
        """

        def done(future: Any) -> None:
            if not future.cancelled():
                self._request_futures.pop(msg_id, None)
            callback(future)

        super()._execute_handler(msg_id, handler, done, args, kwargs)

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Return a message; a request with invalid parameters is answered all the same."""
        try:
            return super().structure_message(data)
        except JsonRpcInvalidParams:
            if "id" not in data or "method" not in data:
                raise
            return JsonRPCRequestMessage(data["id"], INVALID, self.VERSION, data["method"])
