"""What must hold for any bytes: `make fuzz` has atheris look for bytes that break it.

The seeds are the corpora of the tests. What breaks a target becomes a line of
`corpora/fuzz/TARGET.txt` (`python tools/fuzz.py keep TARGET FILE`), and the suite tries it.
"""

import ast
import gzip
import io
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
import zstandard

from flaglift import api
from flaglift.check.hosts.base import LiteralChange
from flaglift.check.hosts.registry import NAMES, host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.errors import InputError
from flaglift.lossless.delimited import Dialect, content, rows
from flaglift.lossless.json_reader import read
from flaglift.lossless.json_tokens import JSON5, PYTHON
from flaglift.migrate.errors import UnreadableRecordError
from migrate.sources import applied, undone, verified
from shim import forms

CORPORA = Path(__file__).parent / "corpora"
FOUND = CORPORA / "fuzz"
FLAGS = "--video --video_model kling25"
Check = Callable[[bytes], None]


def prompts(data: bytes) -> None:
    """A prompt is read without loss and linted, and its fields are translated no further."""
    text = data.decode("utf-8", "surrogateescape")
    assert str(api.parse(text)) == text
    translation = api.translate(text)
    assert api.lint(text) == [*translation.diagnostics]
    if translation.status == "translated":
        again = api.translate(translation.values.get("text", ""))
        assert again.status == "unchanged"
    else:
        assert translation.values == {"text": text}


def fixes(data: bytes) -> None:
    """Fixing ends, loses no translation, and has nothing to do the second time."""
    text = data.decode("utf-8", "replace")
    before = api.translate(text)
    for unsafe in (False, True):
        fixed = api.fix(text, unsafe=unsafe).text
        assert api.fix(fixed, unsafe=unsafe).text == fixed
        after = api.translate(fixed)
        if before.status == "translated":
            assert after.status != "refused"
            assert unsafe or after.values == before.values


def host(name: str, data: bytes) -> None:
    """In a file of a kind, literals are inside, and each is kept or set."""
    data = data.decode("utf-8", "replace").encode()
    reader = host_named(name)
    literals = reader.literals(data)
    assert all(0 <= each.start <= each.end <= len(data) for each in literals)
    for literal in literals[:3]:
        new, refused = rewrite(data, reader, [LiteralChange(literal, literal.text)])
        assert new == data
        changed, refused = rewrite(data, reader, [LiteralChange(literal, f"{literal.text} x")])
        assert (
            (changed == data)
            if refused
            else f"{literal.text} x" in {each.text for each in reader.literals(changed)}
        )


def body(media_type: str, data: bytes) -> None:
    """A body comes out the same however it is cut."""
    whole = forms.rewrite(data, media_type)
    cut = forms.rewrite(data, media_type, cuts=range(0, len(data), 7))
    assert whole.body == cut.body


@contextmanager
def folder() -> Iterator[Path]:
    memory = Path("/dev/shm")  # noqa: S108
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)


def store(name: str, data: bytes) -> None:
    """A file is migrated, verified and taken back to the byte, or refused in words."""
    with folder() as place:
        path = place / name
        path.write_bytes(data)
        try:
            applied(path, rows=2, replace=True, create_columns=True, most_bytes=1000)
        except (InputError, UnreadableRecordError):
            assert path.read_bytes() == data
            return
        assert verified(path, create_columns=True, most_bytes=1000)[1] == []
        undone(path, create_columns=True, most_bytes=1000)
        assert path.read_bytes() == data or path.suffix in (".gz", ".zst", ".parquet")


def packed(name: str, data: bytes) -> None:
    """So is a compressed one, whole or damaged at a place that the first byte says."""
    at, data = data[:1] or b"\0", data[1:]
    pack = gzip.compress if name.endswith(".gz") else zstandard.ZstdCompressor().compress
    raw = bytearray(pack(data))
    if at[0] % 2:
        raw[at[0] % len(raw)] ^= 1
    store(name, bytes(raw))


def parquet(data: bytes) -> None:
    """So is a Parquet file of any texts."""
    texts = [each.decode("utf-8", "replace") for each in data.split(b"\0")]
    file = io.BytesIO()
    table = pa.table({"id": range(len(texts)), "text": texts})
    pq.write_table(table, file, row_group_size=2)
    store("p.parquet", file.getvalue())


def sqlite(data: bytes) -> None:
    """So is a table of any texts."""
    texts = [each.decode("utf-8", "replace") for each in data.split(b"\0")]
    with folder() as place:
        address = f"sqlite:///{place / 'p.db'}"
        engine = sa.create_engine(address)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                "CREATE TABLE p (id INTEGER PRIMARY KEY, text TEXT, video_model TEXT,"
                " video_prompt TEXT, video_duration INTEGER)"
            )
            for text in texts:
                connection.exec_driver_sql("INSERT INTO p (text) VALUES (?)", (text,))
        source = f"{address}#p"
        applied(source, rows=2)
        assert verified(source)[1] == []
        undone(source)
        with engine.begin() as connection:
            kept = connection.exec_driver_sql("SELECT text FROM p ORDER BY id").scalars().all()
        engine.dispose()
        assert [*kept] == texts


def cells(data: bytes) -> None:
    """Rows and cells lie one after the other, and only delimiters and line ends between them."""
    for dialect in (Dialect(), Dialect("\t", backslash=True), Dialect(";", quoting=False)):
        at = 0
        for row in rows(data, dialect):
            for cell in row.cells:
                assert at <= cell.start <= cell.end
                assert data[at : cell.start] in (b"", dialect.delimiter.encode())
                content(data[slice(*cell)], dialect)
                at = cell.end
            assert data[at : row.following] in (b"", b"\r", b"\n", b"\r\n")
            at = row.following
        assert at == len(data)


def json_text(data: bytes) -> None:
    """What is valid JSON is what Python takes for it, and strings are where they are said to be."""
    for grammar in (PYTHON, JSON5):
        reading = read(data, grammar)
        for document in reading.documents:
            for each in document.texts:
                assert data[each.start : each.start + 1] in (b'"', b"'")
                assert document.fault or data[each.start] == data[each.end - 1]
    documents = read(data, PYTHON).documents
    valid = len(documents) == 1 and not documents[0].fault
    try:
        json.loads(data.decode())
    except (UnicodeDecodeError, RecursionError):
        return
    except ValueError:
        assert not valid
    else:
        assert valid


TARGETS: dict[str, Check] = {
    "prompts": prompts,
    "fixes": fixes,
    **{f"check-{name}": partial(host, name) for name in NAMES},
    "store-json": partial(store, "p.json"),
    "store-jsonl": partial(store, "p.jsonl"),
    "store-csv": partial(store, "p.csv"),
    "store-tsv": partial(store, "p.tsv"),
    "store-gzip": partial(packed, "p.jsonl.gz"),
    "store-zstd": partial(packed, "p.jsonl.zst"),
    "store-parquet": parquet,
    "store-sqlite": sqlite,
    "read-cells": cells,
    "read-json": json_text,
    "body-json": partial(body, forms.JSON),
    "body-urlencoded": partial(body, forms.URLENCODED),
    "body-multipart": partial(body, forms.MULTIPART),
}

_TABLE = f'id,text,note\r\n1,"a ""cat"" {FLAGS}",x\r\n2,"b\rc\nd",\r\n3,{FLAGS},"e,f"\r\n'.encode()
_DOCUMENTS = f'[{{"text": "a \\"cat\\" {FLAGS}"}}, {{"n": [1e7, "]"], "text": 5}}, null]'.encode()
_LINES = f'{{"text": "a cat {FLAGS}"}}\r\n\n{{"text": 5}}\n["{FLAGS}"]\n'.encode()
_FIELDS = [("prompt[seed]", "1"), ("prompt[text]", forms.LEGACY)]
_SEEDS: dict[str, Iterable[bytes]] = {
    "store-json": (_DOCUMENTS, _LINES),
    "store-jsonl": (_LINES, _DOCUMENTS),
    "store-csv": (_TABLE, _TABLE.replace(b",", b";")),
    "store-tsv": (_TABLE.replace(b",", b"\t"), _TABLE),
    "store-gzip": (b"\0" + _LINES, b"\x0b" + _LINES),
    "store-zstd": (b"\0" + _LINES, b"\x0b" + _LINES),
    "store-parquet": (f"a cat {FLAGS}\0b\0{FLAGS} --duration x".encode(),),
    "store-sqlite": (f"a cat {FLAGS}\0b\0{FLAGS} --duration x".encode(),),
    "read-cells": (_TABLE, _LINES),
    "read-json": (_DOCUMENTS, _LINES),
    "body-json": (b'{"prompt": {"text": "a cat --video --video_model kling25", "n": [1e7]}}',),
    "body-urlencoded": (forms.urlencoded_body(_FIELDS),),
    "body-multipart": (forms.multipart_body([forms.text_field(), forms.file()]),),
}


def seeds(target: str) -> Iterator[bytes]:
    """Yield what a target begins with."""
    yield from found(target)
    yield from _SEEDS.get(target, ())
    kind, _, name = target.partition("-")
    if kind == "check":
        for path in sorted((CORPORA / "hosts").glob("*/*.txt")):
            if path.stem.partition("-")[0] == name:
                yield path.read_bytes()
        yield f"a cat {FLAGS}\n".encode()
    elif target in ("prompts", "fixes"):
        for line in (CORPORA / "readings.txt").read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield line.split("|")[1].strip().encode()


def found(target: str) -> Iterator[bytes]:
    """Yield what once broke a target: the lines of its corpus, as Python writes bytes."""
    path = FOUND / f"{target}.txt"
    if path.exists():
        for line in path.read_text(encoding="ascii").splitlines():
            if not line.startswith("#"):
                yield ast.literal_eval(line)


def keep(target: str, data: bytes) -> None:
    """Add what broke a target to its corpus."""
    assert target in TARGETS
    FOUND.mkdir(exist_ok=True)
    with (FOUND / f"{target}.txt").open("a", encoding="ascii") as file:
        file.write(f"{data!r}\n")


def pair(number: int) -> tuple[str, str]:
    """Return two targets, others for each number: as many numbers as pairs take them all."""
    names = [*TARGETS]
    return names[2 * number % len(names)], names[(2 * number + 1) % len(names)]
