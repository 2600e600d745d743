"""A key stroke beside linting the whole file, and the memory of many edits, in the server's parts.

python benchmarks/editor.py            5,000 prompts: one a line, and in JSONL, Python and YAML
python benchmarks/editor.py --memory   50 prompts, after 1,000 edits and after 10,000
"""

import gc
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable

from corpus import with_flags
from lsprotocol.types import Position, Range

from flaglift.lsp.diagnostics import diagnostics
from flaglift.lsp.documents import TextVersion
from flaglift.lsp.session import EditorSession, OpenDocument
from flaglift.lsp.text import EditorText

_COUNT = 5000
_SUFFIXES: dict[str, Callable[[list[str]], str]] = {
    "txt": "\n".join,
    "jsonl": lambda prompts: "\n".join(json.dumps({"text": each}) for each in prompts),
    "py": lambda prompts: "\n".join(f"p{i} = {each!r}" for i, each in enumerate(prompts)),
    "yaml": lambda prompts: "\n".join(f"- text: {json.dumps(each)}" for each in prompts),
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
    text = "\n".join(with_flags(50))
    key = typist("txt", text, 20)
    for number in range(10_001):
        key()
        if number in (1000, 10_000):
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            print(f"{number} edits: {peak} KB at most")


def main() -> None:
    prompts = with_flags(_COUNT)
    for suffix, written in _SUFFIXES.items():
        key = typist(suffix, written(prompts), _COUNT // 2)
        whole = key()
        stroke = statistics.median(key() for _ in range(9))
        print(f"{suffix}: whole {whole:.2f} s, key stroke {stroke:.3f} s, {stroke / whole:.3f}")


if __name__ == "__main__":
    gc.set_threshold(100_000, 50, 100)  # as the server does
    if "--memory" in sys.argv:
        memory()
    else:
        main()
