"""References taken out of single values, which have to stay values."""

import pytest

from flaglift.lossless.spans import apply_edits
from flaglift.syntax.nodes import Quoting
from flaglift.syntax.references import lift_references, references_in
from flaglift.syntax.words import quoting

LORA = "<lora:1:1>"


def lifted(raw: str, style: Quoting | None) -> str | None:
    edits = lift_references(raw, style, references_in(raw))
    return None if edits is None else apply_edits(raw, edits)


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (f'"a {LORA} b"', '"a b"'),
        (f'"{LORA} a"', '"a"'),
        (f'"a {LORA}"', '"a"'),
        (f'"{LORA}"', None),
        (f'" {LORA} "', None),
        (f'"{LORA}--"', None),
        (f'"{LORA}-- a"', '"-- a"'),
        (f'"a\n{LORA}---"', None),
        (f'"a\n{LORA}--"', '"a\n--"'),
        (f'"a\\{LORA}"', None),  # its last quote would be escaped
    ],
)
def test_what_is_left_of_a_quoted_value(raw: str, left: str | None) -> None:
    assert quoting(raw) is Quoting.QUOTED
    assert lifted(raw, Quoting.QUOTED) == left


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (f"a{LORA}b", "ab"),
        (f"{LORA}a", "a"),
        (LORA, None),
        (f"{LORA}-a", None),
        (f"a{LORA}-", "a-"),
    ],
)
def test_what_is_left_of_a_bare_value(raw: str, left: str | None) -> None:
    assert lifted(raw, Quoting.NONE) == left


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (f"a {LORA} b", "a b"),
        (f"{LORA} a", "a"),
        (f"a {LORA}", "a"),
        (LORA, None),
        (f" {LORA} ", None),
        (f"a {LORA}--b", None),
        (f"a\t{LORA}--b", None),
        (f"a {LORA}-b", "a -b"),
        (f"a{LORA}--b", None),
        (f"{LORA}--b", "--b"),
        (rf"a {LORA}\--b", None),
        (f'a {LORA}"--b', None),
        (f'a\t{LORA}-"-b"', None),
    ],
)
def test_what_is_left_of_a_setting(raw: str, left: str | None) -> None:
    assert lifted(raw, None) == left


def test_a_value_with_quotes_inside_is_left_alone() -> None:
    assert lifted(f'a"{LORA} b"', Quoting.MIXED) is None
