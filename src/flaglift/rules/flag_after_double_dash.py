"""FL106 flag-after-double-dash."""

from collections.abc import Sequence
from typing import ClassVar

from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
    unsafe,
)
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.nodes import DoubleDash, Flag, Node, OtherFlag, Text
from flaglift.syntax.words import WHITESPACE

_DASH = "\u2014"


class FlagAfterDoubleDash(Rule):
    """
    What it does
        Finds flags of the dialect after a `--` that stands by itself.

    Why
        A bare `--` ends the flags, and the service reads what follows as text. Writers use it as a
        dash: in `a woman -- smiling --video` the flag is part of the image prompt, and an image is
        made instead of a video.

    Example
        a woman -- smiling --video --video_model kling25

    Use instead
        a woman \u2014 smiling --video --video_model kling25

    Fix safety
        Unsafe: the flags are read, so the fields change. Between words the `--` becomes an em dash,
        elsewhere it is removed. No fix where a flag before it needs a value.

    Ground
        Dialect section 2.9.
    """

    code = "FL106"
    name = "flag-after-double-dash"
    severity = Severity.WARNING
    trigger = Feature.LATE_FLAG

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a woman --video --video_model kling25 -- smiling", "no flag after it"),
        Valid("a woman--smiling --video --video_model kling25", "not a word by itself"),
        Valid("a woman \u2014 smiling --video --video_model kling25", "an em dash ends nothing"),
        Valid('a cat --video --video_prompt "it -- sits" --duration 5', "inside a value"),
        Valid("npm test -- --watch", "not a flag of the dialect"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a woman -- smiling --video --video_model kling25",
            "a dash between words",
            fixed="a woman \u2014 smiling --video --video_model kling25",
        ),
        Invalid(
            "a cat -- --video --video_model kling25",
            "as on a command line",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat -- a dog --\n--video -- a bird",
            "three of them, two of which are before a flag",
            fixed="a cat \u2014 a dog\n--video -- a bird",
        ),
        Invalid(
            "a cat --video --video_model kling25 -- asleep --duration 5",
            "some flags are read and one is not",
            fixed="a cat --video --video_model kling25 asleep --duration 5",
        ),
        Invalid("-- --video a cat", "at the beginning", fixed="--video a cat"),
        Invalid("a cat --loras tiger -- asleep --video", "it keeps a word from another flag"),
        Invalid("a cat --video_model -- --video", "it stands where a value should"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for the `--` that hides flags."""
        late = subject.segment.late
        if not late:
            return
        nodes = subject.segment.nodes
        # Those after the last flag hide nothing.
        places = [
            index
            for index, node in enumerate(nodes)
            if isinstance(node, DoubleDash) and node.start < late[-1].start
        ]
        more = f" and {len(late) - 1} more" if len(late) > 1 else ""
        yield self.report(
            nodes[places[0]].span,
            f"a bare `--` ends the flags, so the service reads `--{late[0].name}`{more} after it "
            "as text",
            fix=_fix(subject, nodes, places),
        )


def _fix(subject: Subject, nodes: Sequence[Node], places: Sequence[int]) -> Fix | None:
    edits: list[Edit] = []
    lifted: list[Span] = []
    for index in places:
        before = [node for node in nodes[max(0, index - 2) : index] if node.raw.strip(WHITESPACE)]
        if before and _wants_value(before[-1]):
            return None
        span = nodes[index].span
        if index and _ends_in_word(nodes[index - 1]) and _begins_with_word(nodes[index + 1]):
            edits.append(Edit(*span, _DASH))
        else:
            lifted.append(span)
    edits += lift_edits(subject.text, lifted, subject.span)
    return unsafe("write a dash" if not lifted else "remove it", *edits)


def _wants_value(node: Node) -> bool:
    if isinstance(node, Flag):
        return node.value is None and node.name.takes_value
    return isinstance(node, OtherFlag) and node.open


def _ends_in_word(node: Node) -> bool:
    stripped = node.raw.rstrip(" \t")
    return isinstance(node, Text) and stripped[-1:] not in WHITESPACE


def _begins_with_word(node: Node) -> bool:
    stripped = node.raw.lstrip(" \t")
    return isinstance(node, Text) and stripped[:1] not in WHITESPACE
