"""HTML entities and the characters they represent (dialect section 6)."""

import re

from flaglift.syntax.flags import FlagName

ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
"""Text with the syntax of an entity. `&` in prose (`AT&T`, `salt & pepper`) has none."""

_DASH = (
    r"&(?:amp;)*+(?:[mn]dash|minus|hyphen|dash|horbar|#0{0,4}(?:45|82(?:0[89]|1[0-3])|8722)"
    r"|#[xX]0{0,3}(?:2[dD]|201[0-5]|2212));"
)
_NAMES = "|".join(sorted(FlagName, key=len, reverse=True))
FLAG = re.compile(
    rf"(?<![^ \t\r\n])-?(?:{_DASH})++-?(?P<name>(?i:{_NAMES}))"
    r"(?=[= \t\r\n]|\Z)"
)
"""A flag whose dashes are written as entities: `&mdash;video`."""

_MOST_LEVELS = 4
"""The most levels of encoding to decode."""


def decoded(text: str) -> str | None:
    """Return a text with its entities decoded; None if there are too many levels of encoding.

    Text that was encoded several times is decoded as often. A no-break space becomes a space.

    >>> decoded("&amp;quot;salt &amp; pepper&quot; by AT&T;")
    '"salt & pepper" by AT&T;'
    """
    for _ in range(_MOST_LEVELS):
        before, text = text, ENTITY.sub(lambda entity: character(entity[0]), text)
        if text == before:
            return text
    return None


def first_entity(text: str) -> str | None:
    """Return the first entity of a text, as written.

    >>> first_entity("R&D; salt &amp; pepper")
    '&amp;'
    """
    return next((e for e in ENTITY.findall(text) if character(e) != e), None)


def character(entity: str) -> str:
    """Return the character for an entity, or the text itself if it is not an entity.

    >>> character("&lt;"), character("&nbsp;"), character("&T;"), character("&#0;")
    ('<', ' ', '&T;', '&#0;')
    """
    from html import unescape  # noqa: PLC0415 (a table of 2,000 names that few prompts need)
    from html.entities import html5  # noqa: PLC0415

    if entity[1] != "#" and entity[1:] not in html5:
        return entity
    text = unescape(entity)
    return entity if text in ("", "\ufffd") else text.replace("\u00a0", " ")
