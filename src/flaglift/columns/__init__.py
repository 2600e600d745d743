"""Prompts as Arrow columns: the same translation as `flaglift.translate`, a column at a time.

- `patterns`: what Arrow's own kernels look for, made from the dialect's own names and characters.
- `cutting`: cuts prompts into a body, flags, and a quoted video prompt, as `flaglift.shapes` does.
- `batch`: translates the first prompt of each shape, and whatever cannot be cut.
- `result`, `texts`: what comes out, and what may go in. `column`: the verb. `spark`: on a cluster.
"""

from flaglift.columns.column import ColumnTranslator, translate_column
from flaglift.columns.result import RESULT

__all__ = ["RESULT", "ColumnTranslator", "translate_column"]
