"""FL109 unquoted-video-prompt."""

import re
from itertools import takewhile
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
    excerpt,
    unsafe,
)
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lift import strip_references
from flaglift.syntax.nodes import Flag, OtherFlag, Quoting, Text, Value

_LINE_END = re.compile(r"[\r\n]")
_QUOTE_MEANT = re.compile(
    "['\u2018-\u201f\u2032\u2033\u2039\u203a\u00ab\u00bb\u301d\uff02\uff07]|&[#0-9A-Za-z]+;"
)
"""Quotes that do not group are other rules' business."""

_DOUBTFUL = re.compile(r'["\\=]')


class UnquotedVideoPrompt(Rule):
    """
    What it does
        Finds a `--video_prompt` of several words without quotes: words follow its value on the
        same line.

    Why
        The value is one word, unless it is quoted. The service reads that one word as the video
        prompt, and the others become part of the image prompt.

    Example
        a cat --video --video_model kling25 --video_prompt she smiles

    Use instead
        a cat --video --video_model kling25 --video_prompt "she smiles"

    Fix safety
        Unsafe: words move from the image prompt to the video prompt. It quotes the words up to
        the next flag or the line end. No fix where that would leave no image prompt, or where
        quotes, backslashes, references, `key=value` or what looks like a flag is among the words.

    Ground
        Dialect sections 2.3 and 6.
    """

    code = "FL109"
    name = "unquoted-video-prompt"
    severity = Severity.WARNING
    trigger = Feature.BARE_VIDEO_PROMPT

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid('a cat --video --video_model kling25 --video_prompt "she smiles"', "quoted"),
        Valid("a cat --video --video_model kling25 --video_prompt smile --duration 5", "one word"),
        Valid("--video --video_model kling25 --video_prompt smile\na cat", "a line of its own"),
        Valid("a cat --video --video_model kling25 --video_prompt smile <lora:1:1>", "a reference"),
        Valid("a cat --video --video_prompt it smiles --duration 5s", "no flag is read at all"),
        Valid(
            "a cat --video --video_prompt it smiles --video_prompt smile",
            "the value that counts is the last",
        ),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --video --video_model kling25 --video_prompt she smiles",
            "up to the end",
            fixed='a cat --video --video_model kling25 --video_prompt "she smiles"',
        ),
        Invalid(
            "a cat --video_prompt=it's -very- glad  --video --video_model kling25",
            "up to the next flag, and attached",
            fixed='a cat --video_prompt="it\'s -very- glad"  --video --video_model kling25',
        ),
        Invalid(
            "--video --video_model kling25 --video_prompt she smiles\na cat",
            "up to the line end",
            fixed='--video --video_model kling25 --video_prompt "she smiles"\na cat',
        ),
        Invalid("--video --video_prompt smile a cat", "the words may be all of the image prompt"),
        Invalid('a cat --video --video_prompt she says "hi"', "quotes among the words"),
        Invalid("a cat --video --video_prompt ohwx <lora:1:1> smiles", "a reference among them"),
        Invalid("a cat --video --video_prompt it smiles \u2014duration 5", "a flag among them"),
        Invalid(
            "a cat --video --video_prompt she smiles -- a lot", "what the dash ends is unclear"
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding where the value goes on after its first word."""
        flag = subject.segment.last(FlagName.VIDEO_PROMPT)
        if flag is None or flag.value is None or subject.prompt.has(Feature.UNREADABLE):
            return
        if flag.value.quoting is not Quoting.NONE or _QUOTE_MEANT.match(flag.value.text):
            return
        more, clear_end = _continuation(subject, flag)
        if not any(c.isalnum() for c in strip_references(more)):
            return
        yield self.report(
            Span(flag.value.start, flag.value.end + len(more)),
            f"without quotes only `{excerpt(flag.value.text)}` is the video prompt, and the words "
            "after it become part of the image prompt",
            fix=_fix(subject, flag.value, more) if clear_end else None,
        )


def _continuation(subject: Subject, flag: Flag) -> tuple[str, bool]:
    """Return the words after a flag on its line, and whether a flag or a line end ends them."""
    nodes = subject.segment.nodes
    index = next(i for i, node in enumerate(nodes) if node is flag) + 1
    run = list(takewhile(lambda node: isinstance(node, Text), nodes[index:]))
    text = "".join(node.raw for node in run)
    line = _LINE_END.split(text, maxsplit=1)[0]
    end = index + len(run)
    clear = line != text or end == len(nodes) or isinstance(nodes[end], Flag | OtherFlag)
    return line.rstrip(" \t"), clear


def _fix(subject: Subject, value: Value, more: str) -> Fix | None:
    end = value.end + len(more)
    if (
        _DOUBTFUL.search(more)
        or strip_references(more) != more
        or any(value.end <= suspect.start < end for suspect in subject.suspects)
        or subject.image_prompt == " ".join(more.split())
    ):
        return None
    return unsafe("quote the words", Edit(value.start, value.start, '"'), Edit(end, end, '"'))
