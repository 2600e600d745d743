"""Errors that a store raises in addition to `InputError`."""

from flaglift.errors import FlagliftError, InputError


class UnavailableError(FlagliftError):
    """The store does not answer at the moment: a lost connection, a deadlock, a busy database.

    Nothing of the chunk was written; the engine retries it.
    """


class LockedError(InputError):
    """Another run works on the same source."""


class StatementError(InputError):
    """The store does not take a statement or a connection, for a reason that does not pass."""


class UnreadableRecordError(InputError):
    """A record cannot be read, and the user has not asked to skip such records."""


def missing_extra(extra: str, what: str) -> InputError:
    """Return the message for a missing package that belongs to an extra."""
    return InputError(f"{what} needs the extra `{extra}`: pip install 'flaglift[{extra}]'")
