"""`make trust`: rows are counted from what tools print, and the table goes into the page."""

from pathlib import Path

import pytest
import trust


@pytest.mark.parametrize(
    ("name", "output", "tried", "failed"),
    [
        ("bugs", "3 failed, 12 passed in 5s", 12, 3),
        ("fuzz", "#10\tDONE   cov: 1\n#32\tDONE   cov", 42, 0),
        ("growth", "130 tried, 2 wrong", 130, 2),
        ("mutants", "room\nemit          411     380   92.5          8     3\n", 380, 3),
    ],
)
def test_what_is_printed_is_counted(name: str, output: str, tried: int, failed: int) -> None:
    (row,) = (row for row in trust.ROWS if row.name == name)
    assert trust.counted(row.tried, output) == tried
    assert trust.counted(row.failed, output) == failed


def test_the_table_is_put_into_the_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{trust.BEGIN}\nold\n{trust.END}\nafter\n")
    monkeypatch.setattr(trust, "PAGE", page)
    monkeypatch.setattr(trust, "RESULTS", tmp_path / "results.json")
    rows = (
        trust.Row("good", "Good ones", "echo 7 passed"),
        trust.Row("bad", "Bad ones", "echo 1 failed; exit 1"),
    )
    monkeypatch.setattr(trust, "ROWS", rows)
    assert trust.main("good") == 0
    assert trust.main("bad") == 1
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| Good ones | 7 | 0 |" in text
    assert "| Bad ones | 0 | 1 |" in text
    assert text.count(trust.BEGIN) == 1
