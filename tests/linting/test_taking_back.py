"""Each reason for which a fix is taken back, once, with readings that are made for it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from flaglift.diagnostics import Applicability, Diagnostic, Fix, Severity
from flaglift.emit.translation import TranslationStatus
from flaglift.linting import fixing
from flaglift.linting.fixing import Assessment, fix_text
from flaglift.lossless.spans import Edit
from flaglift.syntax.flags import FlagName

TRANSLATED, REFUSED = TranslationStatus.TRANSLATED, TranslationStatus.REFUSED
SAFE, UNSAFE = Applicability.SAFE, Applicability.UNSAFE
DURATION = FlagName.DURATION


def finding(code: str, kind: Applicability = UNSAFE, edit: Edit | None = None) -> Diagnostic:
    edits = (edit or Edit(0, 3, "new"),)
    return Diagnostic(0, 3, code, "rule", "message", Severity.ERROR, Fix("fix it", kind, edits))


def reading(*found: Diagnostic, **more: Any) -> Assessment:
    base = Assessment(list(found), TRANSLATED, [{"text": "a"}], {})
    return replace(base, **more)


def fixed(
    old: Assessment, new: Assessment, *, unsafe: bool | Collection[str] = True, to: str = "new"
) -> bool:
    """Tell whether the one fix of the text `old` is kept, when the text then reads so."""
    result = fix_text("old", unsafe=unsafe, read={"old": old, to: new}.__getitem__)
    assert result.remaining == tuple((new if result.fixed else old).findings)
    assert result.fixed == (tuple(old.findings) if result.text == to else ())
    return result.text == to


@pytest.mark.parametrize("kind", [SAFE, UNSAFE])
def test_a_fix_that_helps_is_kept(kind: Applicability) -> None:
    assert fixed(reading(finding("FL1", kind)), reading())


@pytest.mark.parametrize("kind", [SAFE, UNSAFE])
def test_what_it_is_about_has_to_go(kind: Applicability) -> None:
    left = Diagnostic(0, 1, "FL1", "rule", "message", Severity.ERROR)
    assert not fixed(reading(finding("FL1", kind)), reading(left))
    assert fixed(reading(finding("FL1", kind)), reading(replace(left, code="FL2")))


def test_a_safe_fix_keeps_fields_and_status() -> None:
    old = reading(finding("FL1", SAFE))
    assert not fixed(old, reading(values=[{"text": "b"}]))
    assert not fixed(old, reading(status=TranslationStatus.UNCHANGED))
    assert fixed(reading(finding("FL1", UNSAFE)), reading(values=[{"text": "b"}]))


def test_a_safe_fix_of_what_cannot_be_read_waits() -> None:
    old = reading(finding("FL1", SAFE), values=None, status=REFUSED)
    assert not fixed(old, reading(values=None, status=REFUSED))


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (TRANSLATED, REFUSED, False),
        (REFUSED, TRANSLATED, True),
        (REFUSED, REFUSED, True),
        (TRANSLATED, TranslationStatus.UNCHANGED, True),
    ],
)
def test_no_fix_has_a_translated_prompt_refused(
    old: TranslationStatus, new: TranslationStatus, kept: bool
) -> None:
    assert fixed(reading(finding("FL1"), status=old), reading(status=new)) is kept


@pytest.mark.parametrize(
    ("old", "new", "kept"),
    [
        (["5"], [], False),
        (["5"], ["7"], True),  # the fix says so
        (["5", "7"], ["7"], True),  # the one that counts
        (["5", "7"], ["5"], False),  # an earlier one does not make up for it
        (["5", "7"], ["8"], True),
        (["5", "7"], ["7", "5"], True),
        (["5"], ["5", "7"], False),  # one more to choose from
        ([], ["5", "7"], False),
        ([], ["5"], True),
        (["5"], ["5", "5"], True),
    ],
)
def test_no_fix_takes_a_value_or_adds_a_choice(
    old: Sequence[str], new: Sequence[str], kept: bool
) -> None:
    stated = [{DURATION: values} if values else {} for values in (old, new)]
    before: Mapping[FlagName, Sequence[str]]
    before, after = stated
    assert fixed(reading(finding("FL1"), stated=before), reading(stated=after)) is kept
    # And no value of another flag makes up for it.
    other = {FlagName.VIDEO_MODEL: ["kling25"]}
    after_other = reading(stated={**after, **other})
    assert fixed(reading(finding("FL1"), stated={**before, **other}), after_other) is kept


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_no_fix_takes_all_words(blank: str) -> None:
    old = reading(finding("FL1", edit=Edit(0, 3, blank)))
    assert not fixed(old, reading(), to=blank)


def test_unsafe_fixes_are_made_for_those_who_ask() -> None:
    old = reading(finding("FL1"))
    assert not fixed(old, reading(), unsafe=False)
    assert not fixed(old, reading(), unsafe=["FL2"])
    assert fixed(old, reading(), unsafe=["FL1"])
    assert not fixed(reading(finding("FL1", Applicability.DISPLAY_ONLY)), reading())


def test_fixes_that_undo_each_other_are_not_made() -> None:
    read = {
        "old": reading(finding("FL1")),
        "new": reading(finding("FL2", edit=Edit(0, 3, "old"))),
    }
    result = fix_text("old", unsafe=True, read=read.__getitem__)
    assert (result.text, result.fixed) == ("old", ())
    assert result.remaining == result.unfixed == tuple(read["old"].findings)


@pytest.mark.parametrize(
    ("first", "second", "made"),
    [
        (Edit(0, 1, "x"), Edit(2, 3, "y"), "xly"),
        (Edit(0, 1, "x"), Edit(1, 3, "y"), "xy"),  # side by side
        (Edit(0, 2, "x"), Edit(1, 3, "y"), "xd"),
        (Edit(0, 3, "x"), Edit(1, 2, "y"), "x"),
        (Edit(1, 1, "x"), Edit(1, 1, "y"), "oxld"),  # which comes first is anybody's guess
        (Edit(1, 1, "x"), Edit(0, 2, "y"), "oxld"),
    ],
)
def test_fixes_that_overlap_are_not_made_together(first: Edit, second: Edit, made: str) -> None:
    old = reading(finding("FL1", edit=first), finding("FL2", edit=second))
    result = fix_text("old", unsafe=True, read=lambda text: old if text == "old" else reading())
    assert result.text == made


def test_fixes_of_all_rounds_are_told() -> None:
    first, second = finding("FL1", SAFE, Edit(0, 3, "mid")), finding("FL2", UNSAFE)
    read = {"old": reading(first), "mid": reading(second), "new": reading()}
    result = fix_text("old", unsafe=True, read=read.__getitem__)
    assert (result.text, result.fixed, result.remaining) == ("new", (first, second), ())


def test_one_fix_that_spoils_keeps_no_other_back() -> None:
    one, two, three = (
        finding(f"FL{at}", UNSAFE, Edit(at, at + 1, sign)) for at, sign in enumerate("xyz")
    )
    read = {
        text: reading(
            *(each for each, sign in ((one, "a"), (two, "b"), (three, "c")) if sign in text),
            status=REFUSED if "z" in text else TRANSLATED,
        )
        for text in ("abc", "xyz", "ayz", "xbc", "xbz", "xyc")
    }
    result = fix_text("abc", unsafe=True, read=read.__getitem__)
    assert (result.text, result.fixed, result.remaining) == ("xyc", (one, two), (three,))


@pytest.mark.parametrize("size", [10, 1000, 20_000])
def test_a_fix_that_spoils_is_sought_a_number_of_times(size: int) -> None:
    text = "a" * size
    fixes = [finding("FL1", UNSAFE, Edit(at, at + 1, "b")) for at in range(0, size, 2)]
    read: list[str] = []

    def recorded(new: str) -> Assessment:
        read.append(new)
        return reading(*fixes, status=REFUSED if "b" in new else TRANSLATED)

    assert fix_text(text, unsafe=True, read=recorded).text == text
    attempts = max(
        fixing._FEWEST_ATTEMPTS, min(fixing._MOST_ATTEMPTS, fixing._CODE_POINTS // (size + 1))
    )
    assert len(read) == 1 + min(attempts, 2 * len(fixes) - 1)
    assert len({*read}) == len(read)
