"""Prompts in a DuckDB table, batch by batch: `pip install 'flaglift[arrow]' duckdb`."""

import duckdb
import pyarrow as pa

from flaglift.columns import RESULT, ColumnTranslator

_ROWS = 100_000


def translated(prompts: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Return batches of `id` and `text` with what each prompt says in the place of the text."""
    translate = ColumnTranslator()
    schema = pa.schema([prompts.schema.field("id"), *RESULT])

    def batches() -> object:
        for batch in prompts:
            new = translate(batch, name="text").flatten()
            yield pa.RecordBatch.from_arrays([batch.column("id"), *new], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def main() -> None:
    """Translate the prompts of a table into another one."""
    database = duckdb.connect()
    database.execute("CREATE TABLE prompts (id INTEGER, text VARCHAR)")
    database.execute("INSERT INTO prompts VALUES (1, 'a cat --video --video_model kling25')")
    source = database.cursor().sql("SELECT id, text FROM prompts")
    database.register("new", translated(source.to_arrow_reader(_ROWS)))
    database.execute("CREATE TABLE migrated AS SELECT * FROM new")
    print(database.execute("SELECT id, status, text, video_model FROM migrated").fetchall())


if __name__ == "__main__":
    main()
