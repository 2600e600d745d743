"""What a parsed prompt holds, as bits, so that rules can be chosen without running them."""

from collections.abc import Iterable, Sequence

from flaglift.spans import apply_edits
from flaglift.syntax.flags import seconds
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.nodes import (
    Abbreviation,
    DoubleDash,
    Flag,
    FlagLike,
    FlagName,
    Node,
    OtherFlag,
    QuotedFlag,
    Reference,
    Setting,
    Text,
    Unclosed,
    UnknownFlag,
)
from flaglift.syntax.prompt import Feature, Segment
from flaglift.syntax.tokens import tokens
from flaglift.syntax.words import WHITESPACE

_OF_NODE: dict[type[Node], int] = {
    DoubleDash: Feature.DOUBLE_DASH.value,
    OtherFlag: Feature.OTHER_FLAG.value,
    UnknownFlag: Feature.UNKNOWN_FLAG.value,
    Unclosed: Feature.UNCLOSED.value,
}

_MAY_JOIN = (Feature.OTHER_FLAG | Feature.UNKNOWN_FLAG).value

_LETTERS = 3
"""So many make the beginning of a flag's name nobody else's flag."""


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
        features |= _of_flags(segment.flags)
        if segment.late:
            features |= Feature.LATE_FLAG.value
        for node in segment.nodes:
            features |= _OF_NODE.get(type(node), 0)
        for node in segment.read:
            features |= _of_doubt(node)
        if features & _MAY_JOIN and segment.flags and _holds_apart(segment):
            features |= Feature.HOLDS_APART.value
    for present, feature in (
        (settings, Feature.SETTING),
        (references, Feature.REFERENCE),
        (suspects, Feature.FLAG_LIKE),
        (len(segments) > 1, Feature.KEYFRAMES),
    ):
        if present:
            features |= feature.value
    return features


def _of_doubt(node: Node) -> int:
    if isinstance(node, QuotedFlag):
        return Feature.QUOTED_FLAG.value
    if not isinstance(node, Abbreviation):
        return 0
    if len(node.name) < _LETTERS:
        return Feature.ABBREVIATION.value
    return (Feature.ABBREVIATION | Feature.NEAR_ABBREVIATION).value


def _holds_apart(segment: Segment) -> bool:
    """Tell whether a segment's text, once its flags are lifted, reads otherwise than before."""
    return _separates_operands(segment.read) or _hides_separator(segment)


def _separates_operands(nodes: Iterable[Node]) -> bool:
    """Tell whether a flag of the service would take words that a flag keeps from it (2.11)."""
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
    """Tell whether a `---` would have a line to itself (5.3)."""
    if all(node.raw != "---" for node in segment.nodes):
        return False
    text = str(segment)
    flags = [flag.span.shifted(-segment.start) for flag in segment.flags]
    lifted = apply_edits(text, lift_edits(text, flags))
    return any(terminal == "KEYFRAME" for terminal, _ in tokens(lifted, "outline"))


def _of_flags(flags: Sequence[Flag]) -> int:
    features = 0
    seen = set()
    for flag in flags:
        features |= Feature.FLAG.value
        if flag.name != FlagName.DURATION:
            features |= Feature.VIDEO.value
        if flag.name in seen:
            features |= Feature.REPEATED.value
        seen.add(flag.name)
        features |= _of_value(flag)
    return features


def _of_value(flag: Flag) -> int:
    if flag.name == FlagName.VIDEO:
        return Feature.SWITCH_VALUE.value if flag.value else 0
    if flag.value is None:
        return Feature.MISSING_VALUE.value
    if flag.name == FlagName.DURATION and seconds(flag.value.text) is None:
        return Feature.MALFORMED_DURATION.value
    return 0


def _of_text(text: str, segments: Sequence[Segment]) -> int:
    features = 0
    if not text.isascii():
        features |= Feature.NON_ASCII.value
    if "&" in text:
        features |= Feature.AMPERSAND.value
    if "'" in text:
        features |= Feature.APOSTROPHE.value
    if "\\" in text:
        features |= Feature.BACKSLASH.value
        if "\\'" in text and any(
            ("ESCAPED", "\\'") in tokens(str(segment), "word") for segment in segments
        ):
            features |= Feature.ESCAPED_APOSTROPHE.value
    return features
