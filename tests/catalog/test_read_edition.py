"""`tools/read_edition.py`: the page becomes the edition's file, or the tool says why not."""

import datetime
import re
import subprocess
import sys
from pathlib import Path

import pytest
from read_edition import PageError, edition

ROOT = Path(__file__).parents[2]
DAY = datetime.date(2026, 4, 29)
KNOWN = (ROOT / "src/flaglift/catalog/editions/2026-04-29.toml").read_text(encoding="utf-8")
_, TABLE, MATRIX = (
    (ROOT / "tests/data/image2video-2026-04-29.txt").read_text(encoding="utf-8").split("\n\n")
)
ROWS = [tuple(re.split(r"\s{2,}", line)) for line in TABLE.splitlines()[1:]]
ITEMS = [f"{line}." for line in MATRIX.splitlines()]
FIELDS = (
    "video_model (required)", "video_prompt (required)", "video_duration (optional)",
    "video_first_frame (optional)", "video_last_frame (optional)", "input_video (optional)",
    "aspect_ratio (optional)",
)  # fmt: skip


def page(rows: list[tuple[str, ...]] = ROWS, items: list[str] = ITEMS) -> str:
    """Return the page as a browser saves it."""
    head = "<tr><th>video_model</th><th>base cost (¢)</th><th>video_duration</th></tr>"
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    fields = "".join(f"<h4>{name}<a href='#'>\u200b</a></h4><p>…</p>" for name in FIELDS)
    lines = "".join(
        "<li>" + re.sub(r"([\w*]+_[\w*]*)", r"<code>\1</code>", item) + "</li>" for item in items
    )
    return (
        f"<html><nav><li>Home</li></nav>{fields}<table>{head}{body}</table><ul>{lines}</ul></html>"
    )


def test_the_page_of_2026_04_29_becomes_the_file_of_that_edition() -> None:
    assert (len(ROWS), len(ITEMS)) == (43, 4)
    assert edition(page(), DAY) == KNOWN


@pytest.mark.parametrize(
    ("html", "sentence"),
    [
        ("<p>Not found</p>", "no capability matrix"),
        (
            page().replace("base cost (¢)", "price"),
            "no table with the columns video_model, base cost",
        ),
        (page().replace("video_model (required)", "model"), "no heading `video_model"),
        (page([("kling25", "39", "five")]), "these are no durations: 'five'"),
        (page([("kling25", "39", "10–5")]), "these are no durations"),
        (page([("kling25", "ask", "5")]), "this row is no model with a cost: kling25 | ask | 5"),
        (page(items=[*ITEMS, "Lip sync: kling25_*."]), "no capability that has a key: Lip sync"),
    ],
)
def test_a_page_of_another_build_is_refused(html: str, sentence: str) -> None:
    with pytest.raises(PageError, match=re.escape(sentence)):
        edition(html, DAY)


def test_the_tool_prints_the_file_and_what_changed(tmp_path: Path) -> None:
    saved = tmp_path / "page.html"
    saved.write_text(page([*ROWS[:-1], ("kling99_pro", "39", "5, 10")]), encoding="utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(ROOT / "tools" / "read_edition.py"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    done = run(str(saved), "2026-11-26")
    assert done.returncode == 0
    assert 'name = "kling99_pro", base_cost_cents = 39, base_seconds = 5' in done.stdout
    lines = done.stderr.splitlines()
    assert lines[0] == "2026-08-20 to 2026-11-26"
    assert "- veo31_lite_audio_1080p" in lines
    assert "+ kling99_pro: 5 or 10 s, 39 ¢ for 5 s" in lines
    assert any(
        line.startswith("~ seedance2_fast_480p: price 55 ¢ for 5 s → 60 ¢") for line in lines
    )
    assert run(str(tmp_path / "none.html"), "2026-11-26").returncode == 1
    twice = page([*ROWS, ROWS[0]])
    saved.write_text(twice, encoding="utf-8")
    assert "has 2 rows" in run(str(saved), "2026-11-26").stderr
    unnamed = run(str(saved))
    assert unnamed.returncode == 1
    assert re.fullmatch("usage: .+ PAGE DATE, such as page.html 2026-11-26\n", unnamed.stderr)
