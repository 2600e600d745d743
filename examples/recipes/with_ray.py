"""Prompts in a Ray data set: `pip install 'flaglift[arrow]' 'ray[data]'`."""

import pyarrow as pa
import ray

from flaglift.columns import ColumnTranslator


class Translated:
    """Adds what a column of prompts says; a worker makes one of these and keeps it."""

    def __init__(self) -> None:
        self.translate = ColumnTranslator(threads=1)

    def __call__(self, table: pa.Table) -> pa.Table:
        """Return a block with the columns `new.status`, `new.text` and so on beside its own."""
        new = self.translate(table.column("text"))
        return table.append_column("new", new).flatten()


def main() -> None:
    """Translate the prompts of a data set."""
    prompts = ["a cat --video --video_model kling25 --duration 5", "a dog"]
    data = ray.data.from_arrow(pa.table({"text": prompts}))
    done = data.map_batches(
        Translated, batch_format="pyarrow", compute=ray.data.ActorPoolStrategy(size=1)
    )
    for row in done.select_columns(["new.status", "new.text", "new.video_model"]).take_all():
        print(row)


if __name__ == "__main__":
    main()
