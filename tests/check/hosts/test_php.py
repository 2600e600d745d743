"""PHP arrays as places for fields, with PHP as the judge."""

import json
import re
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from check.hosts import judges
from check.hosts.moving import moved, only
from flaglift.check.hosts.base import HOLE, LiteralChange
from flaglift.check.hosts.checking import lint_literal
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT
from peers import program

HOST = host_named("php")
P = "a cat --video --video_model kling25 --duration 5 --video_prompt x"
MOVED = {"text": "a cat", "video_model": "kling25", "video_prompt": "x", "video_duration": 5}

_SENT = r"""
define('CURLOPT_POSTFIELDS', 10015);
function curl_set($h, $o, $v) { global $sent; $sent = is_string($v) ? json_decode($v, true) : $v; }
class Client { function post($u, $o) { curl_set(0, 0, $o['json'] ?? $o['form_params'] ?? $o); } }
class Http { static function post($u, $o) { curl_set(0, 0, $o); } }
$client = new Client; $opts = []; $model = 'kling30';
"""


def sent(source: str) -> object:
    """Return what a program sends."""
    script = _SENT.replace("define(", "defined('CURLOPT_POSTFIELDS') or define(") + source.replace(
        "curl_setopt_array($h, [", "curl_set($h, 0, ["
    ).replace("curl_setopt(", "curl_set(")
    done = subprocess.run(
        [program("php"), "-r", script + "\necho json_encode($sent);"],
        capture_output=True,
        check=True,
        text=True,
        timeout=30,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    "call",
    [
        "curl_setopt($h, CURLOPT_POSTFIELDS, ['prompt[text]' => 'P', 'prompt[ar]' => '1:1']);",
        'curl_setopt($h, CURLOPT_POSTFIELDS, array("prompt[text]" => "P"));',
        "curl_setopt($h, CURLOPT_POSTFIELDS, [\n    'a' => 1,\n    'prompt[text]' => 'P',\n]);",
        "curl_setopt($h, CURLOPT_POSTFIELDS, ['x', 'prompt[text]' => 'P']);",
        "$client->post($u, ['form_params' => ['prompt[text]' => 'P']]);",
        "Http::post($u, ['prompt[text]' => 'P']);",
    ],
)
def test_fields_of_a_form_go_to_its_array(call: str) -> None:
    source = "<?php\n" + call.replace("P'", f"{P}'").replace('P"', f'{P}"') + "\n"
    literal = only("php", source)
    assert literal.is_request
    before, after = sent(source[6:]), sent(moved("php", source)[6:])
    assert isinstance(before, dict)
    fields = {f"prompt[{name}]": value for name, value in MOVED.items()}
    assert after == {**before, **fields}


@pytest.mark.parametrize(
    "call",
    [
        "$client->post($u, ['json' => ['prompt' => ['text' => 'P', 'ar' => '1:1']]]);",
        "Http::post($u, ['prompt' => ['text' => 'P']]);",
        "curl_setopt($h, CURLOPT_POSTFIELDS, json_encode(['prompt' => ['text' => 'P']]));",
        "curl_setopt($h, CURLOPT_POSTFIELDS, ['prompt' => ['text' => 'P']]);",
    ],
)
def test_fields_of_a_body_go_to_its_array(call: str) -> None:
    source = "<?php\n" + call.replace("P'", f"{P}'") + "\n"
    assert only("php", source).is_request
    before, after = sent(source[6:]), sent(moved("php", source)[6:])
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert after["prompt"] == {**before["prompt"], **MOVED}


@pytest.mark.parametrize(
    "source",
    [
        "$a = ['text' => 'P'];",
        "curl_setopt($h, CURLOPT_URL, ['prompt' => ['text' => 'P']]);",
        "save(['prompt' => ['text' => 'P']]);",
    ],
)
def test_what_is_not_seen_to_be_sent_is_no_request(source: str) -> None:
    assert not only("php", "<?php " + source.replace("P", P)).is_request


@pytest.mark.parametrize(
    ("array", "why"),
    [
        ("['prompt[text]' => 'P', ...$opts]", "`...$opts` may hold these fields"),
        ("['prompt[text]' => 'P', $k => 1]", "it is not clear which field `$k => 1` is"),
        ("['prompt[text]' => 'P', K => 1]", "it is not clear which field `K => 1` is"),
        ("['prompt[text]' => 'b', 'prompt[text]' => 'P']", "the key `prompt[text]` is there twice"),
    ],
)
def test_flags_stay_where_the_fields_are_in_doubt(array: str, why: str) -> None:
    source = f"<?php f({array.replace('P', P)});"
    change = lift_literal(only("php", source), DEFAULT)
    assert isinstance(change, LiteralChange)
    done = rewrite(source.encode(), HOST, [change])
    assert [each.reason for each in done.refused] == [why]


def test_a_field_that_is_there_is_seen() -> None:
    for value in ("'wan25_720p'", '"wan25_720p"', "$model", '"a$model"'):
        literal = only(
            "php", f"<?php f(['prompt[text]' => '{P}', 'prompt[video_model]' => {value}]);"
        )
        assert "FL604" in {each.code for each in lint_literal(literal, DEFAULT)}
    same = only("php", f"<?php f(['prompt[text]' => '{P}', 'prompt[video_model]' => \"kling25\"]);")
    assert "FL604" not in {each.code for each in lint_literal(same, DEFAULT)}


@pytest.mark.parametrize("mark", ["#", "//", "a #"])
@pytest.mark.parametrize("hole", ["$x", "{$x}", "${x}", "$x[0]", "$x->y", "\\$x", "$"])
def test_a_last_line_like_a_comment_is_text_of_the_document(mark: str, hole: str) -> None:
    source = f"<?php $a = <<<E\na --video\n{mark}{hole} b\nE;"
    (literal,) = HOST.literals(source.encode())
    shown = "\ufffc" if hole.startswith(("$x", "{", "${")) else hole.removeprefix("\\")
    assert literal.text == f"a --video\n{mark}{shown} b"


@pytest.mark.parametrize(
    ("variable", "hole"),
    [("$x", "$x\U0001f600é"), ("$x->y", "$x->y\U0001f600é"), ("$x[0]", "$x[0]"), ("{$x}", "{$x}")],
)
def test_each_byte_above_ascii_is_a_part_of_a_name(variable: str, hole: str) -> None:
    source = f'<?php $a = "{variable}\U0001f600é b";'
    (literal,) = host_named("php").literals(source.encode())
    assert [each.source for each in literal.holes] == [hole]


PARTS = [
    "<p>BAD</p>", '<b title="BAD">a</b>', "<?= $x ?>", "<?php if ($a): ?>\nc<?php endif ?>\n",
    '<i a="<?= f("x") ?>">', "<script>x = 'BAD';</script>", "<?php $y = 'BAD'; ?>\n", "é\r\n",
    "<textarea>\nBAD</textarea>", "<!-- BAD -->", "<?php // ?>",
]  # fmt: skip
NUMBER = re.compile("--duration 7")


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join))
def test_the_page_around_the_code_is_read_as_html(parts: str) -> None:
    source = "<?php f(); ?>" + parts.replace("BAD", "ohwx cat --video --video_model kling25"
                                             " --duration 7")  # fmt: skip
    data = source.encode()
    host = host_named("php")
    found = [literal for literal, said in candidates(data, host) if said.taken]
    assert len(found) == len(NUMBER.findall(re.sub("(?s)<!--.*?-->", "", source)))
    changes = [LiteralChange(each, each.text.replace("7", "5")) for each in found]
    new, refused = rewrite(data, host, changes)
    assert not refused
    said = re.compile("(<!--.*?-->)", re.DOTALL)
    wanted = [NUMBER.sub("--duration 5", s) if i % 2 == 0 else s
              for i, s in enumerate(said.split(source))]  # fmt: skip
    assert new.decode() == "".join(wanted)


def test_a_file_without_a_page_has_no_text_of_one() -> None:
    assert [each.text for each in host_named("php").literals(b"\n<?php f('a'); ?>\n")] == ["a"]


@pytest.mark.parametrize(
    "hole", ["{$x }", "{$x\n}", "{$x /* } */ }", "{$x// a\n }", "{$x->a }", "{$x[0] }", "{$x}"]
)
@pytest.mark.parametrize("opening", ['"', "<<<E\n"])
def test_an_interpolation_ends_at_its_brace(opening: str, hole: str) -> None:
    """Also where blanks and comments stand before it."""
    closing = "\nE" if "E" in opening else '"'
    data = f"<?php $a = {opening}a {hole}b --video{closing};".encode()
    (literal,) = HOST.literals(data)
    assert literal.text == f"a {HOLE}b --video"
    assert [each.source for each in literal.holes] == [hole]


@pytest.mark.parametrize("opening", ["<<<E", "<<<'E'"])
@pytest.mark.parametrize("margin", ["  ", "\t"])
@pytest.mark.parametrize("before", ["", "a\n\n", "a\r\n"])
def test_the_indentation_of_a_document_stays(opening: str, margin: str, before: str) -> None:
    lines = f"{before}{P}\n".replace("\n", f"\n{margin}")
    source = f"<?php return [{opening}\n{margin}{lines}E];"
    literal = only("php", source)
    assert (literal.text, literal.locked) == (before + P, "")
    new = rewrite(source.encode(), HOST, [LiteralChange(literal, f"{before}a cat, big")])
    assert not new.refused
    assert judges.php(new.data.decode()) == [f"{before}a cat, big"]
