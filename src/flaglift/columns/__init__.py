"""Prompts as Arrow columns: the same translation as `flaglift.translate`, a column at a time.

- `patterns`: what Arrow's own kernels look for, made from the dialect's own names and characters.
- `shapes`: takes prompts apart into a body, flags, and a quoted video prompt.
- `representatives`: one prompt of each shape is translated, and says whether the others follow it.
- `result`, `texts`: what comes out, and what may go in. `column`: the verb.
- `alike`: the same for lists of texts, for the stores. `spark`: on a cluster.
"""

from flaglift.columns.column import ColumnTranslator, translate_column
from flaglift.columns.result import RESULT

__all__ = ["RESULT", "ColumnTranslator", "translate_column"]
