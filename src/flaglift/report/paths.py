"""A file's path for other programs: relative to the current folder, with slashes."""

import os
import re
from pathlib import PurePath

_SURROGATE = re.compile("[\ud800-\udfff]")


def as_text(text: str) -> str:
    """Return a path, or a sentence that names one, as valid text.

    Bytes that are not UTF-8, which are surrogates in a path, become replacement characters.
    """
    return _SURROGATE.sub("\ufffd", text)


def relative(path: str) -> str:
    """Return a path, as text, relative to the current folder; absolute outside of it.

    >>> relative("./a/../b.txt"), relative("<stdin>")
    ('b.txt', '<stdin>')
    """
    return as_text(_relative(path))


def _relative(path: str) -> str:
    shown = os.path.normpath(path)
    if os.path.isabs(shown) or shown.startswith(os.pardir):
        inside = os.path.relpath(shown)
        shown = os.path.abspath(shown) if inside.startswith(os.pardir) else inside
    return PurePath(shown).as_posix()


def uri(path: str) -> str:
    """Return a path as a URI reference: relative, or with its scheme outside the current folder.

    >>> uri("a b/ü.txt")
    'a%20b/%C3%BC.txt'
    """
    from urllib.parse import quote  # noqa: PLC0415 (few runs need it)

    shown = _relative(path)
    quoted = quote(os.fsencode(shown))
    return f"file://{quoted}" if os.path.isabs(shown) else quoted
