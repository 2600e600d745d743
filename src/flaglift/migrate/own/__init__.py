"""Prompts that are stored elsewhere, migrated through three methods written by the user.

The journal is a SQLite file. It cannot share a transaction with the user's store, so entries are
saved before the records are written, and entries of records that were not written are
removed with the checkpoint. A run that was killed in between rereads its last chunk.
"""

from flaglift.migrate.own.records import PromptCollection

__all__ = ["PromptCollection"]
