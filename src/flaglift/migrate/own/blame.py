"""What the user's own code raises ends a run in one sentence that says where it did."""

import importlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from traceback import extract_tb

import flaglift
from flaglift.errors import FlagliftError, InputError

_PASSED_THROUGH = re.compile(
    "|".join(re.escape(str(Path(file).parent)) for file in (flaglift.__file__, importlib.__file__))
    + "|<frozen importlib"
)
"""The files of frames between this one and the user's."""


@contextmanager
def raised_in(name: str, what: str, *, shown: bool) -> Iterator[None]:
    """Raise `InputError` for what the block's code raises, with the place; ours passes on.

    `shown` tells whether its message may be shown: what reads records may quote a prompt.
    """
    try:
        yield
    except FlagliftError:
        raise
    except Exception as error:
        frames = extract_tb(error.__traceback__)
        theirs = [each for each in frames if not _PASSED_THROUGH.match(each.filename)]
        # The call of the user's that ended in it: what is deeper may be a library's.
        place = f" at {theirs[0].filename}:{theirs[0].lineno}" if theirs else ""
        message = f": {error}" if shown else ""
        raise InputError(f"{name}: {what} raised {type(error).__name__}{place}{message}") from error
