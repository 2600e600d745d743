"""Prompts in bulk: files and databases, migrated by one engine, with a journal to take it back.

- `records`, `store`: what a store gives and takes. `opening` chooses the store for a source.
- `decision`, `tally`: what becomes of a prompt, and the counts.
- `planning`, `engine`, `undoing`, `verifying`: the verbs. `throttle`: chunk sizes, limits, pauses.
- `files/`: JSONL, JSON, CSV and TSV, Parquet. `sql/`: PostgreSQL, MySQL and MariaDB, SQLite.
- `own/`: stores of the user's own.
"""
