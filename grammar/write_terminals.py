"""Writes `terminals.json`, the regular expressions of the grammar's terminals (`make grammar`)."""

import json
from pathlib import Path

from flaglift.syntax.tokens import LEVELS, parsed_terminals

if __name__ == "__main__":
    found = {level: parsed_terminals(level) for level in LEVELS}
    Path(__file__).with_name("terminals.json").write_text(
        json.dumps(found, indent=1) + "\n", encoding="utf-8"
    )
