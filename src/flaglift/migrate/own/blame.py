"""Turns exceptions from the user's code into one sentence that says where they were raised."""

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
"""The files of the stack frames between this module and the user's code."""


@contextmanager
def raised_in(name: str, what: str, *, shown: bool) -> Iterator[None]:
    """Turn exceptions of the user's code into `InputError` with the place; pass on our own.

    `shown`: whether the message may be shown; code that reads records may quote a prompt.
    """
    try:
        yield
    except FlagliftError:
        raise
    except Exception as error:
        frames = extract_tb(error.__traceback__)
        theirs = [each for each in frames if not _PASSED_THROUGH.match(each.filename)]
        # The innermost frame of the user's code: deeper ones may belong to a library.
        place = f" at {theirs[0].filename}:{theirs[0].lineno}" if theirs else ""
        message = f": {error}" if shown else ""
        raise InputError(f"{name}: {what} raised {type(error).__name__}{place}{message}") from error
