"""A parsed file: its prompts, and the codes to suppress for each of them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

from flaglift.check.directives import (
    MARK,
    UNREAD,
    Directive,
    code_of,
    directives,
    judged,
    passing,
    settle,
    unread_spot,
)
from flaglift.check.file_settings import Suppression
from flaglift.check.hosts.base import HOLE, Candidate, Host, Literal, UnreadPlace
from flaglift.check.hosts.checking import request_of
from flaglift.check.hosts.finding import candidates, comments, literals_of
from flaglift.check.hosts.unread import unread
from flaglift.check.job import FileJob
from flaglift.check.nearby import Holders, NearbyDirectives
from flaglift.linting.engine import subjects_of
from flaglift.report.candidates import CandidateReport
from flaglift.report.places import LineIndex
from flaglift.syntax import Prompt
from flaglift.syntax.nodes import Flag, Text

_WHITESPACE = re.compile("[ \t\r\n]+")  # word separators of the dialect (section 1.1)
_LONGEST_EXCERPT = 60


class FilePrompt(NamedTuple):
    """A literal that is a prompt, and the codes to suppress for it."""

    literal: Literal
    fingerprint: str
    suppressing: Mapping[str, Sequence[Directive | Suppression]]
    """For each code, the directive that suppresses it."""


class PromptFile:
    """A parsed file, with everything known about it before the rules run."""

    def __init__(self, data: bytes, host: Host, job: FileJob) -> None:
        self.data = data
        self.host = host
        self.job = job
        self.lines: LineIndex = LineIndex(data)
        said = comments(data, host) if MARK in data else []
        self.directives: list[Directive] = directives(
            said, data, self.lines, require_reason=job.require_reason
        )
        self._nearby = NearbyDirectives(self.directives, self.lines)
        self.candidates: list[Candidate] = candidates(data, host)
        taken = (each.literal.place for each in self.candidates if each.decision.taken)
        settle(self.directives, taken if self.directives else (), self.lines)
        self.judged: frozenset[str] = judged(job.settings)

    def prompts(self) -> Iterator[FilePrompt]:
        """Yield the literals that are prompts."""
        for literal, decision in self.candidates:
            if decision.taken:
                yield self._prompt(literal)

    def unread(self) -> Iterator[tuple[UnreadPlace, Sequence[Directive | Suppression]]]:
        """Yield the places that were not read, in order, each with what suppresses it."""
        places = unread(self.data, self.host)
        holders = Holders(literals_of(self.host, self.data) if places else ())
        for place in places:
            spot = unread_spot(place.start, holders.of(place.start))
            directives_near = self._nearby.of(spot)
            yield place, passing(spot, directives_near, self.job.suppressions, self.lines)

    def _prompt(self, literal: Literal) -> FilePrompt:
        identity = fingerprint(literal.prompt)
        suppressing: dict[str, list[Directive | Suppression]] = {}
        for directive in self._nearby.of(literal) if self.directives else ():
            for code in directive.codes_for(literal, self.lines):
                suppressing.setdefault(code, []).append(directive)
        line = self.lines.line_of(literal.place.start)
        for suppression in self.job.suppressions:
            if suppression.at in (None, line, literal.pointer) and suppression.prompt in (
                None,
                identity,
            ):
                for rule in suppression.rules:
                    suppressing.setdefault(code_of(rule), []).append(suppression)
        suppressing.pop(UNREAD, None)  # it is no rule
        return FilePrompt(literal, identity, suppressing)

    def describe(self, candidate: Candidate, identity: str | None) -> CandidateReport:
        """Describe a candidate; `identity` is its fingerprint if it is a prompt."""
        literal, decision = candidate
        point = self.lines.point(literal.place.start)
        models, cents = self._video(literal) if decision.taken else ([], None)
        flags = literal.prompt.flags if decision.taken else ()
        text = " ".join(literal.text.replace(HOLE, "{…}").split())
        cut = len(text) > _LONGEST_EXCERPT
        return CandidateReport(
            self.job.shown,
            point.line,
            point.column,
            " > ".join(literal.hosts),
            literal.pointer,
            identity or "",
            text[: _LONGEST_EXCERPT - 1] + "…" if cut else text,
            decision.taken,
            decision.score,
            [(reason.points, reason.text) for reason in decision.reasons],
            models,
            [f"--{flag.name}" for flag in flags],
            cents,
        )

    def _video(self, literal: Literal) -> tuple[list[str], float | None]:
        """Return the models that its videos name, and their price in cents if known."""
        subjects = subjects_of(literal.text, literal.prompt, self.job.settings, request_of(literal))
        videos = [subject for subject in subjects if subject.is_clear_video]
        named = [subject.model_name for subject in videos if subject.model_name]
        models = [name for name in named if HOLE not in name]
        prices = [subject.price_cents for subject in videos]
        known = bool(prices) and None not in prices and not literal.holes
        return models, float(sum(price for price in prices if price)) if known else None


def fingerprint(prompt: Prompt) -> str:
    r"""Return an identifier of a prompt that survives moving, re-quoting, and changes of spacing.

    It is 16 hexadecimal digits of its AST's hash: flag values count by meaning, words by spelling,
    and whitespace between them not at all.

    >>> from flaglift import parse
    >>> first = fingerprint(parse("a cat --duration 5"))
    >>> first == fingerprint(parse(' a  cat\t--duration="5" '))
    True
    >>> first == fingerprint(parse("a cat --duration 6"))
    False
    """
    parts = list(_parts(prompt))
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _parts(prompt: Prompt) -> Iterator[list[str | None]]:
    for node in prompt.nodes:
        if isinstance(node, Flag):
            yield [node.name.value, node.value.text if node.value else None]
            continue
        raw = _WHITESPACE.sub(" ", node.raw).strip(" ")
        if raw or not isinstance(node, Text):
            yield [type(node).__name__, raw]
