"""Sessions at a terminal: what is typed behind a prompt sign is shell, the rest is output."""

import re
from functools import partial

from flaglift.check.hosts.base import Around, Comment, Literal, Origin
from flaglift.check.hosts.formats.codec import Escaped
from flaglift.lossless.spans import Span

_COMMAND = re.compile(rb"^[ \t]*[$%][ \t]+((?:[^\n\\]|\\[\s\S])*)", re.MULTILINE)
_FORM = Escaped("command", re.compile(rb"(?!)"), lambda _: None, universal=False)


class ConsoleHost:
    """A session."""

    name = "console"

    def literals(self, data: bytes) -> list[Literal]:
        """Return the commands; one that ends in a backslash goes on in the next line."""
        found = []
        for match in _COMMAND.finditer(data):
            span = Span(*match.span(1))
            scanned = _FORM.pieces(data, span)
            found.append(
                Literal(
                    host=self.name,
                    form=_FORM,
                    start=span.start,
                    end=span.end,
                    inside=span.start,
                    pieces=tuple(scanned.pieces),
                    look=partial(Around, Origin("code", "bash")),
                    source=data,
                )
            )
        return found

    def comments(self, data: bytes) -> list[Comment]:  # noqa: ARG002
        """Return none: a hash sign may be a prompt's."""
        return []
