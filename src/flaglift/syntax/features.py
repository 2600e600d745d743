"""The features of a parsed prompt, as bits, to select rules without running them."""

import re
from collections.abc import Iterable, Sequence

from flaglift.lossless.spans import apply_edits
from flaglift.syntax import entities
from flaglift.syntax.entities import ENTITY
from flaglift.syntax.flags import FlagName, ValueKind, seconds
from flaglift.syntax.grammar import expression
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.lookalikes import UNSEEN
from flaglift.syntax.nodes import (
    Abbreviation,
    DoubleDash,
    Flag,
    FlagLike,
    HelpFlag,
    Node,
    OtherFlag,
    QuotedFlag,
    Quoting,
    Reference,
    Setting,
    Text,
    Unclosed,
    UnknownFlag,
)
from flaglift.syntax.prompt import Feature, Segment
from flaglift.syntax.words import WHITESPACE, escapes

# Plain integers, because the members of an enumeration are slow to look up and combine.
_OF_NODE: dict[type[Node], int] = {
    DoubleDash: Feature.DOUBLE_DASH.value,
    OtherFlag: Feature.OTHER_FLAG.value,
    UnknownFlag: Feature.UNKNOWN_FLAG.value,
    Unclosed: Feature.UNCLOSED.value,
}
_OF_NAME = {
    name: (Feature.FLAG | Feature.VIDEO if name.asks_for_video else Feature.FLAG).value
    for name in FlagName
}
_MARKED_VALUE = Feature.MARKED_VALUE.value
_MISSING_VALUE = Feature.MISSING_VALUE.value
_SWITCH_VALUE = Feature.SWITCH_VALUE.value
_MALFORMED_NUMBER = Feature.MALFORMED_DURATION.value
_FLAG_IN_VALUE = Feature.FLAG_IN_VALUE.value
_IN_DOUBT = {Abbreviation, HelpFlag, QuotedFlag}
"""Nodes that matter only before a bare `--`."""
_USUAL = {Text, Flag}
_REPEATED = Feature.REPEATED.value
_NO_SWITCH = Feature.NO_SWITCH.value
_NO_VIDEO_PROMPT = Feature.NO_VIDEO_PROMPT.value
_MAY_JOIN = (Feature.OTHER_FLAG | Feature.UNKNOWN_FLAG).value
_NEAR_ABBREVIATION = (Feature.ABBREVIATION | Feature.NEAR_ABBREVIATION).value

_unseen = re.compile(f"[{UNSEEN}]").search

_LETTERS = 3
"""From this many letters on, the beginning of a flag's name is not another program's flag."""


def features_of(
    text: str,
    segments: Sequence[Segment],
    settings: Sequence[Setting],
    references: Sequence[Reference],
    suspects: Sequence[FlagLike],
) -> int:
    """Return the bits of `Feature` that describe a prompt."""
    features = _of_text(text, segments)
    for segment in segments:
        features |= _of_segment(segment)
        if features & _MAY_JOIN and segment.flags and _holds_apart(segment):
            features |= Feature.HOLDS_APART.value
    if settings:
        features |= Feature.SETTING.value
    if references:
        features |= Feature.REFERENCE.value
    if suspects:
        features |= Feature.FLAG_LIKE.value
    if len(segments) > 1:
        features |= Feature.KEYFRAMES.value
    return features


def _of_segment(segment: Segment) -> int:
    features = _of_flags(segment.flags) if segment.flags else 0
    if segment.late:
        features |= Feature.LATE_FLAG.value
    kinds = set(map(type, segment.nodes))
    if kinds != _USUAL:
        for kind in kinds:
            features |= _OF_NODE.get(kind, 0)
        if not kinds.isdisjoint(_IN_DOUBT):
            for node in segment.read:
                features |= _of_doubt(node)
    if segment.flags and not _has_text(segment):
        features |= Feature.NO_TEXT.value
    return features


def _of_doubt(node: Node) -> int:
    if isinstance(node, QuotedFlag):
        return Feature.QUOTED_FLAG.value
    if isinstance(node, HelpFlag):
        return Feature.HELP_FLAG.value
    if not isinstance(node, Abbreviation):
        return 0
    return Feature.ABBREVIATION.value if len(node.name) < _LETTERS else _NEAR_ABBREVIATION


def _has_text(segment: Segment) -> bool:
    # Flags after a bare `--` are text, and so is the `--` itself.
    return any(type(node) is not Flag and node.raw.strip(WHITESPACE) for node in segment.nodes)


def _holds_apart(segment: Segment) -> bool:
    """Return whether a segment's text reads differently once its flags are lifted."""
    return _separates_operands(segment.read) or _hides_separator(segment)


def _separates_operands(nodes: Iterable[Node]) -> bool:
    """Return whether a flag of the service would take words that a flag shields from it (2.11)."""
    before: Node | None = None
    lifted = False
    for node in nodes:
        if isinstance(node, Flag):
            lifted = True
        elif node.raw.strip(WHITESPACE):
            if lifted and isinstance(before, OtherFlag) and before.open and isinstance(node, Text):
                return True
            before, lifted = node, False
    return False


def _hides_separator(segment: Segment) -> bool:
    """Return whether a `---` would end up on a line of its own (5.3)."""
    if all(node.raw != "---" for node in segment.nodes):
        return False
    text = str(segment)
    flags = [flag.span.shifted(-segment.start) for flag in segment.flags]
    lifted = apply_edits(text, lift_edits(text, flags))
    return expression("KEYFRAME").search(lifted) is not None


def _of_flags(flags: Sequence[Flag]) -> int:
    features = 0
    last: dict[FlagName, Flag] = {}
    for flag in flags:
        features |= _OF_NAME[flag.name] | _of_value(flag)
        if flag.name in last:
            features |= _REPEATED
        last[flag.name] = flag
    if FlagName.VIDEO not in last:
        features |= _NO_SWITCH
    return features | _of_video_prompt(last.get(FlagName.VIDEO_PROMPT))


def _of_video_prompt(flag: Flag | None) -> int:
    if flag is None or flag.value is None:
        return _NO_VIDEO_PROMPT
    value = flag.value
    features = 0 if value.text.strip() else Feature.BLANK_VIDEO_PROMPT.value
    if value.quoting is Quoting.NONE:
        features |= Feature.BARE_VIDEO_PROMPT.value
    if "<" in value.text:
        features |= Feature.BRACKETED_VIDEO_PROMPT.value
    return features


def _of_value(flag: Flag) -> int:
    value = flag.value
    if not flag.name.takes_value:
        return _SWITCH_VALUE if value else 0
    if value is None:
        return _MISSING_VALUE
    features = 0
    first = value.raw[:1]
    if not first.isalnum() and first not in ("", '"'):
        features = _MARKED_VALUE
    if flag.name.kind is ValueKind.WHOLE_NUMBER and seconds(value.text) is None:
        features |= _MALFORMED_NUMBER
    if "--" in value.raw:
        features |= _FLAG_IN_VALUE
    return features


def _of_text(text: str, segments: Sequence[Segment]) -> int:
    features = 0
    if "&" in text and ENTITY.search(text):
        features |= Feature.ENTITY.value
        if entities.FLAG.search(text):
            features |= Feature.ENTITY_FLAG.value
    if not text.isascii() and _unseen(text):
        features |= Feature.UNSEEN.value
    if "\\'" in text and any(
        written == "\\'" for segment in segments for _, written in escapes(str(segment))
    ):
        features |= Feature.ESCAPED_APOSTROPHE.value
    return features
