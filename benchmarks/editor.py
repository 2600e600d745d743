"""A key stroke beside linting the whole file, and the memory of many edits, in the server's parts.

python benchmarks/editor.py            5,000 prompts in each kind of file, or in those named
python benchmarks/editor.py --memory   50 prompts in a server process, 1,000 edits and 10,000
"""

import gc
import json
import shlex
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from html import escape
from pathlib import Path

from corpus import with_flags
from lsprotocol.types import Position, Range

from flaglift.lsp.diagnostics import diagnostics
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.session import EditorSession, OpenDocument
from flaglift.lsp.text import EditorText

_COUNT = 5000
_QUOTE = '"'
_ELEMENTS = ",\n  "
_SUFFIXES: dict[str, Callable[[list[str]], str]] = {
    "txt": "\n".join,
    "jsonl": lambda prompts: "\n".join(json.dumps({"text": each}) for each in prompts),
    "py": lambda prompts: "\n".join(f"p{i} = {each!r}" for i, each in enumerate(prompts)),
    "json": lambda prompts: f"[\n  {_ELEMENTS.join(json.dumps({'text': p}) for p in prompts)}\n]",
    "php": lambda prompts: "<?php\n" + "\n".join(f"$p = {json.dumps(each)};" for each in prompts),
    "rb": lambda prompts: "\n".join(f"p = {json.dumps(each)}" for each in prompts),
    "toml": lambda prompts: "\n".join(f"p{i} = {json.dumps(p)}" for i, p in enumerate(prompts)),
    "csv": lambda prompts: (
        "text\n" + "\n".join(f'"{p.replace(_QUOTE, _QUOTE * 2)}"' for p in prompts)
    ),
    "md": lambda prompts: "\n".join(f"```\n{each}\n```" for each in prompts),
    "html": lambda prompts: "\n".join(f"<p>{escape(each)}</p>" for each in prompts),
    "yaml": lambda prompts: "\n".join(f"- text: {json.dumps(each)}" for each in prompts),
    "sh": lambda prompts: "\n".join(f"./make {shlex.quote(each)}" for each in prompts),
    "json5": lambda prompts: json.dumps(
        {"model": "x", "prompts": [{"text": each} for each in prompts]}, indent=2
    ),
}


def typist(suffix: str, text: str, line: int) -> Callable[[], float]:
    """Return what types a character in a line, and returns the seconds to the diagnostics."""
    session = EditorSession()
    version = TextVersion(f"file:///tmp/a.{suffix}", "", 1, EditorText(text, "utf-16"))
    document = OpenDocument(version.uri, version)
    place = Range(Position(line, 30), Position(line, 30))

    def key() -> float:
        began = time.process_time()
        if document.last:
            document.version = version.edited(2, document.version.text.edited(place, "x"))
        diagnostics(session.read(document, document.version))
        return time.process_time() - began

    return key


def memory() -> None:
    """Type into server processes, ask for the diagnostics, and look at what they take."""
    for suffix in ("txt", "py", "yaml"):
        command = [sys.executable, "-m", "flaglift", "lsp"]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            first, then, last = typed(server, suffix, _SUFFIXES[suffix](with_flags(50)))
            print(
                f"{suffix}: {first} KB at first, {then} KB after 1,000 edits, {last} after 10,000"
            )
            server.kill()


def typed(server: subprocess.Popen[bytes], suffix: str, text: str) -> Iterator[int]:
    """Make edits, and yield the KB that the server takes after 1, 1,000 and 10,000 of them."""
    send(server, "initialize", {"capabilities": {"textDocument": {"diagnostic": {}}}}, 1)
    send(server, "initialized", {})
    uri = f"file:///tmp/a.{suffix}"
    item = {"uri": uri, "languageId": "", "version": 0, "text": text}
    send(server, "textDocument/didOpen", {"textDocument": item})
    for number in range(2, 10_002):
        line, column = number // 2 % 50, 30
        start = {"line": line, "character": column}
        back = number % 2  # a character goes in, and out again
        place = {"start": start, "end": {**start, "character": column + back}}
        change = {"range": place, "text": "" if back else "x"}
        document = {"uri": uri, "version": number}
        send(
            server, "textDocument/didChange", {"textDocument": document, "contentChanges": [change]}
        )
        send(server, "textDocument/diagnostic", {"textDocument": {"uri": uri}}, number + 1)
        if number in (2, 1001, 10_001):
            status = Path(f"/proc/{server.pid}/status").read_text()
            yield int(status.partition("VmRSS:")[2].split()[0])
    send(server, "textDocument/didClose", {"textDocument": {"uri": uri}})


def send(server: subprocess.Popen[bytes], method: str, params: object, number: int = 0) -> None:
    """Send a message; with a number, wait for its answer."""
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    body = json.dumps({**message, "id": number} if number else message).encode()
    to, back = server.stdin, server.stdout
    if not to or not back:
        return
    to.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    to.flush()
    while number:
        length = 0
        while (line := back.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            length = int(value) if name == b"Content-Length" else length
        if json.loads(back.read(length)).get("id") == number:
            return


def main() -> None:
    prompts = with_flags(_COUNT)
    for suffix in sys.argv[1:] or _SUFFIXES:
        key = typist(suffix, _SUFFIXES[suffix](prompts), _COUNT // 2)
        whole = key()
        stroke = statistics.median(key() for _ in range(9))
        print(f"{suffix}: whole {whole:.2f} s, key stroke {stroke:.3f} s, {stroke / whole:.3f}")


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 100)  # as the server does
    if "--memory" in sys.argv:
        memory()
    else:
        main()
