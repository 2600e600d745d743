"""What the user chose for requests."""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from flaglift.settings import DEFAULT, Settings
from flaglift.shim.core.routes import normalized


class Mode(StrEnum):
    """What is done with prompts that carry flags."""

    OFF = "off"
    """Nothing is looked at."""
    REPORT = "report"
    """Requests go through byte for byte; what would change is counted."""
    TRANSLATE = "translate"
    """Prompts are translated; one that cannot be goes through as it is, and is counted."""
    STRICT = "strict"
    """Prompts are translated; one that cannot be is refused with status 422."""


class LateText(StrEnum):
    """What is done with a body over `spool_limit` whose text comes after a file.

    Its new length would have to be sent before the text is seen.
    """

    PASS = "pass"  # noqa: S105 - not a password
    """Send the body on untouched, and count it."""
    CHUNKED = "chunked"
    """Send the body on in chunks, without a length; many servers read that as an empty form."""


MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """How requests are treated. Every fitting takes one; the default translates.

    >>> policy = Policy(mode=Mode.REPORT, modes=(("/tunes/7/*", Mode.STRICT),))
    >>> policy.mode_for("/tunes/7/prompts").value, policy.mode_for("/tunes/8/prompts").value
    ('strict', 'report')
    """

    mode: Mode = Mode.TRANSLATE
    """The mode of paths that no pattern names."""
    modes: tuple[tuple[str, Mode], ...] = ()
    """Path patterns (`*` stands for anything) and their modes; the first that fits counts.

    They are compared with the path as servers understand it, without empty segments and escapes.
    """
    settings: Settings = field(default=DEFAULT)
    """What `translate` is called with."""
    late_text: LateText = LateText.PASS
    hold_limit: int = MEBIBYTE
    """The most bytes of one request held in memory; longer files are streamed, or spooled."""
    spool_limit: int = 64 * MEBIBYTE
    """The longest body that is kept in a temporary file where its text may come after a file."""
    prefix: str = ""
    """What stands before the service's own paths in the address, such as `/gateway`."""

    def mode_for(self, path: str) -> Mode:
        """Return the mode of a path."""
        path = normalized(path)
        for pattern, mode in self.modes:
            if fnmatchcase(path, pattern):
                return mode
        return self.mode
