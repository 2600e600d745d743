"""Registers all features of the server."""

from collections.abc import Callable
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcServerNotInitialized

from flaglift.lsp import actions, cells, completing, showing, syncing
from flaglift.lsp.commands import COPY, EXPLAIN, copy, explain
from flaglift.lsp.server import EditorServer


def make_server() -> EditorServer:
    """Return a server with all its features."""
    server = EditorServer()
    server.feature(types.INITIALIZE)(syncing.initialize)
    for method, handle, options in (
        *syncing.FEATURES,
        *cells.FEATURES,
        *actions.FEATURES,
        *showing.FEATURES,
        *completing.FEATURES,
    ):
        server.feature(method, options)(_guarded(handle))
    server.command(EXPLAIN)(explain)
    server.command(COPY)(copy)
    return server


def _guarded(handle: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that rejects requests until the editor has sent its capabilities."""

    async def handler(ls: EditorServer, params: Any) -> Any:
        if not ls.is_ready:
            raise JsonRpcServerNotInitialized
        return await handle(ls, params)

    return handler
