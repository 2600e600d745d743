"""A file that was read: its prompts, and what is let pass for each of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from flaglift.check.directives import MARK, Directive, directives
from flaglift.check.file_settings import Suppression
from flaglift.check.fingerprint import fingerprint
from flaglift.check.hosts.base import Host, Literal
from flaglift.check.hosts.finding import candidates, comments
from flaglift.check.job import Job
from flaglift.linting.engine import find_rule, selected
from flaglift.report.places import Lines


class Prompt(NamedTuple):
    """A literal that is a prompt, and the codes not to be reported about it."""

    literal: Literal
    fingerprint: str
    suppressing: Mapping[str, Sequence[Directive | Suppression]]
    """For each code, what suppresses it."""


class Document:
    """A file that was read, with all that is known of it before the rules run."""

    def __init__(self, data: bytes, host: Host, job: Job) -> None:
        self.data = data
        self.host = host
        self.job = job
        self.lines = Lines(data)
        found = comments(data, host) if MARK in data else []
        self.directives = directives(found, data, self.lines, require_reason=job.require_reason)
        self.candidates = candidates(data, host)
        self.judged = selected(job.settings.select, job.settings.ignore)

    def prompts(self) -> Iterator[Prompt]:
        """Yield the literals that are prompts."""
        for literal, decision in self.candidates:
            if decision.taken:
                yield self._prompt(literal)

    def _prompt(self, literal: Literal) -> Prompt:
        identity = fingerprint(literal.text)
        suppressing: dict[str, list[Directive | Suppression]] = {}
        for directive in self.directives:
            for code in directive.codes_for(literal, self.lines):
                suppressing.setdefault(code, []).append(directive)
        line = self.lines.line_of(literal.place.start)
        for suppression in self.job.suppressions:
            if suppression.at in (None, line, literal.pointer) and suppression.prompt in (
                None,
                identity,
            ):
                for rule in suppression.rules:
                    suppressing.setdefault(find_rule(rule).code, []).append(suppression)
        return Prompt(literal, identity, suppressing)
