"""Parses any text to an AST: nothing raises, and `str(parse(text)) == text`."""

from dataclasses import replace

from flaglift.syntax.features import features_of
from flaglift.syntax.markup import references_and_suspects
from flaglift.syntax.nodes import Separator, Setting, Text, Unclosed
from flaglift.syntax.prompt import Prompt, Segment
from flaglift.syntax.tree import Lines, parse_lines, parse_words
from flaglift.syntax.words import is_escaped


def parse(text: str) -> Prompt:
    """Return the AST of a prompt.

    Never raises, whatever the text; errors in it are in the AST, for the rules to report.

    >>> prompt = parse('a cat --video --duration 5')
    >>> [flag.name.value for flag in prompt.flags], str(prompt)
    (['video', 'duration'], 'a cat --video --duration 5')
    """
    pieces, lines = _lines(text)
    segments = [_segment(pieces[0], 0)]
    separators = []
    position = len(pieces[0])
    for separator, piece in zip(pieces[1::2], pieces[2::2], strict=True):
        separators.append(Separator(position, separator))
        position += len(separator)
        segments.append(_segment(piece, position))
        position += len(piece)
    if lines and _is_open(segments[-1]):
        # The apparent settings block is inside a quoted value.
        segments[-1] = _segment(text[segments[-1].start :], segments[-1].start)
        lines = []
    settings = _settings(lines, position)
    references, suspects = references_and_suspects(text, segments)
    return Prompt(
        segments=tuple(segments),
        separators=tuple(separators),
        settings=settings,
        references=references,
        suspects=suspects,
        features=features_of(text, segments, settings, references, suspects),
    )


def parse_less(prompt: Prompt, text: str, end: str) -> Prompt:
    r"""Return the AST of a text without its trailing line ends, given that of the whole text.

    Nearly always only the last node gets shorter, and the text is not parsed again.

    >>> whole = parse("a cat --video on a mat\n")
    >>> parse_less(whole, "a cat --video on a mat\n", "\n") == parse("a cat --video on a mat")
    True
    """
    length = len(text) - len(end)
    nodes = prompt.segments[0].nodes
    if (
        len(prompt.segments) > 1
        or prompt.settings
        or type(nodes[-1]) is not Text
        or is_escaped(text, length)  # its line end would be part of a word (1.3)
        or end.replace("\r\n", "\n").strip("\n")  # a lone CR is not a line end (5.2)
    ):
        return parse(text[:length])
    raw = nodes[-1].raw[: length - nodes[-1].start]
    last = (Text(nodes[-1].start, raw),) if raw else ()
    return replace(prompt, segments=(replace(prompt.segments[0], nodes=(*nodes[:-1], *last)),))


def _lines(text: str) -> Lines:
    # Very few prompts have keyframes or settings.
    if "---" not in text and not _may_end_in_setting(text):
        return Lines([text], [])
    return parse_lines(text)


def _may_end_in_setting(text: str) -> bool:
    end = len(text.rstrip())
    return "=" in text[text.rfind("\n", 0, end) + 1 : end]


def _segment(text: str, start: int) -> Segment:
    segment = parse_words(text)
    return segment.shifted(start) if start else segment


def _is_open(segment: Segment) -> bool:
    return any(type(node) is Unclosed for node in segment.nodes)


def _settings(lines: list[str], position: int) -> tuple[Setting, ...]:
    settings = []
    for raw in lines:
        key, _, value = raw.partition("=")
        settings.append(Setting(position, raw, key, value.partition("\n")[0].rstrip("\r")))
        position += len(raw)
    return tuple(settings)
