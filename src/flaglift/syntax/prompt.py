"""The root of the AST: a prompt, its segments, and the items that span words."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntFlag, auto
from itertools import takewhile

from flaglift.syntax.flags import FlagName
from flaglift.syntax.nodes import (
    DoubleDash,
    Flag,
    FlagLike,
    Node,
    Reference,
    Separator,
    Setting,
    Text,
)


class Feature(IntFlag):
    """The features of a prompt, so that nothing is searched for that is not there."""

    FLAG = auto()
    """A flag of the dialect that is read as one."""
    VIDEO = auto()
    """A flag that makes this a video prompt (3.1)."""
    UNCLOSED = auto()
    MISSING_VALUE = auto()
    SWITCH_VALUE = auto()
    MALFORMED_DURATION = auto()
    REPEATED = auto()
    ABBREVIATION = auto()
    NEAR_ABBREVIATION = auto()
    """An abbreviation of three letters or more. `--v` is also a flag of other products (2.8)."""
    QUOTED_FLAG = auto()
    UNKNOWN_FLAG = auto()
    OTHER_FLAG = auto()
    DOUBLE_DASH = auto()
    LATE_FLAG = auto()
    """A flag after a bare `--`, which is text (2.9)."""
    FLAG_LIKE = auto()
    REFERENCE = auto()
    SETTING = auto()
    KEYFRAMES = auto()
    ENTITY = auto()
    """Text with the syntax of an HTML entity."""
    ENTITY_FLAG = auto()
    """A flag whose dashes are written as HTML entities."""
    UNSEEN = auto()
    """A character displayed as nothing or as a space that does not separate words (1.1)."""
    ESCAPED_APOSTROPHE = auto()
    """A backslash before an apostrophe outside quotes, on which parsers disagree (1.3)."""
    HELP_FLAG = auto()
    """A word that the service's parser takes for a request for help (2.12)."""
    HOLDS_APART = auto()
    """A flag stands between words that would read differently next to each other (2.11, 5.3)."""
    NO_TEXT = auto()
    """A segment has flags but no other word."""
    NO_SWITCH = auto()
    """A segment has flags but no `--video`."""
    NO_VIDEO_PROMPT = auto()
    """A segment has flags but no effective `--video_prompt` with a value."""
    BLANK_VIDEO_PROMPT = auto()
    BARE_VIDEO_PROMPT = auto()
    """The effective one is written without quotes."""
    BRACKETED_VIDEO_PROMPT = auto()
    """The effective one contains a `<`, as at the beginning of references."""
    MARKED_VALUE = auto()
    """A value begins with something other than a letter, a digit or a straight quote."""

    FLAG_IN_VALUE = auto()
    """A value contains two hyphens, as at the beginning of flags."""

    UNREADABLE = (
        UNCLOSED
        | MISSING_VALUE
        | SWITCH_VALUE
        | MALFORMED_DURATION
        | ESCAPED_APOSTROPHE
        | HELP_FLAG
    )
    """The service reads no flag at all."""
    CONCERNED = FLAG | NEAR_ABBREVIATION | QUOTED_FLAG | LATE_FLAG | FLAG_LIKE | ENTITY_FLAG
    """The prompt contains a flag of the dialect or a near miss of one."""


@dataclass(frozen=True, slots=True)
class Segment:
    """One prompt's worth of words: the whole text, or one keyframe of it (5.3)."""

    start: int
    nodes: tuple[Node, ...]
    flags: tuple[Flag, ...]
    """The flags that are read, in text order."""
    late: tuple[Flag, ...]
    """Flags after a bare `--`, which are text (2.9)."""

    @property
    def end(self) -> int:
        """The position after the last code point."""
        return self.nodes[-1].end if self.nodes else self.start

    def shifted(self, distance: int) -> "Segment":
        """Return the segment moved forward by `distance`."""
        nodes = tuple(_shifted(node, distance) for node in self.nodes)
        flags = [node for node in nodes if type(node) is Flag]
        read = len(self.flags)
        return Segment(self.start + distance, nodes, (*flags[:read],), (*flags[read:],))

    @property
    def body(self) -> tuple[Text, ...]:
        """The words outside of flags."""
        return tuple(node for node in self.nodes if isinstance(node, Text))

    @property
    def read(self) -> Iterator[Node]:
        """The nodes before a bare `--`: those in which the service looks for flags (2.9)."""
        return takewhile(lambda node: not isinstance(node, DoubleDash), self.nodes)

    def last(self, name: FlagName) -> Flag | None:
        """Return the effective flag of a name: the last one (2.6)."""
        for flag in reversed(self.flags):
            if flag.name == name:
                return flag
        return None

    def value(self, name: FlagName) -> str | None:
        """Return the effective value, unquoted; None if there is no such flag, or no value."""
        flag = self.last(name)
        return flag.value.text if flag and flag.value else None

    @property
    def is_video(self) -> bool:
        """Whether a flag makes this a video prompt (3.1)."""
        return any(flag.name.asks_for_video for flag in self.flags)

    def __str__(self) -> str:
        return "".join(node.raw for node in self.nodes)


def _shifted(node: Node, distance: int) -> Node:
    if type(node) is Flag and node.value:
        value = replace(node.value, start=node.value.start + distance)
        return replace(node, start=node.start + distance, value=value)
    return replace(node, start=node.start + distance)


@dataclass(frozen=True, slots=True)
class Prompt:
    """A parsed prompt. `str()` of it is the text it was parsed from, for every text."""

    segments: tuple[Segment, ...]
    """One, or one for each keyframe (5.3)."""
    separators: tuple[Separator, ...]
    """The lines between the segments: one fewer than there are segments."""
    settings: tuple[Setting, ...]
    """The lines of the settings block at the end (5.2)."""
    references: tuple[Reference, ...]
    """In text order, including those in values of flags (5.1)."""
    suspects: tuple[FlagLike, ...]
    """Text that looks like a flag (6)."""
    features: int
    """Bits of `Feature`."""

    @property
    def nodes(self) -> Iterator[Node]:
        """All nodes, in order; joined, their texts are the prompt."""
        for index, segment in enumerate(self.segments):
            if index:
                yield self.separators[index - 1]
            yield from segment.nodes
        yield from self.settings

    @property
    def flags(self) -> tuple[Flag, ...]:
        """The flags that are read, in all segments."""
        return tuple(flag for segment in self.segments for flag in segment.flags)

    @property
    def is_keyframes(self) -> bool:
        """Whether the prompt has several segments."""
        return len(self.segments) > 1

    def has(self, feature: Feature) -> bool:
        """Return whether the prompt has one of the features."""
        return bool(self.features & feature.value)

    def __str__(self) -> str:
        return "".join(node.raw for node in self.nodes)
