"""FL111 swallowed-word."""

import re
from typing import ClassVar

from flaglift.lossless.spans import apply_edits
from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Fix,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.syntax.grammar import expression
from flaglift.syntax.lift import lift_edits
from flaglift.syntax.nodes import Flag, OtherFlag, Text
from flaglift.syntax.words import WHITESPACE, split_words

_NO_OPERAND = re.compile(r"-(?![0-9.]*+(?:[ \t\r\n]|\Z))")
"""A word that another flag does not take: it begins with a dash and is not a number (2.5)."""


class SwallowedWord(Rule):
    """
    What it does
        Finds a word that another flag of the service would take as its value once the flags of the
        dialect between the two are removed; and a `---` that would then have a line to itself.

    Why
        Once the flags have become fields, they are no longer in the text, and the other flag takes
        the word:
        `--loras a --video b` would become `--loras a b`, with two references instead of one; a line
        `---` would separate keyframes. So the prompt is not translated.

    Example
        a cat --loras tiger --video --video_model kling25 on a mat

    Use instead
        a cat --loras=tiger --video --video_model kling25 on a mat

    Fix safety
        Unsafe: the service reads the same, but the prompt is translated where it was not. With its
        value attached, the other flag takes no more words. It is offered where there is one value.

    Ground
        Dialect sections 2.11, 4.1 and 5.3.
    """

    code = "FL111"
    name = "swallowed-word"
    severity = Severity.ERROR
    trigger = Feature.HOLDS_APART
    refuses = True

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat on a mat --loras tiger --video --video_model kling25", "no word after it"),
        Valid("a cat --mask_prompt cat --video --video_model kling25 on a mat", "it has its value"),
        Valid("a cat --loras=tiger --video --video_model kling25 on a mat", "attached"),
        Valid("a cat --loras tiger --video --fill on a mat", "another flag stands between"),
        Valid("a cat --loras tiger --video --video_model kling25 -soft", "a dash, and no number"),
        Valid("a cat --loras tiger on a mat --video", "it has already taken the words"),
        Valid("a cat --- --video --video_model kling25 a dog", "words share the line of the `---`"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --loras tiger --video --video_model kling25 on a mat",
            "one value, and room for more",
            fixed="a cat --loras=tiger --video --video_model kling25 on a mat",
        ),
        Invalid(
            'a cat --controlnets "a b" --video\n-2 degrees',
            "a number begins with a dash and is a value",
            fixed='a cat --controlnets="a b" --video\n-2 degrees',
        ),
        Invalid("a cat --loras tiger lion --video on a mat", "two values cannot be attached"),
        Invalid("a cat --mask_prompt --video on a mat", "it has no value yet"),
        Invalid("a cat --video\n--- --video_model kling25\na dog", "a flag on the line of a `---`"),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each word that would read otherwise."""
        yield from self._operands(subject)
        yield from self._separators(subject)

    def _operands(self, subject: Subject) -> Iterator[Diagnostic]:
        taker: OtherFlag | None = None
        crossed = False
        for node in subject.segment.read:
            if isinstance(node, Flag):
                crossed = True
            elif isinstance(node, OtherFlag):
                taker, crossed = (node if node.open else None), False
            elif not isinstance(node, Text):
                taker = None
            elif word := node.raw.lstrip(WHITESPACE):
                if taker and crossed and not _NO_OPERAND.match(word):
                    word = re.split(r"[ \t\r\n]", word, maxsplit=1)[0]
                    yield self.report(
                        taker.span,
                        f"once the flags after it are removed, `{taker.name}` would take "
                        f"`{excerpt(word)}` as its own value, so the prompt is not translated",
                        fix=_attached(taker),
                    )
                taker = None

    def _separators(self, subject: Subject) -> Iterator[Diagnostic]:
        dashes = [node for node in subject.segment.nodes if node.raw == "---"]
        if not dashes:
            return
        start, end = subject.span
        flags = [flag.span for flag in subject.segment.flags]
        edits = lift_edits(subject.text, flags, subject.span)
        lifted = apply_edits(subject.text[:end], edits)[start:]
        alone = {line.start() for line in expression("KEYFRAME").finditer(lifted)}
        moved, index = -start, 0
        for node in dashes:
            while index < len(edits) and edits[index].end <= node.start:
                edit = edits[index]
                moved += len(edit.content) - (edit.end - edit.start)
                index += 1
            if node.start + moved in alone:
                yield self.report(
                    node.span,
                    "once the flags next to it are removed, this `---` would have a line to itself"
                    " and separate keyframes, so the prompt is not translated",
                )


def _attached(taker: OtherFlag) -> Fix | None:
    name_end = taker.start + len(taker.name)
    values = split_words(taker.raw[len(taker.name) :])
    if len(values) != 1:
        return None
    offset, _ = values[0]
    return unsafe("attach its value with `=`", Edit(name_end, name_end + offset, "="))
