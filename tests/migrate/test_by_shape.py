"""Records of text files that are decided on by shape come out as those decided on one by one."""

import csv
import io
import json
import random
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flaglift.migrate import json_shapes, shape_decision
from flaglift.migrate.files import delimited_shapes
from flaglift.migrate.files.patches import unpatched
from flaglift.migrate.job import CONTRACT, EXPAND, Job
from flaglift.migrate.mending import Mending
from flaglift.migrate.shape_decision import ShapeDecider
from flaglift.migrate.tally import Tally
from flaglift.settings import Settings
from migrate.sources import applied, opened, planned, undone, verified

FLAGS = "--video --video_model kling25 --duration 5"
TEXTS = [
    "",
    "a plain cat",
    f"cat {FLAGS}",
    f'cat {FLAGS} --video_prompt "it yawns"',
    f'cat {FLAGS} --video_prompt "it, \\"yawns\\""',
    f'"cat {FLAGS}',
    f'"a cat, asleep" {FLAGS}',
    "cat --video --video_model kling25",
    "cat --video --video_model kling25 --duration 7",
    f"a {FLAGS} b",
    f'{FLAGS} --video_prompt "only this"',
    "cat --video --video_model nobody",
    "cat --video",
    "cat \u2014video",
    f"two\nlines {FLAGS}",
    "cat --video --video_model kling25\nseed=4\nhires_fix=true",
    f"a=b\n{FLAGS}",
    f"caf\u00e9 \U0001f408 {FLAGS}",
    f"half \ud83d {FLAGS}",
    f"\t/ \x7f {FLAGS}",
]


def result(path: Path, **options: Any) -> tuple[Tally, bytes, list[tuple[Any, ...]]]:
    """Return what a run counts, writes and journals; its files are removed again."""
    tally = applied(path, rows=7, **options)
    [to] = path.parent.glob("*.migrated.*")
    new = to.read_bytes()
    with opened(Job(str(path)), write=False) as store:
        entries = [(e.number, e.key, e.codes, e.patch) for e in store.entries(store.runs()[-1])]
    assert verified(path, **options)[1] == []
    for left in (to, Path(f"{path}.flaglift")):
        left.unlink()
    return tally, new, entries


def compared(path: Path, content: bytes, **options: Any) -> int:
    """Compare both ways; return how many records were decided on by shape."""
    path.write_bytes(content)
    decided = []
    decide = ShapeDecider.__call__

    def counted(self: ShapeDecider, prompt: Any) -> Any:
        outcome = decide(self, prompt)
        decided.append(outcome)
        return outcome

    with patch.object(ShapeDecider, "__call__", counted):
        fast = result(path, **options)
    with patch.object(ShapeDecider, "__call__", lambda self, prompt: None):  # noqa: ARG005
        slow = result(path, **options)
    assert fast == slow
    assert planned(path, **options).changed == fast[0].changed
    applied(path, replace=True, **options)
    undone(path, **options)
    assert path.read_bytes() == content
    return sum(outcome is not None for outcome in decided)


def documents(rows: int = 200, **members: Any) -> list[dict[str, Any]]:
    choose = random.Random(3).choice  # noqa: S311
    found = []
    for number in range(rows):
        document: dict[str, Any] = {"id": f"k{number // 2}"} if choose((0, 1)) else {}
        document |= {"text": choose(TEXTS)}
        document |= {name: choose(values) for name, values in members.items() if choose((0, 1))}
        found.append(document)
    return found


_OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "seed": ({"seed": [None, 4]}, {}),
    "fields that rules read": ({"num_images": [None, 1, 4]}, {}),
    "targets": ({"video_model": [None, "", "kling25", "other"], "video_duration": [None, 5]}, {}),
    "other targets": ({"video_model": [None, "kling25"]}, {"targets": {"video_model": "model"}}),
    "brackets": ({"prompt[seed]": [4], "prompt[video_model]": [None, "kling25"]}, {}),
    "key": ({}, {"key": "id"}),
    "expand": ({}, {"step": EXPAND}),
    "contract": ({}, {"step": CONTRACT}),
    "strict": ({}, {"settings": Settings(strict=True)}),
    "successors": ({}, {"settings": Settings(accept_successors=True)}),
    "fixed": ({}, {"mending": Mending(safe=True)}),
}
_BY_SHAPE = {"plain", "seed", "fields that rules read", "targets", "key", "strict"}


@pytest.mark.parametrize("name", _OPTIONS)
@pytest.mark.parametrize("only_ascii", [True, False])
@pytest.mark.no_cover
def test_documents(tmp_path: Path, name: str, only_ascii: bool) -> None:
    members, options = _OPTIONS[name]
    spaced = random.Random(4)  # noqa: S311
    spelled = []
    for document in documents(**members):
        marks = spaced.choice([(", ", ": "), (",", ":"), (",  ", " : ")])
        line = json.dumps(document, ensure_ascii=only_ascii, separators=marks)
        spelled.append(line.encode("utf-8", "replace"))
    lines = compared(tmp_path / "p.jsonl", b"\n".join(spelled), **options)
    array = b"[" + b",\n ".join(spelled) + b" ]\n"
    elements = compared(tmp_path / "p.json", array, **options)
    assert (lines > 10, elements > 10) == ((True, True) if name in _BY_SHAPE else (lines > 10,) * 2)


_LITERAL = json.dumps(f"cat {FLAGS}")


@pytest.mark.parametrize(
    "line",
    [
        f'{{"t\\u0065xt": {_LITERAL}, "n": {{"text": {_LITERAL}}}}}',
        f'{{"n": {{"text": {_LITERAL}}}, "text": {_LITERAL}}}',
        f'{{"n": {{"text": {_LITERAL}}}, "\\u0074ext": {_LITERAL}}}',
        f'{{"n": {{"text": 4}}, "\\u0074ext": {_LITERAL}}}',
        f'{{"n": "text", "text": {_LITERAL}}}',
        f'{{"n": "a \\"text", "text" :{_LITERAL}}}',
        f'{{"n": "\\"text\\": \\"cat\\"", "text": {_LITERAL}, "x": 1e400}}',
        f'{{"text": {_LITERAL}, "text": {_LITERAL}}}',
        f'{{"text": "c\\u0061t {FLAGS}", "i": 12345678901234567890}}',
        f'{{"text": "a \\/ b {FLAGS}"}}',
        f'{{"text": "a \\/ {FLAGS} b"}}',
        f'{{"text": "\u732b {FLAGS} \\u732b"}}',
        f'{{"text": "{FLAGS} \u732b"}}',
        f'{{"text": "a {FLAGS} --video_prompt \\"\\ud83d\\"", "n": "\u732b"}}',
    ],
)
def test_a_text_whose_place_or_spelling_is_unusual(tmp_path: Path, line: str) -> None:
    # The first of its shape is decided on by itself.
    known = json.dumps([{"text": f"a {FLAGS}"}, {"text": f'a {FLAGS} --video_prompt "b"'}])[1:-1]
    known = known.replace("}, ", "},\n")
    compared(tmp_path / "p.jsonl", "\n".join([known.replace(",\n", "\n"), line, line]).encode())
    compared(tmp_path / "p.json", f"[{known}, {line}, {line}]".encode())


def test_empty_fields_are_filled_where_they_are(tmp_path: Path) -> None:
    empty = {"video_duration": None, "text": f"caf\u00e9 {FLAGS}", "n": [1.5], "video_model": None}
    for only_ascii, marks in ((True, (", ", ": ")), (False, (",", ":"))):
        line = json.dumps(empty, ensure_ascii=only_ascii, separators=marks)
        assert compared(tmp_path / "p.jsonl", f"{line}\n{line}".encode()) == 2
        assert compared(tmp_path / "p.json", f"[{line}, {line}]".encode()) == 2
    applied(tmp_path / "p.jsonl")
    [new] = {*(tmp_path / "p.migrated.jsonl").read_text().splitlines()}
    assert new == json.dumps(
        {
            "video_duration": 5,
            "text": "caf\u00e9",
            "video_prompt": "caf\u00e9",
            "n": [1.5],
            "video_model": "kling25",
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )


@pytest.mark.no_cover
def test_documents_as_deep_as_can_be_read(tmp_path: Path) -> None:
    lines = [
        json.dumps({"text": f"cat {FLAGS}", "video_model": None})[:-1]
        + f', "n": {"[" * n}{"]" * n}}}'
        for n in range(850, 1000, 2)
    ]
    compared(tmp_path / "p.jsonl", "\n".join(lines).encode(), keep_going=True)


_NAMES = st.sampled_from(["a", "text", "seed", 'q"', "video_model", "t\u00e9"])
_VALUES = st.recursive(
    st.none() | st.integers() | st.sampled_from(TEXTS[:-2]) | st.text("\"\\/tex: ,{}'\u00e9"),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_NAMES, inner, max_size=2),
    max_leaves=4,
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.dictionaries(_NAMES, _VALUES, max_size=4), min_size=1, max_size=8),
    st.sampled_from([None, 1, "\t"]),
    st.booleans(),
)
def test_any_documents(found: list[dict[str, Any]], indent: Any, only_ascii: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        array = json.dumps(found, indent=indent, ensure_ascii=only_ascii)
        compared(Path(folder) / "p.json", array.encode())
        lines = "\n".join(json.dumps(each, ensure_ascii=only_ascii) for each in found)
        compared(Path(folder) / "p.jsonl", lines.encode())


_TARGETS = ("video_model", "video_duration")


def rows(delimiter: str, quoting: Any, **members: Any) -> str:
    out = io.StringIO(newline="")
    names = [*dict.fromkeys(["id", "video_prompt", "text", *_TARGETS, *members])]
    writer = csv.DictWriter(out, names, delimiter=delimiter, quoting=quoting)
    writer.writeheader()
    for document in documents(**{name: [""] for name in _TARGETS} | members):
        text = document["text"].replace("\ud83d", "")
        writer.writerow({"video_prompt": "", **document, "text": text})
    return out.getvalue()


@pytest.mark.parametrize("name", _OPTIONS)
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC, csv.QUOTE_ALL])
@pytest.mark.no_cover
def test_rows(tmp_path: Path, name: str, quoting: int) -> None:
    members, options = _OPTIONS[name]
    if "targets" in options:
        options = {"targets": {"video_model": "seed", "video_prompt": "video_prompt"}}
        members = {"seed": [""]}
    content = rows("," if quoting else ";", quoting, **members)
    by_shape = compared(tmp_path / "p.csv", content.encode(), **options)
    assert by_shape > 10 or name not in _BY_SHAPE


def test_rows_in_another_encoding_and_with_columns_to_add(tmp_path: Path) -> None:
    content = "id,text\n" + "".join(f"{n},caf\u00e9 {FLAGS}\n" for n in range(9))
    compared(tmp_path / "p.csv", content.encode(), create_columns=True)
    content = rows(",", csv.QUOTE_MINIMAL).replace("\u2014", "-").replace("\U0001f408", "")
    compared(tmp_path / "p.csv", content.encode("latin-1"), encoding="latin-1")
    compared(tmp_path / "p.csv", content.encode("latin-1"))  # some are not UTF-8


def test_a_value_that_no_cell_can_hold_and_a_settings_block_next_to_a_seed(tmp_path: Path) -> None:
    prompt = f'cat {FLAGS} --video_prompt "{{}}" now'.format
    texts = [prompt("it yawns"), prompt('\\"so\\" it yawns'), prompt("it sits")]
    head = "seed\ttext\tvideo_model\tvideo_prompt\tvideo_duration\n"
    content = head + "".join(f"\t{text}\t\t\t\n" for text in texts)
    assert compared(tmp_path / "p.tsv", content.encode()) > 1
    content = head.replace("\t", ",") + f'1,"{FLAGS} cat\na=b",,,\n2,cat {FLAGS},,,\n' * 3
    assert compared(tmp_path / "p.csv", content.encode()) > 1


def test_what_was_learned_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_shapes, "_MOST_LAYOUTS", 1)
    monkeypatch.setattr(shape_decision, "MOST_OUTCOMES", 1)
    monkeypatch.setattr(delimited_shapes, "_MOST_OUTCOMES", 1)
    lines = [json.dumps({**each, str(n % 3): n}) for n, each in enumerate(documents())]
    assert compared(tmp_path / "p.jsonl", "\n".join(lines).encode()) > 10
    assert compared(tmp_path / "p.csv", rows(",", csv.QUOTE_ALL).encode()) > 10


def test_a_patch_of_a_shape_restores_the_line(tmp_path: Path) -> None:
    path = tmp_path / "p.jsonl"
    old = [json.dumps({"text": f"{c} {FLAGS}"}, ensure_ascii=False) for c in "ab\u732b\U0001f408"]
    path.write_text("\n".join(old), encoding="utf-8")
    applied(path)
    new = (tmp_path / "p.migrated.jsonl").read_bytes().split(b"\n")
    with opened(Job(str(path)), write=False) as store:
        patches = [entry.patch or b"" for entry in store.entries(store.runs()[-1])]
    assert [*map(unpatched, new, patches)] == [line.encode() for line in old]
