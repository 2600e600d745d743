"""The dialect case by case: every line of `corpora/readings.txt` reads as it says."""

from pathlib import Path

import pytest

from flaglift.syntax import Feature, parse
from flaglift.syntax.nodes import Flag
from test_oracle import check

VISIBLE = str.maketrans("␊␍␉⍽␣", "\n\r\t\xa0\u200b")
LINES = (Path(__file__).parents[1] / "corpora/readings.txt").read_text("utf-8").splitlines()
ROWS = [
    [cell.strip().translate(VISIBLE) for cell in line.split(" |")]
    for line in LINES
    if line and not line.startswith("#")
]
UNNOTED = (
    Feature.FLAG
    | Feature.VIDEO
    | Feature.NEAR_ABBREVIATION
    | Feature.ENTITY
    | Feature.ENTITY_FLAG
    | Feature.UNSEEN
    | Feature.MARKED_VALUE
    | Feature.NO_TEXT
    | Feature.NO_SWITCH
    | Feature.NO_VIDEO_PROMPT
    | Feature.BLANK_VIDEO_PROMPT
    | Feature.BARE_VIDEO_PROMPT
    | Feature.FLAG_IN_VALUE
    | Feature.BRACKETED_VIDEO_PROMPT
)


def shown(flag: Flag) -> str:
    if flag.value:
        return f"{flag.name}={flag.value.text}"
    return flag.name if flag.name == "video" else f"{flag.name}=?"


@pytest.mark.parametrize(
    ("section", "text", "flags", "noted"),
    [pytest.param(*row, id=f"{row[0]} {row[1]}") for row in ROWS],
)
def test_reading(section: str, text: str, flags: str, noted: str) -> None:
    prompt = parse(text)
    assert "; ".join(map(shown, prompt.flags)) == flags.removeprefix("-")
    features = Feature(prompt.features & ~UNNOTED)
    assert {str(f.name).lower().replace("_", "-") for f in features} == set(noted.split())
    check(text)


def test_every_section_has_examples() -> None:
    sections = ["1.1", "1.2", "1.3", "1.4", *(f"2.{n}" for n in range(1, 12)), "5.1", "5.2", "5.3"]
    assert {row[0] for row in ROWS} == {*sections, "6"}
