import pytest

from flaglift.syntax.entities import character, decoded, first_entity


@pytest.mark.parametrize(
    ("entity", "expected"),
    [
        ("&quot;", '"'),
        ("&amp;", "&"),
        ("&nbsp;", " "),
        ("&#34;", '"'),
        ("&#x22;", '"'),
        ("&#160;", " "),
        ("&T;", "&T;"),
        ("&nobodys;", "&nobodys;"),
        ("&#0;", "&#0;"),
        ("&#1;", "&#1;"),  # which browsers leave out
        ("&#xD800;", "&#xD800;"),
    ],
)
def test_what_an_entity_stands_for(entity: str, expected: str) -> None:
    assert character(entity) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("salt & pepper by AT&T;", "salt & pepper by AT&T;"),
        ("&lt;lora:1&gt;", "<lora:1>"),
        ("&amp;amp;quot;", '"'),
        ("&" + "amp;" * 9 + "lt;", None),
    ],
)
def test_decoded(text: str, expected: str | None) -> None:
    assert decoded(text) == expected


def test_first_entity() -> None:
    assert first_entity("R&D; &lt; &gt;") == "&lt;"
    assert first_entity("R&D;") is None
