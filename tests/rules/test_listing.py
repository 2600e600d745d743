"""What rules say, word for word: a change of it is seen where it is made."""

from difflib import unified_diff

from rules.listing import LISTING, listing


def test_the_findings_of_all_examples() -> None:
    before = LISTING.read_text(encoding="utf-8").splitlines()
    changed = [*unified_diff(before, listing().splitlines(), lineterm="", n=1)]
    assert not changed, "\n".join([*changed, "`python tests/rules/listing.py` writes it anew"])
