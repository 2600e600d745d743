"""Text to AST, for every text: nothing raises, and `str(parse(text)) == text`."""

from collections.abc import Callable

from flaglift.syntax.features import features_of
from flaglift.syntax.flags import abbreviation, dash_word, flag, other_flag
from flaglift.syntax.markup import references_and_suspects
from flaglift.syntax.nodes import (
    DoubleDash,
    Flag,
    FlagName,
    Node,
    Separator,
    Setting,
    Text,
    Unclosed,
)
from flaglift.syntax.prompt import Prompt, Segment
from flaglift.syntax.tokens import tokens
from flaglift.syntax.words import is_escaped

_FLAGS = {name.upper(): name for name in FlagName}


def parse(text: str) -> Prompt:
    """Return the AST of a prompt.

    Never raises, whatever the text; what is wrong with it is in the AST, for the rules to report.

    >>> prompt = parse('a cat --video --duration 5')
    >>> [flag.name.value for flag in prompt.flags], str(prompt)
    (['video', 'duration'], 'a cat --video --duration 5')
    """
    pieces, settings = _outline(text)
    segments = []
    separators = []
    position = 0
    for index, piece in enumerate(pieces):
        if index % 2:
            separators.append(Separator(position, piece))
        else:
            segments.append(_segment(piece, position))
        position += len(piece)
    references, suspects = references_and_suspects(text, segments)
    return Prompt(
        segments=tuple(segments),
        separators=tuple(separators),
        settings=settings,
        references=references,
        suspects=suspects,
        features=features_of(text, segments, settings, references, suspects),
    )


def _outline(text: str) -> tuple[list[str], tuple[Setting, ...]]:
    """Cut a text into segments with the separators between them, and the settings block."""
    if "---" not in text and not _may_end_in_setting(text):
        return [text], ()
    lines = tokens(text, "outline")
    block = len(lines)
    while block and lines[block - 1][0] == "SETTING":
        block -= 1
    while 0 < block < len(lines) and _goes_on(lines[block - 1][1]):
        block += 1
    pieces = _joined(lines[:block])
    if block < len(lines) and _is_open(pieces[-1]):
        # What looks like a settings block stands inside a quoted value.
        return _joined(lines), ()
    return pieces, _settings(lines[block:], sum(map(len, pieces)))


def _may_end_in_setting(text: str) -> bool:
    end = len(text.rstrip())
    return "=" in text[text.rfind("\n", 0, end) + 1 : end]


def _joined(lines: list[tuple[str, str]]) -> list[str]:
    """Join the lines between separators: text, separator, text, ... , text."""
    pieces: list[list[str]] = [[]]
    for terminal, piece in lines:
        if terminal == "KEYFRAME" and not (pieces[-1] and _goes_on(pieces[-1][-1])):
            pieces += [[piece], []]
        else:
            pieces[-1].append(piece)
    return ["".join(piece) for piece in pieces]


def _goes_on(line: str) -> bool:
    """Tell whether a backslash makes the line's end a part of a word (1.3)."""
    return is_escaped(line, len(line.rstrip("\r\n")))


def _is_open(segment: str) -> bool:
    return any(terminal == "UNCLOSED_QUOTE" for terminal, _ in tokens(segment, "word"))


def _settings(lines: list[tuple[str, str]], position: int) -> tuple[Setting, ...]:
    settings = []
    for _, raw in lines:
        key, _, value = raw.partition("=")
        settings.append(Setting(position, raw, key, value.partition("\n")[0].rstrip("\r")))
        position += len(raw)
    return tuple(settings)


def _segment(text: str, start: int) -> Segment:
    nodes: list[Node] = []
    flags: list[Flag] = []
    late: list[Flag] = []
    current = flags
    position = start
    for terminal, raw in tokens(text, "segment"):
        for node in _nodes(terminal, raw, position):
            nodes.append(node)
            if isinstance(node, Flag):
                current.append(node)
            elif isinstance(node, DoubleDash):
                current = late
        position += len(raw)
    return Segment(start, tuple(nodes), tuple(flags), tuple(late))


def _nodes(terminal: str, raw: str, start: int) -> list[Node]:
    if terminal == "TEXT":
        return [Text(start, raw)]
    if terminal in _FLAGS:
        return flag(start, raw, _FLAGS[terminal])
    return [_NODE[terminal](start, raw, terminal)]


_NODE: dict[str, Callable[[int, str, str], Node]] = {
    "ABBREVIATION": lambda start, raw, _: abbreviation(start, raw),
    "DASH_WORD": lambda start, raw, _: dash_word(start, raw),
    "DOUBLE_DASH": lambda start, raw, _: DoubleDash(start, raw),
    "LAST_BACKSLASH": lambda start, raw, _: Unclosed(start, raw),
    "OTHER_LIST": other_flag,
    "OTHER_OPTION": other_flag,
    "OTHER_SWITCH": other_flag,
    "UNCLOSED_QUOTE": lambda start, raw, _: Unclosed(start, raw),
}
