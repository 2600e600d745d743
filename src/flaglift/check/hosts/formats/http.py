"""HTTP requests as written in documentation and editors: a line, headers, a body."""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import NamedTuple

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.formats.codec import Escaped, stripped
from flaglift.lossless.spans import Span

_REQUESTS = re.compile(rb"^###.*(?:\n|\Z)", re.MULTILINE)
"""The separator between the requests of a file."""
_BLANK = re.compile(rb"\r?\n\r?\n")
_BEFORE = re.compile(rb"(?:[ \t]*+(?:(?:#|//|@|<[ \t]++[^{\s]).*+)?\r?\n)*+")
"""Blank lines, comments, variables and files with scripts before a request."""
_SCRIPT = re.compile(rb"^[<>][ \t]*+\{%", re.MULTILINE)
"""The beginning of JavaScript that a client runs before a request, or when it has the response."""
_SCRIPT_END = b"%}"
_HANDLER = re.compile(rb"^>[ \t]*+\{%", re.MULTILINE)
_AFTER = re.compile(rb"^(?:>[ \t]*+\{%|(?:>>!?|>|<>)[ \t]++\S)", re.MULTILINE)
"""What a client does with the response: runs a script, writes it to a file, has it in one."""
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
        """Return the bodies and scripts; for a multipart body, those of its fields."""
        requests = _requests(data)
        bodies = [
            self._literal(data, each.body, partial(Around, *_around(data, each), opener=each.start))
            for request in requests
            for each in _fields(data, request)
            if each.body[0] < each.body[1]
        ]
        script = partial(Around, Origin("code", "javascript"))
        scripts = [self._literal(data, span, script) for span in _scripts(data, requests)]
        return sorted(bodies + scripts, key=lambda literal: literal.start)

    def _literal(self, data: bytes, span: Span, look: Callable[[], Around]) -> Literal:
        return Literal(
            host=self.name,
            form=_BODY,
            start=span.start,
            end=span.end,
            inside=span.start,
            pieces=tuple(_BODY.pieces(data, span).pieces),
            look=look,
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


def _around(data: bytes, request: _Request) -> tuple[Origin, str]:
    """Return what a body is, and why it must not be changed; empty if it may."""
    origin = Origin("code", "text")
    if _kind(request) == _FORM:
        origin = Origin("word", "--data")
    elif _is_json(data, request):
        origin = Origin("code", "json")
    return origin, SIZED if _SIZED.search(request.head) else ""


def _is_json(data: bytes, request: _Request) -> bool:
    start = data[slice(*request.body)].lstrip()[:1]
    return _kind(request).endswith(b"json") or start in (b"{", b"[")


def _scripts(data: bytes, requests: Sequence[_Request]) -> Iterator[Span]:
    """Yield the scripts outside of bodies; one that does not end is not read."""
    start = 0
    for request in [*requests, None]:
        end = request.body.start if request else len(data)
        while opening := _SCRIPT.search(data, start, end):
            start = data.find(_SCRIPT_END, opening.end(), end)
            if start < 0:
                break
            yield Span(opening.end(), start)
        start = request.body.end if request else end


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
        first = _first_line(data, start, end)
        blank = _BLANK.search(data, first, end)
        if blank:
            head = data[first : blank.start()]
            requests.append(_without_handlers(data, _Request(first, head, Span(blank.end(), end))))
    return requests


def _first_line(data: bytes, start: int, end: int) -> int:
    """Return where a request begins, after comments and scripts."""
    while True:
        before = _BEFORE.match(data, start, end)
        start = before.end() if before else start
        script = _SCRIPT.match(data, start, end)
        close = data.find(_SCRIPT_END, start, end) if script else -1
        if close < 0:
            return start
        start = close + len(_SCRIPT_END)


def _without_handlers(data: bytes, request: _Request) -> _Request:
    """Return a request whose body ends where its client is told what to do with the response.

    In a body that is a text, lines that begin with `>` may be quotations.
    """
    start, end = request.body
    is_data = _kind(request) == _FORM or _is_json(data, request)
    handler = (_AFTER if is_data else _HANDLER).search(data, start, end)
    body = data[start : handler.start() if handler else end].rstrip(b"\r\n")
    return request._replace(body=Span(start, start + len(body)))


def make(name: str) -> HttpHost:  # noqa: ARG001
    """Return the host."""
    return HttpHost()
