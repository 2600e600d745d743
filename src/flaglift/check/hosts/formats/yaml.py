"""YAML: the scalars that are values, in their five styles. The reader says where and what."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import yaml

from flaglift.check.hosts.base import Comment, Literal
from flaglift.check.hosts.formats.code import stripped
from flaglift.check.hosts.formats.yamlreading import Reader
from flaglift.lossless.spans import Span

SYNTAX = "the file is not valid YAML"

LINE_END = "the file has line ends that not all versions of YAML know"

_OTHER_LINE_END = re.compile(rb"\xc2\x85|\xe2\x80[\xa8\xa9]|\r(?!\n)")
"""What ends a line in YAML 1.1 and not in 1.2, or the other way round."""
_COMMENT = re.compile(rb"(?:(?<=[ \t\r\n])|\A)#[^\r\n]*")


class YamlHost:
    """A stream of YAML documents."""

    name = "yaml"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the scalars that are values, in order, up to where the file is not valid."""
        reader = Reader(data)
        found: list[Literal] = []
        try:
            for event in reader.events():
                literal = reader.follow(event)
                found += [literal] if literal else []
        except yaml.YAMLError:
            return [replace(literal, unclear=SYNTAX) for literal in found]
        if _OTHER_LINE_END.search(data):
            return [replace(literal, unclear=LINE_END) for literal in found]
        return found

    def comments(self, data: bytes) -> list[Comment]:
        """Return the comments, in order, up to where the file is not valid."""
        reader = Reader(data)
        with suppress(yaml.YAMLError):
            for event in reader.events():
                reader.follow(event)
        return list(_comments(data, reader.end, reader.scalars))


def _comments(data: bytes, end: int, scalars: Sequence[Span]) -> Iterator[Comment]:
    inside = iter(scalars)
    scalar = next(inside, None)
    for match in _COMMENT.finditer(data, 0, end):
        while scalar is not None and scalar.end <= match.start():
            scalar = next(inside, None)
        if scalar is None or match.start() < scalar.start:
            yield Comment(*match.span(), stripped(match[0]))


def make(name: str) -> YamlHost:  # noqa: ARG001
    """Return the host."""
    return YamlHost()
