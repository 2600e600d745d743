"""Findings as values: their order, and what programs get of them."""

import json

from hypothesis import given
from hypothesis import strategies as st

from flaglift import Applicability, Diagnostic, Edit, Fix, Severity, Span

FIX = Fix("take it out", Applicability.SAFE, (Edit(2, 5, ""), Edit(7, 7, "x")))


def finding(start: int, end: int, code: str, message: str = "m") -> Diagnostic:
    return Diagnostic(start, end, code, "a-rule", message, Severity.WARNING, FIX)


def test_as_values() -> None:
    assert finding(2, 5, "FL104").to_dict() == {
        "code": "FL104",
        "rule": "a-rule",
        "severity": "warning",
        "message": "m",
        "start": 2,
        "end": 5,
        "fix": {
            "title": "take it out",
            "applicability": "safe",
            "edits": [
                {"start": 2, "end": 5, "content": ""},
                {"start": 7, "end": 7, "content": "x"},
            ],
        },
    }
    bare = Diagnostic(0, 0, "FL001", "r", "m", Severity.INFO)
    assert bare.to_dict()["fix"] is None
    assert json.loads(json.dumps(bare.to_dict())) == bare.to_dict()


def test_span() -> None:
    assert finding(2, 5, "FL104").span == Span(2, 5)


def test_severities_have_ranks() -> None:
    assert [severity.rank for severity in (Severity.ERROR, Severity.WARNING, Severity.INFO)] == [
        0,
        1,
        2,
    ]


PLACES = st.tuples(st.integers(0, 9), st.integers(0, 9), st.sampled_from(["FL101", "FL402"]))


@given(st.lists(PLACES))
def test_findings_sort_by_place_and_code(places: list[tuple[int, int, str]]) -> None:
    found = sorted(finding(*place) for place in places)
    assert [(f.start, f.end, f.code) for f in found] == sorted(places)


def test_the_words_of_a_finding_do_not_order_it() -> None:
    assert finding(1, 2, "FL101", "a") == finding(1, 2, "FL101", "b")
    assert hash(finding(1, 2, "FL101", "a")) == hash(finding(1, 2, "FL101", "b"))
