"""Prompts that are kept elsewhere, migrated through three methods of the user's.

The journal is a SQLite file. Neither it nor the user's store can be in a transaction of the other,
so entries are kept before what they tell of is written, and those of what was not written are
taken back with the checkpoint. A run that was killed between reads its last chunk again.
"""

from flaglift.migrate.own.records import PromptCollection

__all__ = ["PromptCollection"]
