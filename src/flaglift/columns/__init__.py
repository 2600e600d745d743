"""Prompts as Arrow columns: the same translation as `flaglift.translate`, column by column.

- `patterns`: patterns for Arrow's kernels, derived from the dialect's names and characters.
- `cutting`: cuts prompts into a body, flags, and a quoted video prompt, as `flaglift.shapes` does.
- `batch`: translates the first prompt of each shape, and prompts that cannot be cut.
- `result`, `texts`: the output and the input. `column`: the entry point. `spark`: on a cluster.
"""

from flaglift.columns.column import ColumnTranslator, translate_column
from flaglift.columns.result import RESULT

__all__ = ["RESULT", "ColumnTranslator", "translate_column"]
