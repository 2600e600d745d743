"""What a store raises beside `InputError`."""

from flaglift.errors import FlagliftError, InputError


class UnavailableError(FlagliftError):
    """The store does not answer at the moment: a lost connection, a deadlock, a busy database.

    Nothing of the chunk was written; the engine tries it again.
    """


class LockedError(InputError):
    """Another run works on the same source."""


class UnreadableRecordError(InputError):
    """A record cannot be read, and the user has not asked to go on without it."""


def missing_extra(extra: str, what: str) -> InputError:
    """Return the sentence for a package of an extra that is not installed."""
    return InputError(f"{what} needs the extra `{extra}`: pip install 'flaglift[{extra}]'")
