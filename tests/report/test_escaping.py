"""What terminals obey, in texts for people and for programs."""

import json
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from flaglift.report.escaping import as_json, harmless, in_one_line, visible, xml_escaped
from flaglift.report.paths import as_text

OBEYED = "\x1b\x7f\x80\x85\x9b\x9f\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\ud800\udcff"
TEXTS = st.text(st.one_of(st.sampled_from(OBEYED + "\t\r\né猫😀\u00a0"), st.characters()))


def test_a_return_is_obeyed_unless_it_ends_a_line() -> None:
    assert harmless("a\rb\r\nc\td\n\r") == "a·b\r\nc\td\n·"
    assert xml_escaped("a\rb\r\n") == "a&#xd;b\r\n"


@given(TEXTS)
def test_nothing_is_obeyed(text: str) -> None:
    for shown in (harmless(text), as_json([text]), as_json({text: 1}, 2), xml_escaped(text)):
        assert not set(OBEYED) & set(shown)
        assert harmless(shown) == shown
        shown.encode()
    for line in (visible(text), in_one_line(text)):
        assert line.isprintable()
        assert visible(line) == in_one_line(line) == line
    assert len(visible(text)) == len(harmless(text)) == len(text)


@given(TEXTS)
def test_json_has_the_same_value(text: str) -> None:
    assert json.loads(as_json({text: [text]})) == {text: [text]}


@given(st.text(st.sampled_from("a<&\r\n" + OBEYED[1:-2]), max_size=8))
def test_xml_has_the_same_content(text: str) -> None:
    element = ElementTree.Element("a", b=text)
    element.text = text
    read = ElementTree.fromstring(xml_escaped(ElementTree.tostring(element, encoding="unicode")))
    assert (read.text or "") == text.replace("\r\n", "\n")
    assert read.get("b") == text


def test_other_characters_stay_readable() -> None:
    assert as_json(["é猫😀\u00a0\u200d"]) == '["é猫😀\u00a0\u200d"]'
    assert visible("é猫😀") == in_one_line("é猫😀") == harmless("é猫😀") == "é猫😀"


def test_a_name_that_is_not_utf8_becomes_a_text() -> None:
    assert as_text("a\udcff\ud800é") == "a\ufffd\ufffdé"
