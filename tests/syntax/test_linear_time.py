"""250,000 characters of what makes careless readers slow are read in a moment, without a stack.

A reader that looks at any of these texts twice per character, and again for the next one, would be
busy for hours. Nothing is measured here: the suite's own time limit is the judge.
"""

import pytest

from flaglift.syntax import parse

pytestmark = pytest.mark.no_cover  # it doubles the time, which is long

SIZE = 250_000
PROSE = "a cat sits on a mat and looks at nothing in particular, "

REPEATED = {
    "quotes": '"',
    "quoted words": '"a b" ',
    "an open quote again and again": 'a "b\\" ' + PROSE,
    "escaped quotes": '\\"',
    "backslashes": "\\",
    "hyphens": "-",
    "em dashes": "\u2014",
    "no-break spaces": "\xa0",
    "invisible dashes": "\u200b-\xa0",
    "hyphens and spaces": "- ",
    "quoted hyphens": '"-',
    "near flags": "--videox, " + PROSE,
    "flags in other scripts": "\u2014video " + PROSE,
    "abbreviations": "--vide " + PROSE,
    "flags without values": "--video_prompt ",
    "flags with quotes that stay open": '--video_prompt "a ',
    "flags of the service": "--loras ",
    "references that stay open": "<lora:",
    "angle brackets": "<",
    "spaces": " ",
    "lines": "\n",
    "separators": "---\n" + PROSE,
    "separators on one line": "--- ",
    "settings": "ar=1:1\n",
    "settings with prose behind": f"ar=1:1\n{PROSE}\n",
    "settings with open quotes": 'ar="\n',
    "escaped apostrophes": "\\'",
}

GROWING = {
    "one open quote": '"' + "a " * (SIZE // 2),
    "one open value": '--video_prompt "' + "a " * (SIZE // 2),
    "one value": f'--video_prompt "{PROSE * (SIZE // len(PROSE))}"',
    "one name": "--" + "v" * SIZE,
    "one dashed name": "\u2014" + "v-" * (SIZE // 2),
    "one abbreviation": "--v=" + '"a"' * (SIZE // 3) + '"',
    "one list": "--loras" + " a" * (SIZE // 2),
    "one list, then an open quote": "--loras" + " a" * (SIZE // 2) + '"',
    "one reference": "<lora:" + "a" * SIZE,
    "one separator": "---" + " " * SIZE + "x",
    "one setting": "ar=" + " -" * (SIZE // 2) + "\r\n",
    "settings in an open quote": '"\n' + "ar=1:1\n" * (SIZE // 7),
    "blank lines before a setting": "\n" * SIZE + "ar=1:1",
}

TEXTS = {name: unit * (SIZE // len(unit)) for name, unit in REPEATED.items()} | GROWING


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_long_text(text: str) -> None:
    prompt = parse(text)
    assert str(prompt) == text


@pytest.mark.parametrize("unit", REPEATED.values(), ids=REPEATED)
def test_a_longer_text_has_more_nodes_in_proportion(unit: str) -> None:
    few, many = (len(list(parse(unit * count).nodes)) for count in (100, 1000))
    assert many <= few * 10
