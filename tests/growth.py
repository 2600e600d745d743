"""Time and memory grow with the input, whatever it is made of, for everything that takes input.

`make growth` looks at each entry point with each kind of hostile input. Prints what does not.
"""

import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

from flaglift import api
from flaglift.check.document import PromptFile
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.patience import TooLongError
from flaglift.check.hosts.registry import NAMES, host_named
from flaglift.check.inspecting import inspect
from flaglift.check.job import FileJob
from flaglift.columns import translate_column
from flaglift.errors import InputError
from flaglift.migrate.job import Job
from flaglift.migrate.opening import open_store
from flaglift.settings import DEFAULT
from shim import forms

MOMENT = 1e-6
"""Seconds of processor time a byte: what is that fast is not measured again."""
MANY_SIZE = 30_000
"""Bytes of prompts in one container, each of which is judged and linted: 600 of them."""
MOST_TIMES = 20
"""So many times the input's size, in memory, and `ROOM` for what the program loads or compiles."""
ROOM = 4_000_000
"""Bytes. It counts where the input is small: at 10 MB it is a fiftieth of what is allowed."""
MANY = "many in one "
HEAVY = ('"', "\n", "words", "flags")
"""What is looked at for its memory."""
FLAGS = "--video --video_model kling25"
Work = Callable[[bytes], Any]

UNITS = {
    **{sign: sign for sign in "\"'`\\-=()[]{}<>&$#%/*,;:|!?@~^+._0a\n\t "},
    **{
        unit: unit
        for unit in (
            "--", "- ", '" ', "' ", '\\"', "\\'", "\\\n", "$(", "${", "${{", "{{", "{%", "#{", "<%",
            "<!--", "<a ", "</", "<?php ", "/*", "//", '"""', "'''", "```\n", "~~~\n", "---\n",
            "|\n", "> ", "- a\n", "a: ", "a:\n", "[1,", '{"a":', '"a",',
            "a,b\n", "%s", "%{", "&amp;",
            "<<A\n", "\r", "\r\n", "\x00", "é", "\U0001f600", "\u00a0",
            "\u200b-", "a=1&", "%20", "&a[b]=",
            "a=1\n", "(?i:", "f'{", "r#\"", "$'", "@{", "=begin\n", "__END__\n", "*a*", "[a](",
        )
    },
    "flags": f" {FLAGS}",
    "near flags": " --vidoe",
    "dashes": " \u2014video",
    "values": ' --video_prompt "a b"',
    "open values": ' --video_prompt "a',
    "settings": "\nar=1:1",
    "assignments": f'p = "{FLAGS}"\n',
    "words": "a cat sits on a mat, ",
}  # fmt: skip


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def store(name: str, data: bytes) -> None:
    """Read a file to its end; what cannot be read is said before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        try:
            opened = open_store(Job(str(path), targets={}), write=False)
        except InputError:
            return
        cursor: Any = None
        while chunk := opened.read(cursor, 1000):
            cursor = chunk.cursor
        opened.close()


def files(name: str, data: bytes) -> None:
    candidates(text_of(data).encode(), host_named(name))


def inspected(host: str, data: bytes) -> None:
    """Find and lint what is in a file; one that is refused at once takes no time."""
    with suppress(TooLongError):
        inspect(PromptFile(data, host_named(host), FileJob("a", "a", data, host, DEFAULT)))


def _repeated(before: str, unit: str, after: str) -> Callable[[int], str]:
    """Return what makes a document of some prompts; `#` is the number of each."""

    def document(count: int) -> str:
        units = (unit.replace("PROMPT", PROMPT).replace("#", str(n)) for n in range(count))
        return before + "".join(units) + after

    return document


def _nested(opening: str, middle: str, closing: str) -> Callable[[int], str]:
    return lambda count: _repeated("", opening, middle)(count) + closing * count


def _documents(before: str, beginning: str, after: str) -> Callable[[int], str]:
    """Return what makes a line that begins here-documents, and their bodies."""
    bodies = _repeated("", "PROMPT\nA#\n", "")
    return lambda count: _repeated(before, beginning, after)(count) + bodies(count)


PROMPT = f"a cat {FLAGS} --duration 5s"
CONTAINERS: dict[str, tuple[str, Callable[[int], str]]] = {
    "dict": ("python", _repeated("d = {", "'text': 'PROMPT', 'video_model': x,", "}")),
    "dict of others": ("python", _repeated("d = {", "'text': 'PROMPT', 'a#': x,", "}")),
    "call": ("python", _repeated("f(", "text='PROMPT',", ")")),
    "arguments": ("python", _repeated("f(", "'PROMPT',", ")")),
    "list": ("python", _repeated("d = [", "'PROMPT',", "]")),
    "tuple": ("python", _repeated("d = (", "'PROMPT',", ")")),
    "records": ("python", _repeated("post(u, json=[", "{'prompt': {'text': 'PROMPT'}},", "])")),
    "nested calls": ("python", _nested("f('PROMPT', ", "1", ")")),
    "chain of calls": ("python", _repeated("x", ".f('PROMPT')", "")),
    "alternatives": ("python", _repeated("x = ", "'PROMPT' or ", "1")),
    "object": ("javascript", _repeated("d = {", "text: 'PROMPT',", "};")),
    "ternary": ("javascript", _repeated("x = ", "a# ? 'PROMPT' : ", "1;")),
    "statements": ("javascript", _repeated("", "form.append('prompt[text]', 'PROMPT');\n", "")),
    "forms": ("javascript", _repeated("", "f#.append('prompt[text]', 'PROMPT');\n", "")),
    "attributes": ("javascript", _repeated("x = <A ", "a#='PROMPT' ", "/>;")),
    "hash": ("ruby", _repeated("d = {", "text: 'PROMPT',", "}")),
    "here-documents": ("ruby", _repeated("", "p = <<~A#\n  PROMPT\nA#\n", "")),
    "words": ("ruby", _repeated("d = %w[", "PROMPT ", "]")),
    "map": ("go", _repeated("package a\nvar d = map[string]string{", '"text": "PROMPT",', "}")),
    "values": ("go", _repeated("package a\nvar d = url.Values{", '"text": {"PROMPT"},', "}")),
    "struct": ("go", _repeated("package a\nvar d = T{", 'text: "PROMPT",', "}")),
    "array": ("php", _repeated("<?php $d = [", "'text' => 'PROMPT',", "];")),
    "command": ("bash", _repeated("curl a ", "-F 'prompt[text]=PROMPT' ", "")),
    "test": ("bash", _repeated("[ ", "$a = 'PROMPT' -o ", "a ]")),
    "line of here-documents": ("bash", _documents("cat ", "<<A# ", "\n")),
    "map of YAML": ("yaml", _repeated("", "text#: PROMPT\n", "")),
    "flow of YAML": ("yaml", _repeated("a: {", "text#: 'PROMPT', ", "}")),
    "JSON": ("json", _repeated('{"a": 1', ', "text": "PROMPT"', "}")),
    "table": ("toml", _repeated("[a]\n", "text = 'PROMPT'\n", "")),
    "dotted keys": ("toml", _repeated("[a]\n", "b#.text = 'PROMPT'\n", "")),
    "rows": ("sql", _repeated("INSERT INTO a (text) VALUES ", "('PROMPT'),", "('');")),
    "form": ("html", _repeated("<form>", '<input name="text" value="PROMPT">', "</form>")),
    "request": ("http", _repeated("POST https://a\n\n{", '"text": "PROMPT",', '"a": 1}')),
}
"""Hosts, and what makes a document of so many prompts in one container of each."""


def _frames() -> Iterator[tuple[str, Work, bytes, bytes]]:
    """Yield the entry points, each with what stands before and after what is repeated."""
    prompt = f"a cat {FLAGS} ".encode()
    yield "parse", lambda data: api.parse(text_of(data)), prompt, b""
    yield "lint", lambda data: api.lint(text_of(data)), prompt, b""
    yield "translate", lambda data: api.translate(text_of(data)), prompt, b""
    yield "fix", lambda data: api.fix(text_of(data)), prompt, b""
    yield "fix unsafe", lambda data: api.fix(text_of(data), unsafe=True), prompt, b""
    yield "column", lambda data: translate_column(pa.array([text_of(data)])), prompt, b""
    for name in NAMES:
        yield f"check {name}", partial(files, name), b"", f"\n{FLAGS}\n".encode()
    for name in ("p.csv", "p.tsv"):
        yield f"migrate {name}", partial(store, name), b"text\na cat --video\n", b""
    for name, (host, _) in CONTAINERS.items():
        yield f"{MANY}{name}", partial(inspected, host), b"", b""
    yield "migrate p.jsonl", partial(store, "p.jsonl"), b'{"text": "', b'"}\n'
    yield "migrate p.json", partial(store, "p.json"), b'[{"text": "a"}, ', b"]"
    yield "shim json", partial(forms.rewrite, media_type=forms.JSON), b'{"text": "a --video', b'"}'
    encoded = forms.URLENCODED
    yield "shim urlencoded", partial(forms.rewrite, media_type=encoded), b"text=a --video", b""
    whole = forms.multipart_body([forms.text_field("a --video AT")])
    before, _, after = whole.partition(b"AT")
    yield "shim multipart", partial(forms.rewrite, media_type=forms.MULTIPART), before, after


FRAMES = {name: (work, before, after) for name, work, before, after in _frames()}


def units_of(name: str) -> dict[str, str]:
    """Return what an entry point is looked at with: a container with as many prompts as fit."""
    return {"prompts": PROMPT} if name.startswith(MANY) else UNITS


def made(name: str, unit: str, size: int) -> bytes:
    if name.startswith(MANY):
        container = CONTAINERS[name.removeprefix(MANY)][1]
        return container(max(1, size // len(unit))).encode()
    _, before, after = FRAMES[name]
    raw = unit.encode()
    return before + raw * (size // len(raw)) + after


def seconds(name: str, unit: str, size: int) -> float:
    data = made(name, unit, size)
    gc.disable()  # it would look through all that the tests have loaded
    started = time.process_time()
    try:
        FRAMES[name][0](data)
        return time.process_time() - started
    finally:
        gc.enable()


def is_linear(name: str, unit: str, size: int) -> bool:
    """Tell whether four times the input takes four times the time, or nearly no time at all."""
    size = min(size, MANY_SIZE) if name.startswith(MANY) else size
    return seconds(name, unit, size) < MOMENT * size or any(
        seconds(name, unit, size) < 8 * seconds(name, unit, size // 4) for _ in range(3)
    )


MEMORY = """
import re, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
import growth
def peak():
    # Not `ru_maxrss`, which begins with what the process had that started this one.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", status)[1]) * 1024
name, unit, size = {name!r}, {unit!r}, {size!r}
growth.FRAMES[name][0](growth.made(name, unit, 1000))
before = peak()
growth.FRAMES[name][0](growth.made(name, unit, size))
print(peak() - before)
"""


def memory(name: str, unit: str, size: int) -> int:
    """Return how many more bytes of memory a process takes for an input than for a short one."""
    program = MEMORY.format(tests=str(Path(__file__).parent), name=name, unit=unit, size=size)
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    return int(done.stdout)


def main(size: int, *names: str) -> int:
    """Look at some entry points, or all; return how many kinds of input are too much for them."""
    wrong = tried = 0
    for name in names or FRAMES:
        for label, unit in units_of(name).items():
            tried += 1
            if not is_linear(name, unit, size):
                wrong += 1
                sys.stdout.write(f"{name}: {label!r} takes more time than in proportion\n")
        for label in HEAVY if not name.startswith(MANY) else ():
            tried += 1
            took = memory(name, UNITS[label], size)
            if took > MOST_TIMES * size + ROOM:
                wrong += 1
                sys.stdout.write(f"{name}: {label!r} takes {took / size:.0f} times its memory\n")
        sys.stdout.flush()
    sys.stdout.write(f"{tried} tried, {wrong} wrong\n")
    return wrong


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), *sys.argv[2:]) > 0)
