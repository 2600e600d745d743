"""Decides whether a literal is one prompt: or several (dialect section 2.13), or part, or code.

This looks at words rather than at the parsed prompt: a quote left open in one prompt would hide
the flags of the next one.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from flaglift.catalog import Status, load_catalog
from flaglift.check.hosts.base import HOLE, Literal, Piece, PieceKind
from flaglift.check.hosts.classifier import DATA
from flaglift.check.hosts.pieces import COMPARED, FRAGMENT, QUOTED, SEVERAL, UNREAD
from flaglift.check.hosts.prefilter import FLAGS
from flaglift.lossless.spans import Span
from flaglift.spelling import nearest
from flaglift.syntax import FlagName
from flaglift.syntax.nodes import Flag, Unclosed

_DASHES = r"\-\u2010-\u2015\u2212"
_FLAG = re.compile(rf"(?<![^\s\"'])[{_DASHES}]{{1,2}}([A-Za-z][\w{_DASHES}]*)")
_WITH_VALUE = re.compile(
    rf"(?<!\S)[{_DASHES}]{{1,2}}"
    rf"(?:video(?=\s|$)|\w[\w{_DASHES}]*+(?:(?:=|[ \t]++)(?:\"[^\"]*+\"|\S++))?)"
)
_WORD = re.compile(r"[^\W\d_]")
_TOKEN = re.compile(
    rf"(?P<keyframe>^---[ \t]*\r?$)|^[a-z_]+=[^\n]*"
    rf"|(?<![^\s\"'])[{_DASHES}]{{1,2}}(?P<flag>[A-Za-z][\w{_DASHES}]*+)"
    rf"(?:(?<=[{_DASHES}]video)(?=\s|$)|(?:(?:=|[ \t]++)(?![{_DASHES}])(?:\"[^\"]*+\"|\S++))?)"
    r"|(?P<word>\w\S*+)",
    re.MULTILINE,
)
"""A line between keyframes, a setting, a flag with its value, a word."""
_BETWEEN = " \t\r\n;,|"

_VIDEO = re.compile(r"(?<![\w-])--(?:video|duration)")
_STRINGS = "|".join(rf"{quote}(?:[^{quote}\\]|\\.)*+{quote}" for quote in "'\"`")
_STRING = re.compile(_STRINGS.replace("*+", "{0,400}+"), re.DOTALL)
_QUOTED = re.compile(
    rf"(?:(?P<before>[=(\[{{:,]|<-|\br#{{1,3}}(?=\")"
    r"|(?<!\S)--?(?!(?:video|duration)(?![a-z]))[A-Za-z][\w-]{0,40}(?=[ \t]))[ \t\r\n]{0,4}"
    rf"|(?P<alone>\A\s{{0,9}}))"
    rf"(?P<string>{_STRINGS})"
    r"(?(alone)\s{0,9};?\Z|(?!\w)(?P<closed>(?=\s{0,4}[)\]};,]))?)",
    re.DOTALL,
)
"""A string in code, or after an option of a command.

Prose too has commas and apostrophes, so these need a closing bracket.
"""


def single(literal: Literal) -> Literal:
    """Return the literal, marked with the prompts that it may contain if it may not be just one.

    The text of a request is one prompt (dialect section 2.13), and so is a single line.
    """
    if literal.doubt or literal.host in ("form", "lines"):
        return literal
    if literal.origin.role == "operand":
        return replace(literal, doubt=COMPARED, possible=((Span(0, len(literal.text)),),))
    if literal.origin.role == "code":
        literal = replace(literal, unclear=literal.unclear or UNREAD)
    elif _may_be_a_part(literal):
        if literal.origin.role in ("value", "default") and _is_fragment(literal):
            return _fragment(literal, (HOLE, " "), ())
        rest = _rest(literal)
        if rest:
            return _fragment(literal, (), rest)
    for doubt, find in ((QUOTED, quoted_prompts), (SEVERAL, prompts_in)):
        places = tuple((place,) for place in find(literal.text))
        if places:
            return replace(literal, doubt=doubt, possible=places)
    return literal


def _may_be_a_part(literal: Literal) -> bool:
    """Return whether a text may be put together with others, where the host does not show it.

    In SQL that is any expression whose place among the values of a row is unknown: a `CASE`.
    """
    if literal.host == "sql" and literal.origin.role == "value":
        return literal.siblings is None or isinstance(literal.siblings.insert({}), str)
    return literal.host not in DATA and literal.siblings is None


def _fragment(literal: Literal, before: Sequence[str], after: Sequence[str]) -> Literal:
    """Return a literal extended by what surrounds it in the prompt that it is a part of."""
    start, end = (
        [Piece(PieceKind.HOLE if text == HOLE else PieceKind.ATOM, at, at, text) for text in texts]
        for at, texts in ((literal.inside, before), (literal.last, after))
    )
    whole = Span(0, len(before) + len(literal.text) + len(after))
    pieces = (*start, *literal.pieces, *end)
    return replace(literal, pieces=pieces, doubt=FRAGMENT, possible=((whole,),))


def _rest(literal: Literal) -> Sequence[str]:
    """Return what is appended elsewhere to a text that ends before or inside a flag's value."""
    nodes = [node for node in literal.prompt.segments[-1].nodes if node.raw.strip()]
    quotes = [index for index, node in enumerate(nodes) if isinstance(node, Unclosed)]
    flag = nodes[quotes[0] - 1 if quotes else -1] if nodes else None
    if not isinstance(flag, Flag) or not flag.name.takes_value or (flag.value and flag.value.raw):
        return ()
    ended = literal.text[-1].isspace()
    if quotes:
        return (HOLE, '"') if ended or literal.text.endswith('"') else ()
    return (HOLE,) if ended or flag.raw.endswith("=") else (" ", HOLE)


def _is_fragment(literal: Literal) -> bool:
    """Return whether a text is only flags with an existing model: the words are added elsewhere."""
    prompt = literal.prompt
    nodes = [node for segment in prompt.segments for node in segment.nodes]
    words = any(node.raw.strip() for node in nodes if not isinstance(node, Flag))
    models = (flag.value for flag in prompt.flags if flag.name is FlagName.VIDEO_MODEL)
    names = [value.text for value in models if value]
    catalog = load_catalog()
    known = (name == HOLE or catalog.find(name).status is not Status.UNKNOWN for name in names)
    return not words and any(known)


def quoted_prompts(text: str) -> tuple[Span, ...]:
    """Return the places of flags in quotes, for a text that may be code containing a prompt.

    Quotes after a flag belong to its value.

    >>> quoted_prompts("send('a cat --video')"), quoted_prompts("a cat --video_prompt='b --video'")
    ((Span(start=6, end=19),), ())
    """
    first = _VIDEO.search(text)
    prompts: list[Span] = []
    for match in _QUOTED.finditer(text) if first else ():
        place = Span(match.start("string") + 1, match.end("string") - 1)
        if not prompts and first and first.start() < place.start:
            break
        if _VIDEO.search(text, *place) and (match["before"] != "," or match["closed"] is not None):
            prompts.append(place)
    return tuple(prompts)


def strings_with_flags(code: str) -> Iterator[Span]:
    """Yield the places of flags in quotes, for a text known to be code.

    >>> list(strings_with_flags("x or 'a cat --video'"))
    [Span(start=6, end=19)]
    """
    for match in _STRING.finditer(code):
        if _VIDEO.search(match[0]):
            yield Span(match.start() + 1, match.end() - 1)


def prompts_in(text: str) -> tuple[Span, ...]:
    r"""Return the places of the prompts that a text may contain; none if it is certainly one.

    If a flag is repeated after words of its own, these words may begin another prompt.

    >>> prompts_in("a cat --video | a dog --video")
    (Span(start=0, end=13), Span(start=16, end=29))
    >>> prompts_in("a cat --video\n--video --duration 5"), prompts_in("a cat\n--video\nof a dog")
    ((), ())
    """
    starts = [0]
    held: dict[str, int] = {}
    run = words = -1
    for match in _TOKEN.finditer(text):
        if match["keyframe"]:  # the keyframes of one prompt repeat its flags
            held, run, words = {}, -1, -1
        elif match["word"]:
            run = match.start() if run < 0 else run
            words = run if _WORD.search(match[0]) else words
        elif match["flag"]:
            run = -1
            name = _name(match["flag"])
            if held.get(name, len(text)) < words:
                starts.append(words)
                held = {each: at for each, at in held.items() if at > words}
            held.setdefault(name, match.start())
            held.pop("", None)
    ends = [a + len(text[a:b].rstrip(_BETWEEN)) for a, b in pairwise(starts)]
    return tuple(map(Span, starts, [*ends, len(text)])) if ends else ()


def has_one_a_line(text: str) -> bool:
    """Return whether each line with `--video` in a text has words of its own."""
    lines = [line.of(text) for line in _lines(text)]
    return all(stands_alone(line) for line in lines if "video" in map(_name, _FLAG.findall(line)))


def flags_in_a_row(text: str) -> int:
    """Return the number of flags in a text that has nothing else but their values; otherwise 0.

    >>> flags_in_a_row("--video --duration 5"), flags_in_a_row("--video and --duration 5")
    (2, 0)
    """
    rest, count = _WITH_VALUE.subn(" ", text)
    return 0 if rest.strip() else count


def stands_alone(text: str) -> bool:
    """Return whether a text with flags has words of its own, which make it a prompt.

    >>> stands_alone("a cat --video"), stands_alone("--duration 5")
    (True, False)
    """
    return _WORD.search(_WITH_VALUE.sub(" ", text)) is not None


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.split("\n"):
        yield Span(start, start + len(line.removesuffix("\r")))
        start += len(line) + 1


@lru_cache(maxsize=4096)
def _name(word: str) -> str:
    """Return the flag that a word means, possibly misspelled; empty if it means none."""
    name = re.sub(rf"[{_DASHES}]", "_", word.lower())
    return name if name in FLAGS else nearest(name, FLAGS) or ""
