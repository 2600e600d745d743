"""A document that is edited without end takes no more memory than at first."""

import asyncio
import gc
from io import BytesIO
from typing import Any

import pytest
from lsprotocol.types import Position, Range
from pygls.io_ import StdoutWriter

from flaglift.lsp.diagnostics import diagnostics
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.features import make_server
from flaglift.lsp.session import EditorSession, OpenDocument
from flaglift.lsp.text import EditorText

PROMPT = "a 😀 cat --video --video_model kling25 --duration 77"


@pytest.mark.parametrize("host", ["txt", "py", "yaml", "md"])
def test_memory_is_flat(host: str) -> None:
    """Numbers are typed into lines in turn, of which caches hold no more than a round.

    What grew by one prompt an edit would be far above the limit: its findings are many objects.
    """
    lines = {"txt": PROMPT, "py": f"p = '{PROMPT}'", "yaml": f"- text: {PROMPT}", "md": PROMPT}
    session = EditorSession()
    text = EditorText("\n".join([lines[host]] * 20), "utf-16")
    version = TextVersion(f"file:///none/a.{host}", "", 1, text)
    document = OpenDocument(version.uri, version)
    written = 0

    def edit(number: int) -> None:
        nonlocal version, written
        start = Position(number % 20, 14)
        end = Position(number % 20, 14 + written * (number >= 20))
        typed = f"{number % 97:06}"
        text = version.text.edited(Range(start, end), typed)
        version = document.version = version.edited(number, text)
        diagnostics(session.read(document, version))
        if number >= 19:
            written = len(typed)

    for number in range(120):
        edit(number)
    sizes = []
    for number in range(120, 400):
        edit(number)
        if number in (140, 399):
            gc.collect()
            sizes.append(len(gc.get_objects()))
    assert sizes[1] - sizes[0] < 200


def test_messages_leave_nothing_behind() -> None:
    """Neither an edit nor a request is kept after it was answered."""
    assert asyncio.run(_growth()) < 200


async def _growth() -> int:
    """Return by how many objects a server grows with 300 edits and requests."""
    protocol = make_server().protocol
    protocol.set_writer(StdoutWriter(BytesIO()))

    def send(method: str, params: Any, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        protocol.handle_message(protocol.structure_message(message))

    send("initialize", {"capabilities": {"textDocument": {"diagnostic": {}}}}, id=1)
    await asyncio.sleep(0)
    send("initialized", {})
    document = {"uri": "file:///none/a.txt", "version": 0}
    send("textDocument/didOpen", {"textDocument": {**document, "languageId": "", "text": PROMPT}})
    sizes = []
    for number in range(400):
        change = {"text": f"{PROMPT}{number % 2}"}
        send("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})
        send("textDocument/diagnostic", {"textDocument": document}, id=number + 2)
        send("textDocument/diagnostic", {"textDocument": document}, id=-number - 1)
        send("$/cancelRequest", {"id": -number - 1})
        while len(asyncio.all_tasks()) > 1:
            await asyncio.sleep(0)
        if number in (100, 399):
            gc.collect()
            sizes.append(len(gc.get_objects()))
    return sizes[1] - sizes[0]
