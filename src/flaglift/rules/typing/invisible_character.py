"""FL203 invisible-character."""

import unicodedata
from collections import deque
from typing import ClassVar

from flaglift.lossless.spans import apply_edits
from flaglift.rules.base import (
    Diagnostic,
    Edit,
    Feature,
    Invalid,
    Iterator,
    Rule,
    Severity,
    Span,
    Subject,
    Valid,
    unsafe,
)
from flaglift.rules.typing.unseen import holds_unseen, unseen_edits, wanted
from flaglift.syntax.flags import FlagName
from flaglift.syntax.lookalikes import DASHES, near_misses_in
from flaglift.syntax.words import following_value


class InvisibleCharacter(Rule):
    """
    What it does
        Finds a no-break or other wide space, a zero-width space, a direction mark or another
        invisible character, inside a flag, next to one, or at either end of its value.

    Why
        Only space, tab and line ends separate words. With such a character in it, a flag is
        not a flag and becomes part of the image prompt, and a value is a different value.

    Example
        a cat\u00a0--video --video_model kling25

    Use instead
        a cat --video --video_model kling25

    Fix safety
        Unsafe: the word becomes a flag, or another value. A space is put where the character
        separates two words; elsewhere it is removed.

    Ground
        Dialect sections 1.1 and 6.
    """

    code = "FL203"
    name = "invisible-character"
    severity = Severity.WARNING
    trigger = Feature.UNSEEN

    VALID: ClassVar[tuple[Valid, ...]] = (
        Valid("a\u00a0cat --video --video_model kling25", "between words of the image prompt"),
        Valid(
            'a cat --video --video_model kling25 --video_prompt "it\u00a0sits --duration\u00a05"',
            "inside a quoted value",
        ),
        Valid('a "cat\u00a0--video" --video --video_model kling25', "in quotes nothing is a flag"),
        Valid("a cat --video --video_prompt \U0001f469\u200d\U0001f680", "inside an emoji"),
        Valid("a cat --video --video_model kling25 \u200b--fill", "another flag"),
    )
    INVALID: ClassVar[tuple[Invalid, ...]] = (
        Invalid(
            "a woman\u00a0--video --video_model kling25",
            "a no-break space before a flag",
            fixed="a woman --video --video_model kling25",
        ),
        Invalid(
            "a cat --video\u00a0--duration\u00a05\u00a0 --video_model kling25",
            "between flags, and after the value",
            fixed="a cat --video --duration 5 --video_model kling25",
        ),
        Invalid(
            "a cat --video --video_model kling25\u200b",
            "a zero-width space at the end of a value",
            fixed="a cat --video --video_model kling25",
        ),
        Invalid(
            'a cat --video --video_model "kling25\u200b"',
            "quotes do not hide it from the catalog",
            fixed='a cat --video --video_model "kling25"',
        ),
        Invalid(
            "\ufeff--video\u200b_model\u200e=\u2060kling25\ufeff a cat --video",
            "around a flag, inside it and around its value",
            fixed="--video_model=kling25 a cat --video",
        ),
        Invalid(
            'a cat --video_model kling25\u3000--video_prompt\u00a0"it sits" --video',
            "a wide space of another script joins two flags",
            fixed='a cat --video_model kling25 --video_prompt "it sits" --video',
        ),
        Invalid(
            "a cat --video --video_prompt \u200b--x --video_model kling25",
            "without it there would be no value",
        ),
    )

    def check(self, subject: Subject) -> Iterator[Diagnostic]:
        """Yield one finding for each word with such characters in the wrong place."""
        for start, (word, owner) in _words(subject).items():
            edits = unseen_edits(start, word, owner)
            if edits:
                yield self._finding(start, word, owner, edits)

    def _finding(
        self, start: int, word: str, owner: FlagName | None, edits: list[Edit]
    ) -> Diagnostic:
        character = word[edits[0].start - start]
        what = f"{unicodedata.name(character)} (U+{ord(character):04X})"
        misses = near_misses_in(word)
        if misses:
            message = (
                f"{what} in a word with `--{misses[0].name}` separates nothing, so the service "
                "does not read the flag"
            )
        else:
            message = f"{what} at the edge of the value of `--{owner}` is part of the word"
        cleaned = apply_edits(word, [Edit(e[0] - start, e[1] - start, e[2]) for e in edits])
        fix = None
        if not owner or not cleaned.startswith(tuple(DASHES)):
            fix = unsafe("write a space" if edits[0].content else "remove it", *edits)
        return self.report(Span(edits[0].start, edits[-1].end), message, fix=fix)


def _words(subject: Subject) -> dict[int, tuple[str, FlagName | None]]:
    """Return the words to look at by place, with the flag, or near miss, that they belong to."""
    words: dict[int, tuple[str, FlagName | None]] = {
        flag.value.start: (flag.value.raw, flag.name)
        for flag in subject.segment.flags
        if flag.value and flag.name.takes_value and holds_unseen(flag.value.raw)
    }
    for miss in subject.near_misses:
        words.setdefault(miss.word_start, (miss.word, None))
    todo = deque(words)
    end = subject.span.end
    while todo:
        start = todo.popleft()
        word, owner = words[start]
        name = wanted(word, owner)
        value = following_value(subject.text, start + len(word), end) if name else None
        if value and words.get(value[0], ("", None))[1] is None:
            words[value[0]] = (value[1], name)
            todo.append(value[0])
    return words
