"""The user's choices for requests."""

from dataclasses import dataclass, field
from enum import StrEnum
from fnmatch import fnmatchcase

from flaglift.settings import DEFAULT, Settings
from flaglift.shim.core.routes import normalized


class Mode(StrEnum):
    """How prompts with flags are treated."""

    OFF = "off"
    """Nothing is inspected."""
    REPORT = "report"
    """Requests pass byte for byte; changes that would be made are counted."""
    TRANSLATE = "translate"
    """Prompts are translated; those that cannot be pass unchanged, and are counted."""
    STRICT = "strict"
    """Prompts are translated; those that cannot be are refused with status 422."""


class LateText(StrEnum):
    """How a body over `spool_limit` whose text comes after a file is treated.

    Its new length would have to be announced before the text is seen.
    """

    PASS = "pass"  # noqa: S105 - not a password
    """Send the body on untouched, and count it."""
    CHUNKED = "chunked"
    """Send the body on in chunks, without a length; many servers read that as an empty form."""


MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Policy:
    """How requests are treated. Every adapter takes one; the default translates.

    >>> policy = Policy(mode=Mode.REPORT, modes=(("/tunes/7/*", Mode.STRICT),))
    >>> policy.mode_for("/tunes/7/prompts").value, policy.mode_for("/tunes/8/prompts").value
    ('strict', 'report')
    """

    mode: Mode = Mode.TRANSLATE
    """The mode of paths that match no pattern."""
    modes: tuple[tuple[str, Mode], ...] = ()
    """Path patterns (`*` matches anything) and their modes; the first match counts.

    They are compared with the path as servers understand it, without empty segments and escapes.
    """
    settings: Settings = field(default=DEFAULT)
    """The settings that `translate` is called with."""
    late_text: LateText = LateText.PASS
    hold_limit: int = MEBIBYTE
    """The most bytes of one request held in memory; longer files are streamed, or spooled."""
    spool_limit: int = 64 * MEBIBYTE
    """The longest body that is kept in a temporary file if its text may come after a file."""
    prefix: str = ""
    """The prefix of the service's own paths, such as `/gateway`."""

    def mode_for(self, path: str) -> Mode:
        """Return the mode of a path."""
        path = normalized(path)
        for pattern, mode in self.modes:
            if fnmatchcase(path, pattern):
                return mode
        return self.mode
