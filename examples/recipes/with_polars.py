"""Prompts in a Polars frame: `pip install 'flaglift[arrow]' polars`."""

import polars as pl

from flaglift.columns import ColumnTranslator

translate = ColumnTranslator()


def translated(column: pl.Series) -> pl.Series:
    """Return what a column of prompts says, as a struct."""
    return pl.Series(translate(column.to_arrow()))


def main() -> None:
    """Translate the prompts of a frame, batch by batch."""
    frame = pl.DataFrame({"text": ["a cat --video --video_model kling25 --duration 5", "a dog"]})
    new = frame.select(pl.col("text").map_batches(translated).alias("new")).unnest("new")
    print(new.select("status", "text", "video_model", "video_duration"))


if __name__ == "__main__":
    main()
