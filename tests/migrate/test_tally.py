"""The counts of a run, by records of every kind."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaglift.migrate.records import Problem, Stored, StoredRecord, Verdict
from flaglift.migrate.tally import Tally

WRITES = {"text": "a cat", "video_model": "kling25"}


def translated(*codes: str, **fields: Any) -> Verdict:
    return Verdict(Stored("", "", {}), "translated", WRITES, codes)._replace(**fields)


def refused(*refusals: tuple[str, str]) -> Verdict:
    codes = tuple(dict.fromkeys(code for code, _ in refusals))
    return Verdict(Stored("", "", {}), "refused", codes=codes, refusals=refusals)


UNCHANGED = Verdict(Stored("", "", {}), "unchanged", codes=("FL201",))
KLING = translated("FL001", "FL601", model="kling25", seconds=5, cents=(39.0, 39.0))
MENDED = translated("FL001", model="ovi", cents=(20.5, 40.25), mended=True)
UNPRICED = translated(model="seedance25_720p", seconds=10, cents=(None, 7.0))
DONE = translated("FL001", model="ovi", seconds=5, cents=(7.0, None), writes={})
REFUSED = refused(("FL101", "an open quote"), ("FL101", "another"), ("FL303", "no model"))


def record(*verdicts: Verdict) -> StoredRecord:
    return StoredRecord("1", tuple(verdict.stored for verdict in verdicts))


def tally(*records: tuple[Verdict, ...]) -> Tally:
    counted = Tally()
    for verdicts in records:
        counted.add(record(*verdicts), verdicts)
    return counted


def test_each_kind_of_record_is_counted() -> None:
    counted = tally(
        (KLING,), (KLING, UNCHANGED), (UNPRICED, MENDED), (MENDED,), (DONE,), (), (), (REFUSED,),
        (REFUSED,), (UNCHANGED,), (UNCHANGED,), (UNPRICED,),
    )  # fmt: skip
    counted.add_plain(7)
    counted.add_plain(2)
    counted.add_group(KLING, 4)
    counted.add_group(MENDED, 2)
    counted.add_problems([Problem("8", "no JSON"), Problem("9", "no JSON")])
    assert counted.to_dict() == {
        "records": 12 + 7 + 2 + 4 + 2 + 2,
        "bytes": 0,
        "changed": 5 + 4 + 2,
        "without": 2,
        "translated": 7 + 4 + 2,
        "mended": 2 + 2,
        "unchanged": 3 + 7 + 2,
        "refused": 2,
        "problems": 2,
        "raced": 0,
        "gone": 0,
        "listed": 0,
        "refusals": {"FL101": 2, "FL303": 2},
        "codes": {"FL001": 11, "FL601": 6, "FL201": 3, "FL101": 2, "FL303": 2},
        "findings": {"FL001": 11, "FL601": 6},
        "models": {"kling25": 6, "ovi": 5, "seedance25_720p": 2},
        "seconds": {"5": 7, "default": 4, "10": 2},
        "cents_before": 6 * 39 + 4 * 20.5,
        "cents_after": 6 * 39 + 4 * 40.25,
        "priced": 10,
    }


@pytest.mark.parametrize("first", [KLING, UNPRICED, REFUSED, UNCHANGED])
def test_a_record_is_changed_if_any_of_its_prompts_is(first: Verdict) -> None:
    for verdicts in ((first, KLING), (KLING, first)):
        assert tally(verdicts).changed == 1


def test_the_group_of_a_verdict_counts_like_as_many_records() -> None:
    counted = Tally()
    for verdict in (KLING, MENDED, UNPRICED):
        counted.add_group(verdict, 3)
    assert counted == tally(*[(each,) for each in (KLING, MENDED, UNPRICED) for _ in range(3)])


@given(st.lists(st.lists(st.sampled_from([KLING, MENDED, UNPRICED, DONE, REFUSED, UNCHANGED]))))
def test_the_sum_is_the_same_however_records_are_divided(records: list[list[Verdict]]) -> None:
    whole = tally(*map(tuple, records))
    parts = Tally()
    for verdicts in records:
        parts = parts.plus(tally(tuple(verdicts)))
    assert parts == Tally.from_dict(whole.to_dict())
    assert isinstance(parts.models, Counter)


def test_a_sum_of_money_is_rounded_to_a_millionth_of_a_cent() -> None:
    both = Tally(cents_before=0.1, cents_after=0.12345649).plus(Tally(cents_before=0.2))
    assert (both.cents_before, both.cents_after) == (0.3, 0.123456)
