"""Prompts in a Daft frame: `pip install 'flaglift[arrow]' daft`."""

import daft
import pyarrow as pa
from daft import DataType

from flaglift.columns import RESULT, ColumnTranslator

translate = ColumnTranslator(threads=1)


@daft.func.batch(return_dtype=DataType.from_arrow_type(RESULT), unnest=True)
def translated(column: daft.Series) -> pa.Array:
    """Return what a column of prompts says, each field as a column."""
    return translate(column.to_arrow())


def main() -> None:
    """Translate the prompts of a frame."""
    prompts = ["a cat --video --video_model kling25 --duration 5", "a dog"]
    frame = daft.from_pydict({"text": prompts})
    new = frame.select(translated(frame["text"]))
    print(new.select("status", "text", "video_model", "video_duration").to_pydict())


if __name__ == "__main__":
    main()
