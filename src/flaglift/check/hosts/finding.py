"""The literals of a file that hold flags, nested ones included, and whether each is a prompt."""

from collections.abc import Iterable, Iterator

from flaglift.check.hosts.base import Candidate, Comment, Host, Literal
from flaglift.check.hosts.classifier import classify
from flaglift.check.hosts.nesting import nested
from flaglift.check.hosts.placeholders import with_placeholders
from flaglift.check.hosts.prefilter import may_hold_flags
from flaglift.lossless.spans import Span
from flaglift.syntax import Feature


def candidates(data: bytes, host: Host) -> list[Candidate]:
    """Return the literals of a document that hold a flag or a near miss, in order.

    A literal that is code of another host, such as a fenced block or a command's argument, is
    replaced by the literals in it. Never raises for the document's content.
    """
    return [
        Candidate(literal, classify(literal))
        for literal in leaves(host.literals(data))
        if literal.prompt.has(Feature.CONCERNED)
    ]


def leaves(literals: Iterable[Literal], *, every: bool = False) -> Iterator[Literal]:
    """Yield the literals that may hold flags; in place of code of another host, those in it."""
    for literal in literals:
        if not every and not may_hold_flags(literal.text.encode()):
            continue
        inner = nested(literal)
        if inner is None:
            yield with_placeholders(literal)
        else:
            found = inner.literals(literal.text.encode())
            yield from leaves((each.within(literal) for each in found), every=every)


def comments(data: bytes, host: Host) -> list[Comment]:
    """Return the comments of a document and of the code nested in it, in order."""
    return sorted([*host.comments(data), *_nested_comments(host.literals(data))])


def _nested_comments(literals: list[Literal]) -> Iterator[Comment]:
    for outer in literals:
        inner = nested(outer)
        if inner is None:
            continue
        data = outer.text.encode()
        for start, end, text in inner.comments(data):
            begin = len(data[:start].decode())
            span = outer.locate(Span(begin, begin + len(data[start:end].decode())))
            yield Comment(span.start, span.end, text)
        yield from _nested_comments([each.within(outer) for each in inner.literals(data)])
