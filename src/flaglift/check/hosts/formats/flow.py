"""The texts of markup that are shown as one: `a <b>cat</b> --video` reads `a cat --video`.

Tags of phrases, such as `<b>` and `<code>`, are not seen: texts on their two sides are one text.
Tags of blocks, such as `<p>`, are its end. Of other tags, such as those of components, nobody knows
which they are without the page's styles or the program: a text with one of them in it is read in
pieces if each piece with flags has words of its own, and otherwise not at all.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from enum import Enum, auto
from functools import cached_property
from itertools import groupby, pairwise
from typing import NamedTuple

from flaglift.check.hosts.classifier import begins_like_a_command
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.check.hosts.several import flags_in_a_row, stands_alone
from flaglift.lossless.spans import Span

_BLOCKS = """
address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt
fieldset figcaption figure footer form frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe
legend li link main menu meta nav noembed noframes noscript ol optgroup option p pre script search
section select style summary table tbody td template textarea tfoot th thead title tr ul xmp
"""
BLOCKS = frozenset(_BLOCKS.split())
"""The elements that begin on a line of their own, are in a place of their own or are not shown."""
_LINES = frozenset({"br"})
_EMPTY = frozenset({"br", "img", "wbr", "\n"})
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_INLINE = """
abbr acronym b bdi bdo big cite del dfn em font i ins mark nobr s small strike strong u var wbr
"""
_PHRASES = frozenset({"", *_CODE, *_INLINE.split()})
"""The elements whose text is shown where it stands; those without a name are fragments of JSX."""
UNSEEN = "\n"
"""The name, as of a tag, of a line end that is not shown: few who write one know that."""
_LOOSE = frozenset({"a", "data", "img", "label", "output", "span", "sub", "sup", "time"})
"""These too, but styles often set them apart, where no blank does."""


class Item(NamedTuple):
    """A tag or a text, in the order of a document."""

    place: Span
    text: str | None = None
    """The decoded text; None for a tag."""
    tag: str = ""
    """The name of a tag."""
    closes: bool = False


class _Joint(Enum):
    """How a text continues the one before it."""

    EXACT = auto()
    LINE = auto()
    """On a new line."""
    APART = auto()
    """As the same text, or as another one: the words decide."""
    TIGHT = auto()
    """Without a blank after a flag or its value; styles may set them apart."""
    SENTENCE = auto()
    """With punctuation after a flag or its value: the sentence around a prompt goes on."""
    UNKNOWN = auto()
    BREAK = auto()


class _FlowPart(NamedTuple):
    item: Item
    joint: _Joint
    glue: tuple[Item, ...]
    """The blank texts and line breaks before it."""
    code: int
    """The number of the code element that it stands in; 0 if it stands in none."""
    depth: int
    """The number of the elements around it, from the block on."""


class Passage:
    """Texts that are read as one text."""

    def __init__(self, parts: Sequence[_FlowPart]) -> None:
        self._parts = parts

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The texts, and the tags of line breaks between them."""
        rest = (item for part in self._parts[1:] for item in (*part.glue, part.item))
        return (self._parts[0].item, *rest)

    @cached_property
    def text(self) -> str:
        """The text that is shown."""
        return "".join("\n" if item.text is None else item.text for item in self.items)

    @property
    def role(self) -> str:
        """The role of the literal: `prose`, `inline` if flags are in code, or `divided`."""
        if any(part.joint in (_Joint.TIGHT, _Joint.UNKNOWN) for part in self._parts[1:]):
            return "divided"
        codes = {part.code for part in self._parts}
        coded = (part.item.text for part in self._parts if part.code and len(codes) > 1)
        return "inline" if any(map(_is_flagged, coded)) else "prose"


def passages(items: Iterable[Item]) -> Iterator[Passage]:
    """Yield the texts of a document, those without flags too, in order."""
    for flow in _flows(items):
        groups = [flow]
        for divide in (_commands, _codes, _talk, _sentences, _lines, _pieces):
            groups = [part for group in groups for part in divide(group)]
        yield from map(Passage, groups)


def _flows(items: Iterable[Item]) -> Iterator[list[_FlowPart]]:
    """Yield the texts between blocks."""
    flow: list[_FlowPart] = []
    between: list[Item] = []
    code = codes = in_code = depth = 0
    is_verbatim = False
    for item in items:
        if item.text is None or not item.text.strip():
            between.append(item)
            if item.tag in BLOCKS:
                is_verbatim = item.tag == "pre" and not item.closes
                in_code = depth = 0
            elif item.text is None and item.tag not in _EMPTY:
                depth += -1 if item.closes else 1
            if item.tag in _CODE:
                in_code = max(0, in_code + (-1 if item.closes else 1))
                codes += in_code == 1 and not item.closes
            code = codes if in_code else 0
            continue
        joint = _Joint.EXACT
        if flow:
            is_exact = is_verbatim or flow[-1].code == code != 0
            joint = _joint(flow[-1].item.text or "", between, item.text, is_exact=is_exact)
        if joint is _Joint.BREAK:
            yield flow
            flow = []
        seen = [e for e in between if e.text is not None or (e.tag in _LINES and not e.closes)]
        flow.append(_FlowPart(item, joint, tuple(seen), code, depth))
        between = []
    if flow:
        yield flow


_FLAG_AT_END = re.compile(r"(?:\A|\s)--?[a-z]\w{0,40}(?:(?:=|\s{1,9})\S{0,100})?\Z")
_END = re.compile(r"[.,;:!?)\]\u2026\u201d\u00bb]+(?:\s|\Z)")
_VALUE_BEGINS = re.compile(r"=\Z|(?:\A|[\s=])\"\Z")
_VALUE_ENDS = re.compile(r"=|\"(?:\s|\Z)")
_FLAG_LENGTH = 200


def _joint(left: str, between: Sequence[Item], right: str, *, is_exact: bool) -> _Joint:
    """Return how a text continues another one."""
    tags = [item for item in between if item.text is None]
    names = {item.tag for item in tags}
    is_tight = len(tags) == len(between) and not (left[-1].isspace() or right[0].isspace())
    if names & BLOCKS:
        return _Joint.BREAK
    if names & _LINES or not is_tight:
        names.discard(UNSEEN)
    if names - _PHRASES - _LOOSE - _LINES - {UNSEEN}:
        return _Joint.UNKNOWN if _is_in_a_line(left, between, right) else _Joint.BREAK
    if names & _LINES:
        return _Joint.LINE
    if is_tight and (UNSEEN in names or not is_exact):
        return _tight(left[-_FLAG_LENGTH:], tags, names, right)
    return _Joint.APART if names & _LOOSE else _Joint.EXACT


def _tight(end: str, tags: Sequence[Item], names: Collection[str], right: str) -> _Joint:
    """Return how a text continues the end of another one without a blank."""
    is_flag = _FLAG_AT_END.search(end) is not None
    is_loose = not _LOOSE.isdisjoint(names)
    if is_loose and UNSEEN not in names and (_VALUE_BEGINS.search(end) or _VALUE_ENDS.match(right)):
        return _Joint.APART
    if is_loose and _is_row(tags):
        return _Joint.BREAK
    if UNSEEN in names:
        return _Joint.UNKNOWN
    if is_loose:
        return _Joint.TIGHT if is_flag or right[0] == "-" else _Joint.APART
    is_end = is_flag and tags and tags[-1].closes and _END.match(right)
    return _Joint.SENTENCE if is_end else _Joint.EXACT


def _is_row(tags: Sequence[Item]) -> bool:
    """Return whether tags are between elements side by side, as buttons are."""
    known = (tag for tag in tags if tag.tag != UNSEEN)
    return any(a.closes and not b.closes for a, b in pairwise(known))


def _is_in_a_line(left: str, between: Sequence[Item], right: str) -> bool:
    """Return whether a tag has a text before or after its element, in the same line."""
    first, last = (next(i for i, e in enumerate(each) if e.text is None)
                   for each in (between, between[::-1]))  # fmt: skip
    before = left[len(left.rstrip()) :] + "".join(e.text or "" for e in between[:first])
    after = "".join(e.text or "" for e in between[len(between) - last :])
    after += right[: len(right) - len(right.lstrip())]
    opens, closes = not between[first].closes, between[-1 - last].closes
    return (opens and "\n" not in before) or (closes and "\n" not in after)


def _commands(flow: list[_FlowPart]) -> list[list[_FlowPart]]:
    """Return each text alone if one is a command: its flags are those of a program."""
    texts = [part.item.text or "" for part in flow]
    if any(begins_like_a_command(text) and _is_flagged(text) for text in texts):
        return [[part] for part in flow]
    return [flow]


def _codes(flow: list[_FlowPart]) -> list[list[_FlowPart]]:
    """Return the code elements with flags apart from the sentence that they stand in.

    A code element is a part of a prompt only if the prompt has flags outside of it too.
    """
    runs = [list(run) for _, run in groupby(flow, key=lambda part: part.code)]
    flagged = [_is_flagged(Passage(run).text) for run in runs]
    is_talk = all(run[0].code for run, has in zip(runs, flagged, strict=True) if has)
    groups: list[list[_FlowPart]] = [[]]
    for run, has, behind in zip(runs, flagged, [*runs[1:], None], strict=True):
        is_followed = behind is not None and Passage(behind).text.lstrip()[:1] == "-"
        alone = has and run[0].code != 0
        alone = alone and (is_talk or (stands_alone(Passage(run).text) and not is_followed))
        groups += [run, []] if alone else []
        groups[-1] += [] if alone else run
    return [group for group in groups if group]


def _talk(flow: list[_FlowPart]) -> list[list[_FlowPart]]:
    """Return each text alone if elements of their own hold the flags, as where they are explained.

    Flags in a row, or at the end, are a part of the text before them.
    """
    flagged = [index for index, part in enumerate(flow) if _is_flagged(part.item.text)]
    base = min(part.depth for part in flow)
    if not flagged or any(flow[index].depth == base for index in flagged):
        return [flow]
    rest = flow[flagged[0] :]
    is_end = not any(part.joint is _Joint.SENTENCE for part in rest[1:])
    if is_end and flags_in_a_row(Passage(rest).text):
        return [flow]
    is_row = flags_in_a_row(Passage(flow[flagged[0] : flagged[-1] + 1]).text) > 1
    return [flow] if is_row else [[part] for part in flow]


def _sentences(flow: list[_FlowPart]) -> list[list[_FlowPart]]:
    return _split(flow, {_Joint.SENTENCE})


def _lines(flow: list[_FlowPart]) -> list[list[_FlowPart]]:
    """Return the lines, if each with flags is a prompt, or if one is a command."""
    lines = _split(flow, {_Joint.LINE})
    flagged = [text for text in (Passage(line).text for line in lines) if _is_flagged(text)]
    is_each = len(flagged) > 1 and all(map(stands_alone, flagged))
    return lines if is_each or any(map(begins_like_a_command, flagged)) else [flow]


def _pieces(flow: list[_FlowPart]) -> list[list[_FlowPart]]:
    """Return the pieces between tags that may set texts apart, if each with flags is a prompt."""
    pieces = _split(flow, {_Joint.APART, _Joint.TIGHT, _Joint.UNKNOWN})
    flagged = [text for text in (Passage(piece).text for piece in pieces) if _is_flagged(text)]
    if not all(map(stands_alone, flagged)):
        return [flow]
    return pieces if len(flagged) > 1 else _split(flow, {_Joint.UNKNOWN})


def _split(flow: Sequence[_FlowPart], joints: set[_Joint]) -> list[list[_FlowPart]]:
    groups: list[list[_FlowPart]] = [[]]
    for part in flow:
        if part.joint in joints and groups[-1]:
            groups.append([])
        groups[-1].append(part)
    return groups


def _is_flagged(text: str | None) -> bool:
    return may_hold_flags((text or "").encode())
