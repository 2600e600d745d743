"""What makes every character of a text visible, and how wide a terminal shows it."""

import unicodedata


def visible(text: str) -> str:
    r"""Return a text with one visible character for each that would not show, or show too much.

    >>> visible("a\tb\x1b[0m\u200b\u00a0")
    'a b·[0m·␣'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    if character in "\t ":
        return " "
    category = unicodedata.category(character)
    if category == "Zs":
        return "␣"
    return "·" if category[0] == "C" or category in ("Zl", "Zp") else character


def width(text: str) -> int:
    r"""Return how many columns a terminal needs for a text that is all visible.

    >>> width("猫"), width("e\u0301"), width("cat")
    (2, 1, 3)
    """
    return sum(map(_width, text))


def _width(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
