"""Prompts in bulk: files and databases, migrated by one engine, with a journal to undo it.

- `records`, `store`: the interface of a store. `opening` chooses the store for a source.
- `decision`, `tally`: the outcome for each prompt, and the counts.
- `planning`, `engine`, `undoing`, `verifying`: the commands. `throttle`: chunk sizes, pauses.
- `files/`: JSONL, JSON, CSV and TSV, Parquet. `sql/`: PostgreSQL, MySQL and MariaDB, SQLite.
- `own/`: custom stores, written by the user.
"""
