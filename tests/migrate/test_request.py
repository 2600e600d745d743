"""What stands beside a text counts as in `check`: keys and columns named like request fields."""

import csv
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flaglift import Context, Settings
from flaglift.api import lint
from flaglift.linting.engine import examine
from flaglift.migrate.control import Decided
from flaglift.migrate.job import CONTRACT, EXPAND
from migrate.conftest import Database, open_database
from migrate.sources import applied, planned, undone, verified
from running import flaglift

CAT = 'a cat --video --video_model kling25 --duration 5 --video_prompt "it yawns"'
BLOCK = f"{CAT}\nseed=1\nnum_images=1"
REQUESTS: list[tuple[str, dict[str, Any]]] = [
    (CAT, {}),
    (CAT, {"num_images": 4}),
    (CAT, {"num_images": 1, "seed": 7}),
    (CAT, {"num_images": None, "style": "Cinematic"}),
    (CAT, {"aspect_ratio": "16/9"}),
    ("a cat --video --video_model wan25_720p", {"video_last_frame_url": "https://example.com/e.png"}),
    ("a cat --video --video_model kling30_motion_control", {"input_video_url": None}),
    ("a cat --video --video_model seedance2_720p",
     {"video_first_frame_url": "https://example.com/a.png", "audio_reference_url": "b.mp3"}),
    ("a cat --video --video_model seedance2_720p",
     {"audio_reference_url": "b.mp3", "video_audio": True}),
    ("--video --video_model kling25", {"video_first_frame_url": "https://example.com/a.png"}),
    (BLOCK, {"seed": 1}),
    (BLOCK, {"seed": 2}),
    (BLOCK, {"num_images": 4, "seed": None}),
]  # fmt: skip
"""Texts, and what the request holds beside them."""
NAMES = sorted({name for _, fields in REQUESTS for name in fields})
FIELDS = ("video_model", "video_prompt", "video_duration")


def expected(*, columns: bool) -> list[list[str]]:
    """Return what the library says of the requests; a table has a column for every field."""
    found = []
    for text, fields in REQUESTS:
        named = dict.fromkeys(NAMES) if columns else {}
        context = Context({**dict.fromkeys(FIELDS), **named, **fields})
        found.append(sorted({each.code for each in lint(text, context=context)}))
    return found


def decided(source: str | Path, **options: Any) -> list[list[str]]:
    """Return what a plan finds in each record."""
    found: list[list[str]] = []

    def watch(_: object, __: object, decided: Sequence[Decided]) -> None:
        found.extend(sorted({c for v in verdicts for c in v.codes}) for _, verdicts in decided)

    planned(source, rows=3, watch=watch, **options)
    return found


def checked(path: Path) -> list[str]:
    """Return what `check` finds in a file."""
    out = flaglift("check", path, "--output-format", "json", "--isolated", "--no-cache").stdout
    return sorted({finding["code"] for finding in json.loads(out)})


def as_json(prefix: str = "") -> list[dict[str, Any]]:
    rename = "prompt[{}]".format if prefix else str
    return [
        {"id": number, "text": text, **{rename(name): value for name, value in fields.items()}}
        for number, (text, fields) in enumerate(REQUESTS)
    ]


def as_rows() -> list[list[Any]]:
    header = ["id", "text", *FIELDS, *NAMES]
    rows = [
        [number, text, *("" for _ in FIELDS), *(fields.get(name) for name in NAMES)]
        for number, (text, fields) in enumerate(REQUESTS)
    ]
    return [header, *rows]


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    yield from open_database(request.param, tmp_path_factory.mktemp("requests"))


def test_there_is_something_to_say() -> None:
    for columns in (False, True):
        found = {code for codes in expected(columns=columns) for code in codes}
        assert found >= {"FL502", "FL505", "FL506", "FL507", "FL508", "FL604"}


@pytest.mark.parametrize("prefix", ["", "prompt"])
def test_keys_of_lines(tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "prompts.jsonl"
    path.write_text("".join(json.dumps(each) + "\n" for each in as_json(prefix)))
    assert decided(path) == expected(columns=False)
    for line, found in zip(path.read_text().splitlines(), decided(path), strict=True):
        path.write_text(line)
        assert checked(path) == found


def test_keys_of_an_array_and_of_documents_that_python_does_not_read(tmp_path: Path) -> None:
    path = tmp_path / "prompts.json"
    path.write_text(json.dumps(as_json()))
    assert decided(path) == expected(columns=False)
    long = "1" * 5000  # more digits than Python makes a number of
    path.write_text(json.dumps(as_json()).replace('{"id": ', f'{{"n": {long}, "id": '))
    assert decided(path) == expected(columns=False)
    assert applied(path).changed > 5


def test_columns_of_cells(tmp_path: Path) -> None:
    path = tmp_path / "prompts.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(as_rows())
    assert decided(path) == expected(columns=True)
    for row, found in zip(as_rows()[1:], expected(columns=True), strict=True):
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([as_rows()[0], row])
        assert checked(path) == found


def test_columns_of_parquet(tmp_path: Path) -> None:
    path = tmp_path / "prompts.parquet"
    columns = {
        "text": [text for text, _ in REQUESTS],
        **{name: [fields.get(name) for _, fields in REQUESTS] for name in NAMES},
    }
    pq.write_table(pa.table(columns), path, row_group_size=4)
    assert decided(path, create_columns=True) == expected(columns=True)


@pytest.mark.parametrize("with_json", [False, True], ids=["columns", "documents"])
def test_columns_and_keys_of_a_table(database: Database, with_json: bool) -> None:
    kinds = {"num_images": "INTEGER", "seed": "BIGINT", "video_audio": "BOOLEAN"}
    database.run("DROP TABLE IF EXISTS requests")
    if with_json:
        database.run("CREATE TABLE requests (id INTEGER PRIMARY KEY, num_images INTEGER, doc TEXT)")
        for each in as_json():
            database.run(
                "INSERT INTO requests VALUES (:i, 8, :d)", i=each["id"] + 1, d=json.dumps(each)
            )
        options: dict[str, Any] = {"json_column": "doc"}
    else:
        columns = ", ".join(f"{name} {kinds.get(name, 'VARCHAR(99)')}" for name in NAMES)
        source = database.prompts([text for text, _ in REQUESTS], "requests")
        assert source
        for column in columns.split(", "):
            database.run(f"ALTER TABLE requests ADD COLUMN {column}")
        for number, (_, fields) in enumerate(REQUESTS, 1):
            for name, value in fields.items():
                database.run(f"UPDATE requests SET {name} = :v WHERE id = :i", v=value, i=number)
        options = {}
    source = f"{database.url}#requests"
    assert decided(source, **options) == expected(columns=not with_json)
    before = database.rows("requests")
    strict = applied(source, settings=Settings(strict=True), **options)
    assert strict.refusals["FL506"] == 2
    assert verified(source, **options)[1] == []
    assert undone(source, **options).restored == strict.changed
    assert database.rows("requests") == before


def test_a_refused_list_names_them(tmp_path: Path) -> None:
    path, refused = tmp_path / "prompts.jsonl", tmp_path / "refused.jsonl"
    path.write_text(json.dumps({"text": CAT, "num_images": 4}) + "\n")
    result = flaglift("migrate", "plan", path)
    assert "FL506" in result.stdout
    for verb in (["plan"], ["apply", "--to", tmp_path / "new.jsonl"]):
        result = flaglift("migrate", *verb, path, "--strict", "--refused", refused, "-q")
        assert json.loads(refused.read_text())["codes"] == ["FL001", "FL506"]
        refused.unlink()
    assert path.read_text() == (tmp_path / "new.jsonl").read_text()
    result = flaglift("migrate", "plan", path, "--strict", "--empty", "num_images=4")
    assert result.returncode == 0


def test_values_that_differ_from_row_to_row_cost_no_examination(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prompts.jsonl"
    lines = [{"text": f"a cat {n} --video --video_model kling25", "seed": n} for n in range(500)]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    examined: list[str] = []

    def counting(text: str, *rest: Any) -> Any:
        examined.append(text)
        return examine(text, *rest)

    monkeypatch.setattr("flaglift.shapes.shortcut.examine", counting)
    assert planned(path).translated == 500
    assert len(examined) < 5


def test_of_two_keys_for_one_field_nobody_knows_which_counts(tmp_path: Path) -> None:
    path = tmp_path / "prompts.csv"
    path.write_text("text,num_images,prompt[num_images],video_model\na --video,4,1,kling25\n")
    assert "FL506" not in decided(path)[0]
    lines = tmp_path / "prompts.jsonl"
    twice = json.dumps({"text": BLOCK, "seed": 1})[:-1] + ', "seed": 1}'
    lines.write_text(twice)
    assert "FL604" in decided(lines)[0]
    lines.write_text(json.dumps({"text": BLOCK, "seed": 1, "prompt[seed]": 1}))
    assert "FL604" in decided(lines)[0]


MODEL = "a cat --video --video_model kling25"
OTHERWISE: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
    ({}, {"text": "a cat", "video_model": "kling25", "video_prompt": "a cat"}),
    ({"prompt[video_model]": "ovi"}, None),
    ({"prompt[video_model]": "kling25"}, {"text": "a cat", "video_prompt": "a cat"}),
    ({"prompt[video_model]": None}, {"text": "a cat", "video_prompt": "a cat",
                                     "prompt[video_model]": "kling25"}),
    ({"prompt[video_model]": "ovi", "video_model": None}, None),
    ({"prompt[video_model]": "ovi", "video_model": "kling25"}, None),
    ({"prompt[video_model]": "kling25", "video_model": None},
     {"text": "a cat", "video_prompt": "a cat", "video_model": "kling25"}),
    ({"prompt[video_model]": None, "prompts[][video_model]": None}, None),
]  # fmt: skip
"""What stands beside a text, and what is written; None where nobody knows which value counts."""


@pytest.mark.parametrize("extra", ["", ', "n": ' + "1" * 5000], ids=["values", "places"])
@pytest.mark.parametrize(("there", "written"), OTHERWISE)
def test_a_key_spelled_otherwise_is_the_field_s(
    tmp_path: Path, there: dict[str, Any], written: dict[str, Any] | None, extra: str
) -> None:
    path, new = tmp_path / "prompts.jsonl", tmp_path / "new.jsonl"
    line = json.dumps({"text": MODEL, **there})[:-1] + extra + "}\n"
    path.write_text(line)
    assert applied(path, to=new).changed == (written is not None)
    found = json.loads(new.read_text().replace(extra, ""))
    assert found == {"text": MODEL, **there, **(written or {})}
    assert verified(path, to=new)[1] == []


def test_a_key_spelled_otherwise_is_not_the_field_s_where_another_was_named(tmp_path: Path) -> None:
    path, new = tmp_path / "prompts.jsonl", tmp_path / "new.jsonl"
    path.write_text(json.dumps({"text": MODEL, "prompt[video_model]": None}) + "\n")
    targets = {"video_model": "model", "video_prompt": "video_prompt"}
    assert applied(path, to=new, targets=targets).changed == 1
    assert json.loads(new.read_text())["model"] == "kling25"


def test_settings_of_a_block_go_where_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    block = f"{MODEL}\nseed=1\nnum_images=2\nar=1:1"
    rows: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
        ({}, {"seed": 1, "num_images": 2, "aspect_ratio": "1:1"}),
        ({"seed": "1"}, {"num_images": 2, "aspect_ratio": "1:1"}),
        ({"prompt[seed]": None, "num_images": None},
         {"prompt[seed]": 1, "num_images": 2, "aspect_ratio": "1:1"}),
        ({"prompt[seed]": 1}, {"num_images": 2, "aspect_ratio": "1:1"}),
        ({"prompt[seed]": 3}, None),
        ({"prompt[seed]": 1, "seed": 1}, None),
    ]  # fmt: skip
    path.write_text("".join(json.dumps({"text": block, **there}) + "\n" for there, _ in rows))
    old = path.read_bytes()
    applied(path, replace=True)
    for line, (there, written) in zip(path.read_text().splitlines(), rows, strict=True):
        modern = {"text": "a cat", "video_model": "kling25", "video_prompt": "a cat"}
        wanted = {"text": block, **there} if written is None else {**modern, **there, **written}
        assert json.loads(line) == wanted
    assert undone(path).restored == 4
    assert path.read_bytes() == old


COLUMNS: list[tuple[str | None, str | None, str | None]] = [
    (None, "ovi", None),
    ("kling25", "ovi", None),
    (None, "kling25", "kling25"),
    ("kling25", None, "kling25"),
    (None, None, "kling25"),
]
"""What the columns `video_model` and `prompt[video_model]` hold, and the first one after it."""


def _files_of(folder: Path) -> Iterator[tuple[Path, Any]]:
    rows = [[MODEL, model, other] for model, other, _ in COLUMNS]
    path = folder / "prompts.csv"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["text", "video_model", "prompt[video_model]"], *rows])
    yield path, lambda p: [r["video_model"] for r in csv.DictReader(p.read_text().splitlines())]
    path = folder / "prompts.parquet"
    names = ("text", "video_model", "prompt[video_model]")
    pq.write_table(pa.table({n: [r[i] for r in rows] for i, n in enumerate(names)}), path)
    yield path, lambda p: pq.read_table(p).column("video_model").to_pylist()


def test_a_column_spelled_otherwise_may_contradict(tmp_path: Path) -> None:
    for path, read in _files_of(tmp_path):
        new = tmp_path / f"new{path.suffix}"
        counts = applied(path, to=new, create_columns=True)
        assert (counts.changed, counts.refusals["FL604"]) == (3, 2)
        assert [m or None for m in read(new)] == [after or was for was, _, after in COLUMNS]


def test_a_column_of_a_table_spelled_otherwise_may_contradict(database: Database) -> None:
    source = database.prompts([MODEL for _ in COLUMNS], "otherwise")
    quote = "`{}`" if "mysql" in database.url else '"{}"'
    other = quote.format("prompt[video_model]")
    database.run(f"ALTER TABLE otherwise ADD COLUMN {other} VARCHAR(99)")
    for number, (model, value, _) in enumerate(COLUMNS, 1):
        database.run(
            f"UPDATE otherwise SET video_model = :m, {other} = :v WHERE id = :i",
            m=model, v=value, i=number,
        )  # fmt: skip
    before = database.rows("otherwise")
    counts = applied(source)
    assert (counts.changed, counts.refusals["FL604"]) == (3, 2)
    assert undone(source).restored == 3
    assert database.rows("otherwise") == before


def test_settings_that_columns_hold_need_no_target(database: Database) -> None:
    source = database.prompts([f"{MODEL}\nseed=1", f"{MODEL}\nseed=2"], "settled")
    database.run("ALTER TABLE settled ADD COLUMN seed BIGINT")
    database.run("UPDATE settled SET seed = 1")
    counts = applied(source)
    assert (counts.changed, counts.refusals["FL604"]) == (1, 1)


SETTLED = [
    f"{MODEL}\n{line}"
    for line in ("seed=5", "cfg_scale=3.5", "cfg_scale=3", "face_correct=true",
                 "face_correct=maybe", "cfg_scale=x", "seed=abc", "seed=99999999999999999999999")
]  # fmt: skip
PLACES = {
    "video_model": "video_model", "video_prompt": "video_prompt",
    "seed": "seed", "cfg_scale": "scale", "face_correct": "face",
}  # fmt: skip


@pytest.mark.parametrize(
    ("kinds", "written"),
    [
        ((pa.int64(), pa.float64(), pa.bool_()), [5, 3.5, 3.0, True, None, None, None, None]),
        ((pa.int32(), pa.float32(), pa.int8()), [5, 3.5, 3.0, 1, None, None, None, None]),
        ((pa.string(), pa.int16(), pa.string()),
         ["5", None, 3, "true", "maybe", None, "abc", "99999999999999999999999"]),
    ],
)  # fmt: skip
def test_settings_in_parquet_columns_of_any_type(
    tmp_path: Path, kinds: tuple[Any, ...], written: list[Any]
) -> None:
    path, nothing = tmp_path / "prompts.parquet", [None] * len(SETTLED)
    columns = {"text": pa.array(SETTLED)}
    columns |= {n: pa.array(nothing, pa.string()) for n in ("video_model", "video_prompt")}
    columns |= {
        n: pa.array(nothing, kind) for n, kind in zip(("seed", "scale", "face"), kinds, strict=True)
    }
    pq.write_table(pa.table(columns), path)
    old = pq.read_table(path)
    new = tmp_path / "new.parquet"
    assert applied(path, to=new, targets=PLACES).refused == written.count(None)
    rows = pq.read_table(new).select(["seed", "scale", "face"]).to_pylist()
    found = [next((v for v in row.values() if v is not None), None) for row in rows]
    assert found == written
    assert verified(path, to=new, targets=PLACES)[1] == []
    applied(path, replace=True, targets=PLACES)
    undone(path, targets=PLACES)
    assert pq.read_table(path).equals(old)


def test_settings_in_columns_of_numbers(database: Database) -> None:
    source = database.prompts(SETTLED, "numbered")
    for column in ("seed BIGINT", "scale DECIMAL(6,2)", "face SMALLINT"):
        database.run(f"ALTER TABLE numbered ADD COLUMN {column}")
    before = database.rows("numbered")
    assert applied(source, targets=PLACES).changed == 4
    rows = database.run("SELECT seed, scale, face FROM numbered ORDER BY id")
    assert [float(next((v for v in row if v is not None), -1)) for row in rows] == [
        5, 3.5, 3, 1, -1, -1, -1, -1,
    ]  # fmt: skip
    assert verified(source, targets=PLACES)[1] == []
    assert undone(source, targets=PLACES).restored == 4
    assert database.rows("numbered") == before


def test_settings_in_columns_of_numbers_are_expanded_and_contracted(database: Database) -> None:
    source = database.prompts(SETTLED[:4], "stepped")
    for column in ("seed BIGINT", "scale DECIMAL(6,2)", "face SMALLINT"):
        database.run(f"ALTER TABLE stepped ADD COLUMN {column}")
    assert applied(source, targets=PLACES, step=EXPAND).changed == 4
    # A column of numbers makes 1 of `true`.
    assert applied(source, targets=PLACES, step=CONTRACT).changed == 4
    assert verified(source, targets=PLACES)[1] == []
