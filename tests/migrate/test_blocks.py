"""Files are read in blocks: whatever the last byte of one is, the records are the same.

A block may end in a quote, a CR, a comma, a backslash, between CR and LF, or inside a character;
the rows after it keep their numbers.
"""

import gzip
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import zstandard

from flaglift.errors import InputError
from flaglift.migrate.files import compression, delimited, delimited_header, json_array, jsonl
from flaglift.migrate.files.byte_format import ByteFormat
from flaglift.migrate.job import Job
from migrate.sources import applied

FLAGS = "--video --video_model kling25"
TABLES = {
    "quotes, and line ends in cells": (
        f'id,text,note\r\n1,"a ""cat"" {FLAGS}",x\r\n2,"a\rb\r\nc --video",""\r\n'
        f'3,a"b --video,bad\r\n\r\n4,é {FLAGS},","\r\n5,"",""""\r\n6,--video,many,cells\r\n'
        '7," --video",\r\n'
    ),
    "LF": (
        f'id,text,note\n1,"a, {FLAGS}",x\n2,b --video,"c\n"\n3,"x --video"y,bad\n'
        "4,d --video,\n\n5,e --video,f"
    ),
    "CR alone": (
        f'id,text,note\r1,"a {FLAGS}",x\r2,b --video,"c\r"\r3,"x --video"y,bad\r'
        "4,d --video,\r\r5,e --video,f\r"
    ),
}
LF, CR = TABLES["LF"], TABLES["CR alone"]
QUOTES = TABLES["quotes, and line ends in cells"]
RECORDS = {
    QUOTES: [
        ("2", [f'a "cat" {FLAGS}']),
        ("3", ["a\rb\r\nc --video"]),
        ("6", [f"é {FLAGS}"]),
        ("9", [" --video"]),
    ],
    LF: [("2", [f"a, {FLAGS}"]), ("3", ["b --video"]), ("5", ["d --video"]), ("7", ["e --video"])],
    CR: [("2", [f"a {FLAGS}"]), ("3", ["b --video"]), ("5", ["d --video"]), ("7", ["e --video"])],
}
"""With a prompt. The numbers of rows count empty ones, and not the lines in cells."""
PROBLEMS = {QUOTES: ["4", "8"], LF: ["4"], CR: ["4"]}
ARRAY = (
    ' [ {"text": "a \\"b, ]}\\" ' + FLAGS + '"} ,\r\n {"text": "é\\\\ --video"}, 5 ,"x --video,y",'
    ' {"text": 1, "--video": 2}, [[{}], "] --video"], null , {"text": "b --video"}\n ] \n'
)
LINES = (
    '{"text": "a \\"b\\" ' + FLAGS + '"}\r\n\r\nnot json --video\n{"text": "é\\\\ --video"}\n'
    '"--video"\n{"text": 1, "--video": 2}\r\n{"text": "b --video"}'
)


class Read(NamedTuple):
    """What a file says, however it is read."""

    records: list[tuple[str, list[str], bytes]]
    problems: list[tuple[str, str]]
    body: bytes


def read(form: ByteFormat, rows: int = 3) -> Read:
    found = Read([], [], b"")
    cursor: Any = None
    while chunk := form.read(cursor, rows):
        for record in chunk.records:
            texts = [one.text for one in record.prompts]
            found.records.append((record.key, texts, chunk.body[record.body]))
        found.problems.extend((each.key, each.sentence) for each in chunk.problems)
        found = found._replace(body=found.body + chunk.body)
        assert chunk.size == len(chunk.body) > 0
        cursor = chunk.cursor
    form.close()
    return found


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table(table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.csv"
    data = table.encode()
    path.write_bytes(data)
    job = Job(str(path), targets={})
    whole = read(delimited.Delimited(job, path))
    assert whole.body == data
    assert [(key, texts) for key, texts, _ in whole.records if texts] == RECORDS[table]
    assert [key for key, _ in whole.problems] == PROBLEMS[table]
    for size in range(1, len(data) + 2):
        monkeypatch.setattr(delimited, "_BLOCK", size)
        monkeypatch.setattr(delimited_header, "_BLOCK", size)
        for rows in (1, 3, 100):
            assert read(delimited.Delimited(job, path), rows) == whole


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_a_json_list(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.json"
    path.write_bytes(ARRAY.encode())
    job = Job(str(path))
    whole = read(json_array.JsonArray(job, path))
    assert whole.body == ARRAY.encode()
    assert [key for key, _, _ in whole.records] + [key for key, _ in whole.problems]
    # Blocks shorter than the blanks before the list would not show that it is one.
    for size in range(2, len(whole.body) + 2):
        monkeypatch.setattr(json_array, "_BLOCK", size)
        assert read(json_array.JsonArray(job, path), rows) == whole


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_json_lines(rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "p.jsonl"
    path.write_bytes(LINES.encode())
    job = Job(str(path))
    whole = read(jsonl.JsonLines(job, path))
    assert whole.body == LINES.encode()
    assert [key for key, *_ in whole.records] == ["1", "4", "7"]
    assert [key for key, _ in whole.problems] == ["3", "5", "6"]
    for size in range(1, len(whole.body) + 2):
        monkeypatch.setattr(jsonl, "_BLOCK", size)
        assert read(jsonl.JsonLines(job, path), rows) == whole


@pytest.mark.parametrize("name", ["p.csv", "p.json", "p.jsonl"])
def test_a_record_may_be_exactly_as_long_as_allowed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {"p.csv": f"1,a {FLAGS}", "p.json": f'{{"text": "{FLAGS}"}}'}
    record["p.jsonl"] = record["p.json"]
    frame = {"p.csv": "id,text\n{}\n2,--video\n", "p.json": '[{}, {{"text": "--video"}}]'}
    frame["p.jsonl"] = '{}\n{{"text": "--video"}}\n'
    data = frame[name].format(record[name]).encode()
    path = tmp_path / name
    path.write_bytes(data)
    forms = {"p.csv": delimited.Delimited, "p.json": json_array.JsonArray}
    form = forms.get(name, jsonl.JsonLines)
    for module in (delimited, json_array, jsonl):
        monkeypatch.setattr(module, "_BLOCK", 4)
    length = len(record[name])
    fits = read(form(Job(str(path), targets={}, most_bytes=length + 2), path))
    assert (len(fits.records), fits.problems, fits.body) == (2, [], data)
    short = read(form(Job(str(path), targets={}, most_bytes=length // 2), path))
    assert short.problems
    assert short.body == data


@pytest.mark.parametrize("header", ["text", "id,text", '"a\nb",text'])
@pytest.mark.parametrize("block", [1, 4, 2**20])
def test_a_header_may_be_exactly_as_long_as_allowed(
    header: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited_header, "_BLOCK", block)
    path = tmp_path / "p.csv"
    path.write_text(header)  # without a line end, which would tell that it is whole
    form = delimited.Delimited(Job(str(path), most_bytes=len(header)), path)
    assert read(form).body == header.encode()
    if block < 2**20:  # what is read at once may be long
        with pytest.raises(InputError, match="its header "):
            delimited.Delimited(Job(str(path), most_bytes=len(header) - 1), path)


def test_a_line_is_too_long_by_one_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonl, "_BLOCK", 5)
    path = tmp_path / "p.jsonl"
    long, short = '{"text": "a cat that sits --video"}', '{"text": "--video"}'
    path.write_text(f"{long}\n{short}\n{long}\n{short}\n{long}")
    for most in range(len(short), len(long) + 1):
        problems = [] if most == len(long) else ["1", "3", "5"]
        found = read(jsonl.JsonLines(Job(str(path), most_bytes=most), path), 100)
        assert [key for key, _ in found.problems] == problems
        numbers = [key for key, *_ in found.records]
        assert sorted([*numbers, *problems]) == ["1", "2", "3", "4", "5"]


def test_blanks_are_a_value() -> None:
    job = Job("p.csv")
    for name in ("video_model", "video_prompt", "video_duration"):
        assert job.is_empty(name, "")
        assert not job.is_empty(name, " ")


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_members_and_frames_end_anywhere(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = gzip.compress if kind == "gz" else zstandard.ZstdCompressor().compress
    data = QUOTES.encode()
    plain = tmp_path / "p.csv"
    plain.write_bytes(data)
    whole = read(delimited.Delimited(Job(str(plain), targets={}), plain))
    path = tmp_path / f"p.csv.{kind}"
    for cut in range(1, len(data)):
        path.write_bytes(pack(data[:cut]) + pack(data[cut:]))
        monkeypatch.setattr(compression, "_BLOCK", 1 + cut % 9)
        assert read(delimited.Delimited(Job(str(path), targets={}), path)) == whole


def test_what_is_written_does_not_hang_on_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected: dict[str, bytes] = {}
    texts = {"p.csv": CR, "p.json": ARRAY, "p.jsonl": LINES}
    for size in (2**20, 2, 7, 40):
        for module in (delimited, json_array, jsonl):
            monkeypatch.setattr(module, "_BLOCK", size)
        for name, text in texts.items():
            path = tmp_path / str(size) / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
            applied(path, replace=True, create_columns=name == "p.csv")
            new = path.read_bytes()
            assert new != text.encode()
            assert expected.setdefault(name, new) == new


@pytest.mark.parametrize("size", [40, 64, 1000])
def test_what_follows_a_list_is_copied_whatever_block_it_is_in(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    element = f'{{"text": "a {FLAGS}"}}'
    rest = f"\n{element}, {element}\n[{element}] " * 20
    path = tmp_path / "p.json"
    path.write_text(f"[{element}]{rest}")
    monkeypatch.setattr(json_array, "_BLOCK", size)
    counts = applied(path, replace=True)
    assert (counts.records, counts.changed, counts.problems) == (2, 1, 1)
    assert path.read_text().endswith(f"]{rest}")
    assert path.read_text().count("--video ") == rest.count("--video ")
