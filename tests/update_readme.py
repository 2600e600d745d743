"""Writes the generated part of the README: `make readme`."""

import re
from pathlib import Path

from flaglift.rules import RULES
from flaglift.rules.pages import table

README = Path(__file__).parents[1] / "README.md"
_GENERATED = re.compile(r"(<!-- rules: begin [^\n]*-->\n).*?(<!-- rules: end -->)", re.DOTALL)


def generated(text: str) -> str:
    """Return the README with its table of rules as the rules are now."""
    return _GENERATED.sub(lambda found: f"{found[1]}{table(RULES)}\n{found[2]}", text)


if __name__ == "__main__":
    README.write_text(generated(README.read_text(encoding="utf-8")), encoding="utf-8")
