"""FL108 unknown-flag."""

import re
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
    Subject,
    Valid,
    excerpt,
    unsafe,
)
from flaglift.rules.typing.attached_punctuation import attached_marks
from flaglift.syntax import nodes
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lookalikes import Defect, NearMiss, names_file
from flaglift.syntax.words import ends_word, following_value

_NUMBER = re.compile(r"(?<![0-9])([0-9]++)(?:s|secs?|seconds?)?\Z", re.ASCII | re.IGNORECASE)
"""A number at the end of a name, perhaps with its unit: no flag has one, so it is a value."""

_OTHERS = Defect.DASH | Defect.UNSEEN | Defect.CASE | Defect.HYPHEN
"""What other rules say, and this one no more."""


class UnknownFlag(Rule):
    """
    What it does
        Finds words that look like flags but are not: an unknown flag (`--ar`), a misspelt one
        (`--vidoe`), one with too few or too many dashes (`-video`), one that is attached to the
        word before it (`woman--video`), and one inside a quoted word (`"a cat --video"`).

    Why
        The service reads such a word as text. It has no effect as a flag, and becomes part of the
        image prompt.

    Example
        a cat --vidoe --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: text becomes a flag. It is offered where the word looks like one of the four flags,
        outside quotes. A number attached to `--duration` becomes its value; if anything else is
        attached to a possible name, no fix is offered.

    Ground
        Dialect sections 2.1, 2.11 and 6.
    """

    code = "FL108"
    name = "unknown-flag"
    severity = Severity.WARNING
    trigger: ClassVar[Feature] = Feature.UNKNOWN_FLAG | Feature.FLAG_LIKE

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a cat --fill --video --video_model kling25", "another flag of the service"),
        Valid("a cat --ar 16:9 --style raw", "not a flag of this dialect, so it is not checked"),
        Valid("a cat --- a dog --video --video_model kling25", "dashes with nothing after them"),
        Valid("a low-video look --video --video_model kling25", "a hyphen in a word"),
        Valid("a cat —video --video_model kling25", "what is wrong with it is its dash"),
        Valid("a cat --VIDEO --video_model kling25", "what is wrong with it is its case"),
        Valid("a cat --video, --video_model kling25", "what is wrong with it is its comma"),
        Valid("a cat clip--video.mp4 --video --video_model kling25", "a file"),
        Valid("a cat -- and --unheard_of --video", "after a bare `--` there are no flags"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a cat --vidoe --video_model kling25",
            "a misspelt flag",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat --video --video_modle=kling25",
            "misspelt, with a value",
            fixed="a cat --video --video_model=kling25",
        ),
        Invalid(
            "a cat -video --video_model kling25",
            "one dash",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat ---vidoe --video_model kling25",
            "three dashes, and misspelt",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat--video --video_model kling25",
            "attached to a word",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            "a cat --video --video_model kling25 --duration5s",
            "the value is attached to the name",
            fixed="a cat --video --video_model kling25 --duration 5",
        ),
        Invalid("a cat --video --video_model kling25 --duration5 7", "two values"),
        Invalid("a cat --video --video_model2 kling25", "a number that cannot be dropped"),
        Invalid("a cat --video --video_model kling25 --video_promptA cat", "a value or a slip"),
        Invalid('"a cat --video" --video_model kling25', "the quotes reach too far"),
        Invalid("a cat --video --video_model kling25 --ar 16:9", "another product's flag"),
        Invalid('a cat --video"s" --video_model kling25', "a longer word that begins like it"),
        Invalid("a cat--video, --video_model kling25", "the comma has to be removed too"),
        Invalid(
            "a cat -\u200bvideo --video_model kling25",
            "the invisible character comes first",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each such word."""
        misses = subject.near_misses
        earlier_end = -1
        for miss in misses:
            what = _what(miss, earlier_end)
            earlier_end = miss.end
            if what:
                yield self.report(
                    miss.span,
                    f"{what}, so the service reads it as text",
                    fix=_fix(subject, miss),
                )
        outside = {miss.start for miss in misses}
        for suspect in subject.suspects:
            # In quotes only what is a flag to the letter was perhaps meant as one.
            if suspect.start not in outside and suspect.raw == f"--{suspect.name}":
                yield self.report(
                    suspect.span,
                    f"`{suspect.raw}` is inside a word with quotes or backslashes, so the service "
                    "reads it as text",
                )
        yield from self._strangers(subject, outside)

    def _strangers(self, subject: Subject, known: set[int]) -> Iterator[Diagnostic]:
        for node in subject.segment.read:
            if not isinstance(node, nodes.UnknownFlag) or node.start in known:
                continue
            name = node.raw.partition("=")[0]
            if any(c.isalnum() for c in name):
                yield self.report(
                    node.span._replace(end=node.start + len(name)),
                    f"`{excerpt(name)}` is not a flag of the service, so it is read as text",
                )


def _what(miss: NearMiss, earlier_end: int) -> str | None:
    """Return what is the matter with a near miss, if no rule about typing (2xx) says it."""
    defects = miss.defects
    shown = excerpt(miss.dashes + miss.written)
    if Defect.MISSPELT in defects:
        return f"`{shown}` is not a flag of the service but resembles `--{miss.name}`"
    if Defect.DASH_COUNT in defects:
        return f"`{shown}` does not begin with two dashes"
    if defects & _OTHERS or not defects or attached_marks(miss, earlier_end):
        return None
    if Defect.ATTACHED_BEFORE in defects:
        return None if names_file(miss.after) else f"`{shown}` is attached to the word before it"
    return f"`{shown}` runs on into `{excerpt(miss.after)}` and is not a flag of the service"


def _fix(subject: Subject, miss: NearMiss) -> Fix | None:
    """Return the edits that take away all that this rule reports of a near miss."""
    defects = miss.defects
    whole = miss.after.startswith("=") or ends_word(subject.text, miss.end)
    if Defect.UNSEEN in defects or not whole:
        return None
    edits: list[Edit] = []
    titles: list[str] = []
    if miss.before:
        edits.append(Edit(miss.start, miss.start, " "))
        titles.append("put a space before it")
    if Defect.DASH_COUNT in defects:
        edits.append(Edit(miss.start, miss.name_start, "--"))
        titles.append("write two dashes")
    if Defect.MISSPELT in defects:
        spelt = _spelt(subject, miss)
        if spelt is None:
            return None
        edits.append(Edit(miss.name_start, miss.end, spelt))
        titles.append(f"spell it `--{spelt}`")
    return unsafe(" and ".join(titles), *edits)


def _spelt(subject: Subject, miss: NearMiss) -> str | None:
    """Return a misspelt name as it should be, with the number that sticks to it, if one does."""
    name, written = miss.name, miss.written
    number = _NUMBER.search(written)
    if number is None:
        rest = written[len(name) :] if written.lower().startswith(name) else ""
        return name.value if rest.lower() in ("", "s", name[-1]) else None
    exact = written[: number.start()].rstrip("_-").lower() == name is FlagName.DURATION
    follows = following_value(subject.text, miss.end, subject.span.end)
    other = miss.after or (follows and any(c.isdigit() for c in follows[1]))
    return f"{name} {number[1]}" if exact and not other else None
