"""Each kind of escape is read as its language reads it; properties try what is made of them."""

import pytest

from flaglift.check.hosts.registry import host_named

FLAGS = " --video --video_model kling25"


@pytest.mark.parametrize(
    ("host", "source", "text"),
    [
        ("python", r'x = "a \141\x62\u0063\N{BULLET}\q\t\\FLAGS"', "a abc\u2022\\q\t\\"),
        ("python", 'x = "a \\\n bFLAGS"', "a  b"),
        ("python", 'x = f"{{a}} bFLAGS"', "{a} b"),
        ("python", 'x = """a\r\nbFLAGS"""', "a\nb"),
        ("javascript", r'x = "a \141\x62\u{63}\ud83d\ude00\q\tFLAGS"', "a abc\U0001f600q\t"),
        ("javascript", 'x = "a \\\n bFLAGS"', "a  b"),
        ("javascript", "x = `a\r\nbFLAGS`", "a\nb"),
        ("yaml", r'x: "a \x62\u0063\U0001F600\N\_\e\/FLAGS"', "a bc\U0001f600\x85\xa0\x1b/"),
        ("yaml", 'x: "a \\\n   b\n\n   cFLAGS"', "a b\nc"),
        ("bash", r"f $'a \141\x62\u63\cA\c?\qFLAGS'", "a abc\x01\x7f\\q"),
        ("bash", 'f "a \\\n \\$ \\qFLAGS"', "a  $ \\q"),
        ("php", r'<?php $x = "a \141\x62\u{63}\q\eFLAGS";', "a abc\\q\x1b"),
        ("ruby", r'x = "a \141\x62\u0063\u{64 65}\q\sFLAGS"', "a abcdeq "),
    ],
)
def test_an_escape_is_what_it_stands_for(host: str, source: str, text: str) -> None:
    texts = [
        literal.text
        for literal in host_named(host).literals(source.replace("FLAGS", FLAGS).encode())
    ]
    assert texts[-1] == text + FLAGS


@pytest.mark.parametrize(
    ("host", "source"),
    [
        ("python", r'x = "a \N{NO SUCH SIGN}FLAGS"'),
        ("javascript", r'x = "a \u{110000}FLAGS"'),
        ("php", r'<?php $x = "a \u{110000}FLAGS";'),
        ("ruby", r'x = "a \u{110000}FLAGS"'),
    ],
)
def test_an_escape_that_stands_for_nothing_is_not_guessed(host: str, source: str) -> None:
    found = host_named(host).literals(source.replace("FLAGS", FLAGS).encode())
    assert [literal.unclear for literal in found] == ["an escape in it cannot be read"]
