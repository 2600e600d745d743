"""Which texts may hold a flag: all others are never parsed."""

import pytest

from flaglift.syntax.concern import may_concern


@pytest.mark.parametrize(
    ("text", "concerns"),
    [
        ("", False),
        ("a well-lit cat - asleep", False),
        ("a cat --video", True),
        ("a cat -Video", True),
        ('a cat -"-video"', True),
        ("salt & pepper", False),
        ("salt &amp; pepper", False),
        ("a cat &mdash;video", True),
        ("a cat &#45;-video", True),
        ("a cat —video", True),
        ("a cat — asleep", False),
        ("a cat—video", True),
        ("un chat âgé", False),
        ("a\u200bcat", True),
    ],
)
def test_what_may_hold_a_flag(text: str, concerns: bool) -> None:
    assert may_concern(text) is concerns
