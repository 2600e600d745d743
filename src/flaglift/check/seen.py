"""What is known of every candidate, for `--show-prompts` and `--statistics`."""

from typing import TYPE_CHECKING

from flaglift.check.hosts.base import HOLE, Candidate, Literal
from flaglift.check.hosts.request import request_of
from flaglift.check.inspection import Seen
from flaglift.linting.engine import subjects_of
from flaglift.syntax import Prompt, parse

if TYPE_CHECKING:
    from flaglift.check.document import Document

_MOST = 60


def seen(candidate: Candidate, document: "Document", fingerprint: str | None) -> Seen:
    """Return what is known of a candidate; its fingerprint if it is a prompt."""
    literal, decision = candidate
    point = document.lines.point(literal.place.start)
    models: list[str] = []
    flags: list[str] = []
    cents = None
    if decision.taken:
        prompt = parse(literal.text)
        models, cents = _video(literal, prompt, document)
        flags = [f"--{flag.name}" for flag in prompt.flags]
    text = " ".join(literal.text.replace(HOLE, "{…}").split())
    return Seen(
        document.job.shown,
        point.line,
        point.column,
        " > ".join(literal.hosts),
        literal.pointer,
        fingerprint or "",
        text if len(text) <= _MOST else text[: _MOST - 1] + "…",
        decision.taken,
        decision.score,
        [(reason.points, reason.text) for reason in decision.reasons],
        models,
        flags,
        cents,
    )


def _video(
    literal: Literal, prompt: Prompt, document: "Document"
) -> tuple[list[str], float | None]:
    context = request_of(literal)
    subjects = subjects_of(literal.text, prompt, document.job.settings, context)
    videos = [subject for subject in subjects if subject.is_clear_video]
    named = [subject.model_name for subject in videos if subject.model_name]
    models = [name for name in named if HOLE not in name]
    prices = [subject.price_cents for subject in videos]
    known = bool(prices) and None not in prices and not literal.holes
    return models, float(sum(price for price in prices if price)) if known else None
