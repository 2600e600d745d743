"""A document that is edited without end takes no more memory than at first.

Objects are counted in a process of its own: what other tests began may still go on in theirs.
"""

import asyncio
import gc
import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path
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


@pytest.mark.parametrize("what", ["txt", "py", "yaml", "md", "messages"])
def test_memory_is_flat(what: str) -> None:
    """What grew by one prompt an edit would be far above the limit: its findings are many objects.

    Neither an edit nor a request is kept after it was answered.
    """
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, __file__, what], stdout=subprocess.PIPE, check=True, env=environment
    )
    assert int(done.stdout) < 200


def _growth_by_edits(host: str) -> int:
    """Return by how many objects a session grows with 260 edits.

    Numbers are typed into lines in turn, of which caches hold no more than a round.
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
    return sizes[1] - sizes[0]


async def _growth_by_messages() -> int:
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


if __name__ == "__main__":
    (what,) = sys.argv[1:]
    growth = asyncio.run(_growth_by_messages()) if what == "messages" else _growth_by_edits(what)
    sys.stdout.write(str(growth))
