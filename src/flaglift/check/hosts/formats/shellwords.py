"""Words of the shell: unquoted text, the four kinds of quotes, and expansions as holes."""

import re

from flaglift.check.hosts.formats.codec import Escaped, character
from flaglift.check.hosts.formats.joined import StringLiteral
from flaglift.lossless.spans import Span

_ANSI = {
    "a": "\a", "b": "\b", "e": "\x1b", "E": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v", "\\": "\\", "'": "'", '"': '"', "?": "?",
}  # fmt: skip
_LABEL = re.compile(
    rb"(?m)(?:^|\bin[ \t]|;;)[ \t]*+\(?[ \t]*+"
    rb"[^\s()|\"'`;&<>$]++(?:[ \t]*+\|[ \t]*+[^\s()|\"'`;&<>$]++)*+[ \t]*+\)"
)
"""The pattern that begins a branch of a `case`: `-v | --video)`."""


def labels(script: bytes) -> list[Span]:
    """Return the labels in a script, even in one that does not parse."""
    return [Span(*label.span()) for label in _LABEL.finditer(script)]


def _without_backslash(raw: bytes) -> str:
    return raw[1:].decode().removeprefix("\n")


def _ansi(raw: bytes) -> str | None:
    kind = chr(raw[1])
    if kind in _ANSI:
        return _ANSI[kind]
    if kind in "uU":
        return character(raw[2:].decode())
    if kind == "c":
        return "\x7f" if raw[2:] == b"?" else chr(raw[2] & 0x1F)
    # Numeric escapes are bytes, so a character may take several.
    units = re.findall(rb"\\x([0-9a-fA-F]{1,2})|\\([0-7]{1,3})", raw)
    values = [int(h, 16) if h else int(o, 8) & 0xFF for h, o in units]
    try:
        return bytes(values).decode() if all(values) else None
    except UnicodeDecodeError:
        return None


_ANSI_ESCAPE = (
    rb"(?:\\x[0-9a-fA-F]{1,2}|\\[0-7]{1,3})+"
    rb"|\\u[0-9a-fA-F]{1,4}|\\U[0-9a-fA-F]{1,8}|\\[abeEfnrtv\\'\"?]"
    rb"|\\c[?A-Z\[\]^_a-z]"
)
_CONTROLS = {code: f"\\{code:03o}" for code in [*range(1, 9), 11, 12, 13, *range(14, 32), 127]}

BARE = Escaped(
    "shell word",
    re.compile(rb"\\(?:[\x00-\x7f]|[\xc0-\xff][\x80-\xbf]+)"),
    _without_backslash,
    {ord(c): f"\\{c}" for c in " \t!\"#$&'()*;<>?[\\]^`{|}~"} | {10: "$'\\n'"},
    re.compile("\0"),
    universal=False,
)
DOUBLE = Escaped(
    'shell string "',
    re.compile(rb"\\[$`\"\\\n]"),
    _without_backslash,
    {ord(c): f"\\{c}" for c in '$`"\\'},
    re.compile("\0"),
    universal=False,
)
SINGLE = Escaped(
    "shell string '",
    re.compile(rb"(?!)"),
    _without_backslash,
    {ord("'"): "'\\''"},
    re.compile("\0"),
    universal=False,
)
ANSI_C = Escaped(
    "shell string $'",
    re.compile(_ANSI_ESCAPE),
    _ansi,
    _CONTROLS | {ord("'"): "\\'", ord("\\"): "\\\\", ord("\n"): "\\n", ord("\t"): "\\t"},
    re.compile("\0"),
    universal=False,
)

_PIECES = re.compile(
    rb"(?P<ansi>\$')|(?P<double>\$?\")|(?P<single>')|(?P<hole>\$[\w{(@*#?!$-]|`)"
    rb"|(?P<bare>(?:\\[\s\S]|\\\Z|[^ \t\n'\"`$\\;|&<>()]++|\$(?![\w{(@*#?!$'\"-]))++)"
)
_BRACES = re.compile(rb"\A(?>[\s\S]*?(?<!\\)\{)(?>[\s\S]*?(?:,|\.\.))[\s\S]*?\}|\A~")
_ANSI_BODY = re.compile(rb"(?:[^'\\]|\\[\s\S])*+")
EXPANDED = "the shell makes other words of it"


def parts(data: bytes, start: int, limit: int) -> list[StringLiteral]:
    """Return the parts of the word that starts at a byte, one for each style of quoting.

    Expansions are holes. The word ends where the shell ends it, whatever the parse tree says, but
    no later than `limit`, the end of the backtick substitution around it.
    """
    parts: list[StringLiteral] = []
    position = start
    while match := _PIECES.match(data, position, limit):
        if match["hole"]:
            end = expansion_end(data, position)
            inside = Span(position, min(end, limit))
            form, held = BARE, [inside]
        elif match["bare"]:
            form, inside, held, end = BARE, Span(position, match.end()), [], match.end()
        elif match["double"]:
            form, held = DOUBLE, []
            inside = Span(match.end(), _double_end(data, match.end(), limit, held))
            end = inside.end + 1
        else:
            form, held = (ANSI_C if match["ansi"] else SINGLE), []
            inside = Span(match.end(), min(_closing(data, match), limit))
            end = inside.end + 1
        scanned = form.pieces(data, inside, held)
        if end > min(limit, len(data)):
            end, scanned.unclear = inside.end, OPEN
        parts.append(StringLiteral(form, Span(position, end), inside.start, scanned))
        position = end
    bare = [data[slice(*part.place)] if part.form is BARE else b"x" for part in parts]
    if _BRACES.search(b"".join(bare)):
        parts[0].scanned.unclear = EXPANDED
    return parts


OPEN = "a quote or an expansion in it stays open"


def _closing(data: bytes, opening: re.Match[bytes]) -> int:
    if opening["ansi"]:
        body = _ANSI_BODY.match(data, opening.end())
        return body.end() if body else opening.end()
    end = data.find(b"'", opening.end())
    return len(data) if end < 0 else end


def _double_end(data: bytes, position: int, limit: int, holes: list[Span]) -> int:
    """Return the end of a double-quoted string; append the expansions in it to `holes`."""
    while position < limit and data[position] != ord('"'):
        if _HOLE.match(data, position):
            end = expansion_end(data, position, quoted=True)
            holes.append(Span(position, min(end, limit)))
            position = end
        else:
            position += 2 if data[position] == ord("\\") else 1
    return min(position, limit)


_HOLE = re.compile(rb"\$[\w{(@*#?!$-]|`")
_NAME = re.compile(rb"\$(?:[A-Za-z_]\w*|[0-9@*#?!$-])")
_BRACKETS = {ord("("): ord(")"), ord("{"): ord("}"), ord("`"): ord("`"), ord('"'): ord('"')}


def expansion_end(data: bytes, start: int, *, quoted: bool = False) -> int:
    """Return the end of the expansion that starts at a byte; behind the data if it stays open.

    In a `${}` inside double quotes, an apostrophe is an ordinary character.
    """
    name = _NAME.match(data, start)
    if name:
        return name.end()
    stack, position = _opened(data, start, [], quoted=quoted)
    while stack and position < len(data):
        char, (opening, apostrophes) = data[position], stack[-1]
        if char == ord("\\"):
            position += 2
        elif char == _BRACKETS[opening]:
            stack.pop()
            position += 1
        elif opening == ord("`"):
            position += 1
        elif char == opening or (char == ord('"') != opening):
            stack.append((char, apostrophes))
            position += 1
        elif char == ord("'") and not apostrophes and opening != ord('"'):
            end = data.find(b"'", position + 1)
            position = len(data) if end < 0 else end + 1
        elif _HOLE.match(data, position):
            inner = apostrophes or opening == ord('"')
            stack, position = _opened(data, position, stack, quoted=inner)
        else:
            position += 1
    return len(data) + 1 if stack else min(position, len(data))


_Stack = list[tuple[int, bool]]
"""The open brackets, each with whether an apostrophe inside is an ordinary character."""


def _opened(data: bytes, start: int, stack: _Stack, *, quoted: bool) -> tuple[_Stack, int]:
    """Open the expansion at a byte; return the open brackets, and where scanning continues."""
    name = _NAME.match(data, start)
    if name:
        return stack, name.end()
    opening = data[start] if data[start] == ord("`") else data[start + 1]
    stack.append((opening, quoted and opening == ord("{")))
    return stack, start + (1 if opening == ord("`") else 2)
