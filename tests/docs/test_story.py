"""The story of two million rows holds, with as few of them as are like all."""

import pytest

from docs.snippets import PAGES, STORY
from docs.story import run_small, run_whole, scaled, with_rows


def test_the_story_holds_for_fewer_rows() -> None:
    assert STORY not in PAGES
    assert run_small(STORY.read_text(encoding="utf-8")) == [], "run `make story`"


def test_readers_are_told_first_how_many_rows_they_see() -> None:
    page = STORY.read_text(encoding="utf-8")
    rows = int(page.partition("\n$ ROWS=")[2].partition("\n")[0])
    told = f"a run with **{rows:,} rows**"
    assert page.index(told) < page.index("A shop has two million prompts")
    assert with_rows(page, rows) == page
    assert "a run with **3,000 rows**" in with_rows(page, 3000)
    assert "$ ROWS=3000\n" in with_rows(page, 3000)


@pytest.mark.parametrize(
    ("factor", "shown", "few"),
    [
        (1000, "\nrefused     20,000    1.0%\n5  870,001", "\nrefused 20 1.0%\n5 871"),
        (100, "FL302 1,000 kling25_5s 100.0%", "FL302 10 kling25_5s 100.0%"),
        (1000, "200 keys are found again: $318,800.00", "... keys are found again: $318.80"),
        (1000, "takes 9,991 bytes of 1,030,001", "takes ... bytes of 1,031"),
    ],
)
def test_what_is_counted_is_smaller_by_a_factor(factor: int, shown: str, few: str) -> None:
    assert scaled(shown, factor) == few


def test_a_page_that_tells_something_else_is_noticed() -> None:
    page = "```console\n$ ROWS=2000000\n$ echo $ROWS\n3000000\n```\n"
    assert run_small(page) == ["$ echo $ROWS\n2000\n"]


def test_what_is_printed_is_written_into_the_page() -> None:
    page = "```console\n$ ROWS=7\n$ echo $ROWS\n8\n```\n\n```text\n```\n"
    written = run_whole(page)
    assert "$ echo $ROWS\n7\n```\n" in written
    assert "seconds of processor time\n```" in written
