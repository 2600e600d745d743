"""What holds for every text: the AST is whole, its places are right, and nothing raises."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flaglift.api import fix, lint, translate
from flaglift.emit.translation import TranslationStatus
from flaglift.errors import LoweringError
from flaglift.settings import Settings
from flaglift.syntax import Feature, Segment, parse
from flaglift.syntax.lift import image_prompt
from flaglift.syntax.nodes import Flag, Node, OtherFlag, Quoting
from flaglift.syntax.parser import parse_less
from flaglift.syntax.tree import parse_lines, parse_markup, parse_words
from flaglift.syntax.words import quote, quoting, split_words, unquote
from strategies import texts
from test_oracle import PLAIN_APOSTROPHE, words

SETTINGS = Settings(default_model="kling25")


def assert_in_place(node: Node, text: str) -> None:
    assert node.span == (node.start, node.end)
    assert node.span.of(text) == node.raw == str(node)


@given(texts())
def test_the_nodes_are_the_text(text: str) -> None:
    prompt = parse(text)
    assert str(prompt) == text
    position = 0
    for node in prompt.nodes:
        assert node.start == position
        assert node.raw
        assert_in_place(node, text)
        position = node.end
    assert position == len(text)


@given(texts(), st.text("\r\n", max_size=3))
@example("a cat --video", "\n")
@example("a cat --video sits", "\r\n")
@example("a cat --video \\", "\n")
@example("a cat --video\nw=1", "\n")
@example("a cat --video\nw=1", "\r\r")
@example("a\n---\n", "\n")
@example('--video "a', "\n")
@example("--video -- --duration 5", "\n\n")
def test_a_text_less_its_last_line_ends_reads_as_if_parsed(text: str, end: str) -> None:
    less = (text + end).rstrip("\r\n")
    tail = (text + end)[len(less) :]
    if tail:
        assert parse_less(parse(text + end), text + end, tail) == parse(less)


@given(texts())
def test_segments_and_separators_take_turns(text: str) -> None:
    prompt = parse(text)
    assert len(prompt.separators) == len(prompt.segments) - 1
    assert prompt.is_keyframes == bool(prompt.separators)
    position = 0
    for segment, separator in zip(prompt.segments, [*prompt.separators, None], strict=True):
        assert segment.start == position
        assert str(segment) == text[segment.start : segment.end]
        position = separator.end if separator else segment.end
    assert position == (prompt.settings[0].start if prompt.settings else len(text))


@given(texts())
def test_the_values_are_in_place_and_read_as_words(text: str) -> None:
    prompt = parse(text)
    for segment in prompt.segments:
        for flag in [*segment.flags, *segment.late]:
            assert flag.name_span.of(text) == f"--{flag.name}"
            if flag.value is None:
                continue
            assert_in_place(flag.value, text)
            assert flag.start < flag.value.start <= flag.value.end == flag.end
            assert flag.value.quoting is quoting(flag.value.raw)
            if "'" not in flag.value.raw:
                read = words(flag.value.raw)
                assert [flag.value.text] == (read or [""])


@given(texts())
def test_the_flags_are_nodes_and_only_those(text: str) -> None:
    for segment in parse(text).segments:
        flags = [node for node in segment.nodes if isinstance(node, Flag)]
        assert flags == [*segment.flags, *segment.late]
        assert [node for node in segment.read if isinstance(node, Flag)] == [*segment.flags]


@given(texts())
def test_references_and_suspects_are_in_place_and_in_order(text: str) -> None:
    prompt = parse(text)
    for found in (prompt.references, prompt.suspects):
        ends = 0
        for node in found:
            assert node.start >= ends
            assert_in_place(node, text)
            ends = node.end


@given(texts())
@example('é "a --video b" -Video')
def test_suspects_do_not_depend_on_what_else_the_text_holds(text: str) -> None:
    suspects = parse(text).suspects
    if not parse(text).settings and "\n---" not in text:
        assert parse(text + "\n<é").suspects == suspects


@given(texts())
def test_parsing_again_is_the_same(text: str) -> None:
    assert parse(text) == parse(str(parse(text)))


@given(texts())
def test_the_pieces_of_each_rule_are_the_text(text: str) -> None:
    lines = parse_lines(text)
    assert "".join([*lines.pieces, *lines.settings]) == text
    assert "".join(token.value for token in parse_markup(text)) == text
    assert str(parse_words(text)) == text


@given(texts())
def test_a_quoted_text_reads_as_the_text(text: str) -> None:
    if text == "--":
        with pytest.raises(LoweringError, match="ends the flags"):
            quote(text)
        return
    written = quote(text)
    assert unquote(written) == text
    assert split_words(written) == [(0, written)]
    assert quoting(written) is (Quoting.QUOTED if written[0] == '"' else Quoting.NONE)
    prompt = parse(f"--video_prompt {written}")
    if not prompt.is_keyframes:
        [flag] = prompt.flags
        assert flag.value
        assert flag.value.text == text


@given(texts())
def test_words_are_those_of_the_shell(text: str) -> None:
    if not parse(text).has(Feature.UNCLOSED) and not parse(text).separators:
        prose = "".join(str(segment) for segment in parse(text).segments)
        assert [unquote(word) for _, word in split_words(prose)] == words(prose, PLAIN_APOSTROPHE)


@given(texts())
def test_the_verbs_never_raise(text: str) -> None:
    lint(text, SETTINGS)
    translate(text, SETTINGS)
    fix(text, SETTINGS, unsafe=True)


@given(texts())
def test_translating_the_output_changes_nothing(text: str) -> None:
    once = translate(text, SETTINGS)
    if "text" not in once.values:
        assert once.status is TranslationStatus.TRANSLATED
        return
    again = translate(once.values["text"], SETTINGS)
    if once.status is TranslationStatus.TRANSLATED:
        assert again.status is TranslationStatus.UNCHANGED
    assert again.values == {"text": once.values["text"]}


@given(texts())
def test_what_is_left_reads_as_before(text: str) -> None:
    """Lifting the flags changes neither the other flags nor the image prompt (4.1)."""
    translation = translate(text, SETTINGS)
    if translation.status is not TranslationStatus.TRANSLATED:
        return
    before = parse(text).segments[0]
    # Behind `--` the last lines are no settings block, whatever they look like.
    [after] = parse(translation.values.get("text", "") + "\n--").segments
    assert flags_of_the_service(after) == flags_of_the_service(before)
    assert image_prompt(after).removesuffix("--").rstrip() == image_prompt(before)


def flags_of_the_service(segment: Segment) -> list[str]:
    return [node.raw for node in segment.nodes if isinstance(node, OtherFlag)]


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("a cat --video\n---\na dog\n", "\n"),
        ("a cat --video\nar=1:1\n", "\n"),
        ("a cat --video\n", "\n"),
        ("a cat --video\\\n", "\n"),
        ("a cat --video a\r", "\r"),
        ("a cat --video a\n\r\n", "\n\r\n"),
    ],
)
def test_without_its_line_ends_a_text_reads_as_if_it_had_none(text: str, end: str) -> None:
    assert parse_less(parse(text), text, end) == parse(text.removesuffix(end))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\r\n\n"])
def test_without_its_line_ends_a_text_is_not_parsed_again(
    end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [f"{text}{end}" for text in ("a cat", "a cat --video on a mat", "--video a")]
    prompts = [(parse(text), parse(text[: -len(end)])) for text in texts]
    monkeypatch.setattr("flaglift.syntax.parser.parse", None)
    for text, (whole, less) in zip(texts, prompts, strict=True):
        assert parse_less(whole, text, end) == less
