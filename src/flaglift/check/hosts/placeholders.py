"""Placeholders of templates: `{model}`, `{{ model }}`, `${model}`, `%(model)s` are holes too.

In JSON, in YAML or in a string that a program formats later, they are ordinary text to the file's
reader; what will stand there is as unknown as an interpolation.
"""

import re
from dataclasses import replace

from flaglift.check.hosts.base import HOLE, Kind, Literal, Piece

PLACEHOLDER = re.compile(
    r"\$?\{\{?[ ]?[A-Za-z_][\w.\[\]]*[ ]?(?:![rsa])?\}\}?|%\([A-Za-z_]\w*\)[sdr]|(?<!\w)%[sd](?!\w)"
    r"|<%=[^%]*%>"
)


def with_placeholders(literal: Literal) -> Literal:
    """Return a literal with its placeholders as holes.

    >>> from flaglift.check.hosts.registry import host_named
    >>> found = host_named("lines").literals(b"a {subject} --video_model {{ model }}")
    >>> [hole.source for hole in with_placeholders(found[0]).holes]
    ['{subject}', '{{ model }}']
    """
    if not any(
        piece.kind is Kind.RUN and PLACEHOLDER.search(piece.text) for piece in literal.pieces
    ):
        return literal
    pieces = [part for piece in literal.pieces for part in _split(piece)]
    return replace(literal, pieces=tuple(pieces))


def _split(piece: Piece) -> list[Piece]:
    if piece.kind is not Kind.RUN:
        return [piece]
    parts = []
    text, start, position = piece.text, piece.start, 0
    for match in PLACEHOLDER.finditer(text):
        before = text[position : match.start()]
        at = start + len(before.encode())
        end = at + len(match[0].encode())
        parts += [Piece(Kind.RUN, start, at, before), Piece(Kind.PLACEHOLDER, at, end, HOLE)]
        start, position = end, match.end()
    parts.append(Piece(Kind.RUN, start, piece.end, text[position:]))
    return [part for part in parts if part.text]
