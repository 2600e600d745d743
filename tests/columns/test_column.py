"""`translate_column`: what goes in, what comes out, what is refused."""

import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from columns.test_same_as_translate import row
from flaglift import Context, Settings
from flaglift.columns import RESULT, ColumnTranslator, texts, translate_column
from flaglift.errors import CatalogError, ConfigError, InputError
from flaglift.shapes import shortcut

PROMPTS = [
    "a cat --video --video_model kling25 --duration 5",
    "plain",
    None,
    'été --video --video_model kling25 --video_prompt "it yawns"',
    'a 6" heel --video',
    "",
    "a cat --video --video_model kling25 --duration 5",
    None,
]
EXPECTED = [row(text) for text in PROMPTS]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.dictionary(pa.int32(), pa.large_string()),
    ],
    ids=str,
)
def test_every_type_of_text(kind: pa.DataType) -> None:
    column = pa.array(PROMPTS, pa.string())
    if pa.types.is_dictionary(kind):
        column = column.dictionary_encode()
    column = column.cast(kind)
    done = translate_column(column)
    assert isinstance(done, pa.StructArray)
    assert done.type == RESULT
    assert done.to_pylist() == EXPECTED
    assert done.null_count == 2
    assert all(done.field(name)[2].as_py() is None for name in range(len(RESULT)))
    sliced = translate_column(column.slice(1, 5))
    assert sliced.to_pylist() == EXPECTED[1:6]
    assert translate_column(column.slice(3, 0)).to_pylist() == []
    chunked = pa.chunked_array([column.slice(0, 3), column.slice(3, 0), column.slice(3)])
    parts = translate_column(chunked)
    assert isinstance(parts, pa.ChunkedArray)
    assert parts.type == RESULT
    assert parts.to_pylist() == EXPECTED


def test_a_chunked_column_without_chunks() -> None:
    done = translate_column(pa.chunked_array([], pa.string()))
    assert (done.type, len(done)) == (RESULT, 0)


def test_a_column_of_nulls() -> None:
    assert translate_column(pa.nulls(2)).to_pylist() == [None, None]


def test_a_dictionary_with_a_null_and_one_larger_than_its_column() -> None:
    dictionary = pa.DictionaryArray.from_arrays(pa.array([1, 0, None, 1]), pa.array([None, "a"]))
    assert translate_column(dictionary).field("text").to_pylist() == ["a", None, None, "a"]
    dictionary = pa.DictionaryArray.from_arrays(pa.array([1]), pa.array(PROMPTS))
    assert translate_column(dictionary).to_pylist() == [EXPECTED[1]]


def test_a_record_batch_and_what_it_holds_beside() -> None:
    prompts = [PROMPTS[0]] * 4 + [None, "plain"]
    models = [None, "kling25", "kling30_pro", None, "kling25", "kling25"]
    images = [None, None, None, 4, 4, None]
    batch = pa.record_batch({"p": prompts, "video_model": models, "num_images": images})
    done = translate_column(batch, name="p", beside=["video_model", "num_images"])
    assert done.to_pylist() == [
        row(prompt, context=Context({"video_model": model, "num_images": number}))
        for prompt, model, number in zip(prompts, models, images, strict=True)
    ]
    assert translate_column(batch, name="p").to_pylist() == [row(prompt) for prompt in prompts]
    encoded = batch.set_column(0, "p", batch.column("p").dictionary_encode())
    assert translate_column(encoded, name="p", beside=["video_model", "num_images"]) == done
    given = Context({"seed": 1}, complete=True)
    assert translate_column(
        batch, Settings(), given, name="p", beside=["video_model"]
    ).to_pylist() == [
        row(prompt, context=Context({"seed": 1, "video_model": model}, complete=True))
        for prompt, model in zip(prompts, models, strict=True)
    ]


def test_many_pieces_in_several_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "_MOST_ROWS", 3)
    column = pa.array(PROMPTS * 20)
    assert ColumnTranslator(threads=4)(column).to_pylist() == EXPECTED * 20
    assert ColumnTranslator(threads=1)(column).to_pylist() == EXPECTED * 20
    numbers = list(range(len(PROMPTS) * 3))
    held = pa.record_batch({"p": PROMPTS * 3, "num_images": numbers})
    done = translate_column(held, name="p", beside=["num_images"])
    assert done.to_pylist() == [
        row(prompt, context=Context({"num_images": number}))
        for number, prompt in enumerate(PROMPTS * 3)
    ]


def test_what_is_known_of_shapes_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shortcut, "_MOST_SHAPES", 3)
    translator = ColumnTranslator(threads=1)
    prompts = [f"a cat --video --video_model kling25 --duration {n}" for n in range(8)]
    for part in (prompts[:2], prompts[1:3], prompts[2:], prompts):
        assert translator(pa.array(part)).to_pylist() == [row(prompt) for prompt in part]


@pytest.mark.parametrize(
    "column",
    [pa.array([1]), pa.array([b"a"]), pa.array([["a"]]), pa.array([1]).dictionary_encode()],
    ids=lambda column: str(column.type),
)
def test_a_column_of_something_else(column: pa.Array) -> None:
    for given in (column, pa.chunked_array([column])):
        with pytest.raises(TypeError, match=r"prompts are text, and this column is of the type"):
            translate_column(given)


def test_no_column_at_all() -> None:
    with pytest.raises(TypeError, match=r"Array, ChunkedArray or RecordBatch, not list"):
        translate_column(["a cat"])
    with pytest.raises(TypeError, match="only a record batch has columns with names"):
        translate_column(pa.array(["a cat"]), name="text")
    batch = pa.record_batch({"text": ["a cat"], "n": [1]})
    with pytest.raises(TypeError, match="needs the name of its column of prompts"):
        translate_column(batch)
    with pytest.raises(InputError, match="has no column `texts`; did you mean `text`"):
        translate_column(batch, name="texts")
    with pytest.raises(InputError, match="has no column `prompt`; it has text, n"):
        translate_column(batch, name="text", beside=["prompt"])


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.string_view()], ids=str)
def test_a_text_that_is_not_utf8(kind: pa.DataType) -> None:
    options = pc.CastOptions(kind, allow_invalid_utf8=True)
    column = pc.cast(pa.array([b"a", None, b"caf\xe9"]), options=options)
    with pytest.raises(InputError, match="row 2 is not UTF-8 at byte 3"):
        translate_column(column)


def test_settings_that_cannot_be_used() -> None:
    with pytest.raises(ConfigError, match="there is no rule"):
        translate_column(pa.array(["a cat"]), Settings(select=("FL999",)))
    with pytest.raises(CatalogError):
        translate_column(pa.array(["a cat"]), Settings(edition=datetime.date(1999, 1, 1)))
