"""HTTP requests as written in documentation and editors: a line, headers, a body."""

import re
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.formats.codec import Escaped, stripped
from flaglift.lossless.spans import Span

_REQUESTS = re.compile(rb"^###.*(?:\n|\Z)", re.MULTILINE)
"""The separator between the requests of a file."""
_BLANK = re.compile(rb"\r?\n\r?\n")
_BEFORE = re.compile(rb"(?:[ \t]*+(?:(?:#|//|@).*+)?\r?\n)*+")
"""Blank lines, comments and variables before a request."""
_COMMENT = re.compile(rb"^(?:#(?!##)|//).*", re.MULTILINE)
_TYPE = re.compile(rb"^content-type:[ \t]*([\w/+.-]+)(.*)", re.MULTILINE | re.IGNORECASE)
_BOUNDARY = re.compile(rb";[ \t]*boundary=(?:\"([^\"]+)\"|([^\s;\"]+))", re.IGNORECASE)
_MARK = re.compile(rb"(?:\A|\r?\n)--([^\r\n]*)")
"""What may be a boundary."""
_FILE = re.compile(rb"^content-disposition:.*;[ \t]*filename", re.MULTILINE | re.IGNORECASE)
_BODY = Escaped("HTTP body", re.compile(rb"(?!)"), lambda _: None, universal=False)
_FORM = b"application/x-www-form-urlencoded"
_SIZED = re.compile(rb"^(?:content-length|content-md5|digest):", re.MULTILINE | re.IGNORECASE)
SIZED = "a header says what its length or its digest is"


class _Request(NamedTuple):
    start: int
    """Where its first line begins, after comments and blank lines."""
    head: bytes
    body: Span


class HttpHost:
    """One request, or several with lines of `###` between them."""

    name = "http"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the bodies; for a multipart body, those of its fields."""
        return [
            self._literal(data, each)
            for request in _requests(data)
            for each in _fields(data, request)
            if each.body[0] < each.body[1]
        ]

    def _literal(self, data: bytes, request: _Request) -> Literal:
        kind = _kind(request)
        body = data[slice(*request.body)]
        origin = Origin("code", "text")
        if kind == _FORM:
            origin = Origin("word", "--data")
        elif kind.endswith(b"json") or body.lstrip()[:1] in (b"{", b"["):
            origin = Origin("code", "json")
        locked = SIZED if _SIZED.search(request.head) else ""
        return Literal(
            host=self.name,
            form=_BODY,
            start=request.body.start,
            end=request.body.end,
            inside=request.body.start,
            pieces=tuple(_BODY.pieces(data, request.body).pieces),
            look=partial(Around, origin, locked, opener=request.start),
            source=data,
        )

    def comments(self, data: bytes) -> list[Comment]:
        """Return the lines before each request's body that begin with a number sign or slashes."""
        comments = []
        start = 0
        for request in [*_requests(data), None]:
            end = request.body.start if request else len(data)
            comments += [
                Comment(*match.span(), stripped(match[0]))
                for match in _COMMENT.finditer(data, start, end)
            ]
            start = request.body.end if request else end
        return comments


def _kind(request: _Request) -> bytes:
    declared = _TYPE.search(request.head)
    return declared[1].lower() if declared else b""


def _fields(data: bytes, request: _Request) -> list[_Request]:
    """Return the readable bodies: of a request, or of the fields of a multipart one.

    Files are not fields, and parts without a boundary are unknown.
    """
    if not _kind(request).startswith(b"multipart/"):
        return [request]
    boundary = _BOUNDARY.search(request.head)
    if boundary is None:
        return []
    name = boundary[1] or boundary[2]
    marks = [
        match.span()
        for match in _MARK.finditer(data[slice(*request.body)])
        if match[1].rstrip(b" \t") in (name, name + b"--")
    ]
    fields = []
    for (_, start), (end, _) in pairwise(marks):
        first, last = request.body.start + start, request.body.start + end
        blank = _BLANK.search(data, first, last)
        if blank and not _FILE.search(head := data[first : blank.start()]):
            fields.append(_Request(request.start, head, Span(blank.end(), last)))
    return fields


def _requests(data: bytes) -> list[_Request]:
    requests = []
    starts = [0, *(match.end() for match in _REQUESTS.finditer(data))]
    ends = [*(match.start() for match in _REQUESTS.finditer(data)), len(data)]
    for start, end in zip(starts, ends, strict=True):
        before = _BEFORE.match(data, start, end)
        first = before.end() if before else start
        blank = _BLANK.search(data, first, end)
        if blank:
            text = data[blank.end() : end].rstrip(b"\r\n")
            body = Span(blank.end(), blank.end() + len(text))
            requests.append(_Request(first, data[first : blank.start()], body))
    return requests


def make(name: str) -> HttpHost:  # noqa: ARG001
    """Return the host."""
    return HttpHost()
