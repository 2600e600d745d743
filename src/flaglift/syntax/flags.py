"""The table of the dialect's flags, with everything that the rest of the package needs on them.

Code that handles flags iterates over `FlagName`; they are listed nowhere else. A new flag is a row
here, its terminal in `grammar/legacy_video.lark`, and its name in the rule `flag` there.
"""

import re
from enum import Enum, StrEnum, auto

_SECONDS = re.compile(r"[+-]?[0-9]+")
_MOST_DIGITS = 4300
"""Python converts no more digits to an integer by default; the reference rejects more, too."""


class ValueKind(Enum):
    """The kind of a flag's value."""

    SWITCH = auto()
    """No value (2.4); if the switch has a field, it is true."""
    WORD = auto()
    """A single word, such as a name."""
    TEXT = auto()
    """Words, quoted if there are several."""
    WHOLE_NUMBER = auto()
    """Digits with an optional sign (2.7)."""


class FlagName(StrEnum):
    """A flag of the dialect, by its name without the dashes (2.1)."""

    VIDEO = "video", "", ValueKind.SWITCH, True
    VIDEO_MODEL = "video_model", "video_model", ValueKind.WORD, True
    VIDEO_PROMPT = "video_prompt", "video_prompt", ValueKind.TEXT, True
    DURATION = "duration", "video_duration", ValueKind.WHOLE_NUMBER, False

    field: str
    """The form field for its value; empty if there is none."""
    kind: ValueKind
    asks_for_video: bool
    """Whether it makes a prompt a video prompt (3.1)."""

    def __new__(cls, name: str, field: str, kind: ValueKind, asks_for_video: bool) -> "FlagName":
        """Create a row of the table."""
        row = str.__new__(cls, name)
        row._value_ = name
        row.field = field
        row.kind = kind
        row.asks_for_video = asks_for_video
        if not field and not asks_for_video:
            raise ValueError(f"without a field nothing would be left of --{name}")
        return row

    @property
    def word(self) -> str:
        """The flag as written in prompts."""
        return f"--{self.value}"

    @property
    def takes_value(self) -> bool:
        """Whether it takes a value."""
        return self.kind is not ValueKind.SWITCH


NAMES = {flag.value: flag for flag in FlagName}
"""The flags by name."""

FIELD_FLAGS = {flag.field: flag for flag in FlagName if flag.field}
"""The flags whose values become form fields, by field, in table order."""

AS_WRITTEN = tuple(sorted(FlagName, key=lambda flag: flag.kind is ValueKind.TEXT))
"""The flags in the order people write them: long texts last."""


def seconds(text: str) -> int | None:
    """Return a duration in seconds; None if it is not a whole number (2.7).

    >>> seconds("+5"), seconds("5s"), seconds("1_0")
    (5, None, None)
    """
    if len(text) <= _MOST_DIGITS and _SECONDS.fullmatch(text):
        return int(text)
    return None


def field_value(flag: FlagName, text: str) -> int | str | None:
    """Return the value of a flag as its field stores it; None if it should be a number but is not.

    >>> field_value(FlagName.DURATION, "05"), field_value(FlagName.VIDEO_MODEL, "kling25")
    (5, 'kling25')
    """
    if flag.kind is ValueKind.SWITCH:
        return True
    return seconds(text) if flag.kind is ValueKind.WHOLE_NUMBER else text


def completions(word: str) -> tuple[FlagName, ...]:
    """Return the flags that a word with its dashes names, fully or by their beginning (2.8).

    >>> [flag.value for flag in completions("--dur=5")], len(completions("--v"))
    (['duration'], 3)
    """
    name = word.partition("=")[0]
    if not name.startswith("--"):
        return ()
    name = name[2:]
    return (
        (NAMES[name],)
        if name in NAMES
        else tuple(flag for flag in FlagName if flag.startswith(name))
    )
