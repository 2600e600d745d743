"""Whether the text of a literal is one prompt: it may hold several (dialect section 2.13), or code.

The words are looked at and not the parsed prompt: a quote that one prompt leaves open would hide
the flags of the next one.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from flaglift.check.hosts.prefilter import FLAGS
from flaglift.lossless.spans import Span
from flaglift.spelling import nearest

_DASHES = r"\-\u2010-\u2015\u2212"
_FLAG = re.compile(rf"(?<![^\s\"'])[{_DASHES}]{{1,2}}([A-Za-z][\w{_DASHES}]*)")
_WITH_VALUE = re.compile(
    rf"(?<!\S)[{_DASHES}]{{1,2}}"
    rf"(?:video(?=\s|$)|\w[\w{_DASHES}]*+(?:(?:=|[ \t]++)(?:\"[^\"]*+\"|\S++))?)"
)
_WORD = re.compile(r"[^\W\d_]")
_KEYFRAME = re.compile(r"---[ \t]*\r?\Z")

_VIDEO = re.compile(r"(?<![\w-])--(?:video|duration)")
_STRINGS = "|".join(rf"{quote}(?:[^{quote}\\]|\\.)*+{quote}" for quote in "'\"`")
_QUOTED = re.compile(
    rf"(?P<before>[=(\[{{:,])[ \t\r\n]{{0,4}}(?P<string>{_STRINGS})(?!\w)"
    r"(?P<closed>(?=\s{0,4}[)\]};,]))?",
    re.DOTALL,
)
"""A string of code. A comma and an apostrophe are common in prose too, if no bracket closes it."""


def quoted_prompts(text: str) -> tuple[Span, ...]:
    """Return the places of flags in quotes, where a text may be code that holds a prompt.

    Quotes after a flag are those of its value.

    >>> quoted_prompts("send('a cat --video')"), quoted_prompts("a cat --video_prompt='b --video'")
    ((Span(start=6, end=19),), ())
    """
    first = _VIDEO.search(text)
    found: list[Span] = []
    for match in _QUOTED.finditer(text) if first else ():
        place = Span(match.start("string") + 1, match.end("string") - 1)
        if not found and first and first.start() < place.start:
            break
        if _VIDEO.search(text, *place) and (match["before"] != "," or match["closed"] is not None):
            found.append(place)
    return tuple(found)


def prompts_in(text: str) -> tuple[Span, ...]:
    r"""Return the places of the prompts that a text may hold; none if it is known to be one.

    A line with words of its own begins another prompt, if what is before it holds a flag. It is
    known to be one prompt if no flag stands in two of these.

    >>> prompts_in("a cat --video\na dog --video")
    (Span(start=0, end=13), Span(start=14, end=27))
    >>> prompts_in("a cat --video\n--video --duration 5"), prompts_in("a cat\n--video\nof a dog")
    ((), ())
    """
    if "\n" not in text:
        return ()
    places: list[Span] = []
    seen: set[str] = set()
    held: set[str] = set()
    repeated = False
    for line in _lines(text):
        content = line.of(text)
        if not content.strip():
            continue
        if _KEYFRAME.match(content):  # the segments of one prompt repeat its flags
            seen, held = set(), set()
        elif not places or (held and _WORD.search(_WITH_VALUE.sub(" ", content))):
            places.append(line)
            seen |= held
            held = set()
        names = {_name(match[1]) for match in _FLAG.finditer(content)} - {""}
        held |= names
        repeated = repeated or bool(names & seen)
        places[-1:] = [Span(places[-1].start, line.end)] if places else []
    return tuple(places) if repeated else ()


def has_one_a_line(text: str) -> bool:
    """Tell whether each line of a text that holds `--video` has words of its own."""
    lines = [line.of(text) for line in _lines(text)]
    flagged = [line for line in lines if "video" in map(_name, _FLAG.findall(line))]
    return all(_WORD.search(_WITH_VALUE.sub(" ", line)) for line in flagged)


def _lines(text: str) -> Iterator[Span]:
    start = 0
    for line in text.split("\n"):
        yield Span(start, start + len(line.removesuffix("\r")))
        start += len(line) + 1


@lru_cache(maxsize=4096)
def _name(word: str) -> str:
    """Return the flag that a word means, as it is or misspelt; empty if it means none."""
    name = re.sub(rf"[{_DASHES}]", "_", word.lower())
    return name if name in FLAGS else nearest(name, FLAGS) or ""
