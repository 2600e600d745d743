"""Explanations of flags, models, lengths, references and rules, in Markdown."""

from flaglift.catalog import Catalog, Model, Status
from flaglift.documentation import rule_link
from flaglift.rules.base import Rule, cents
from flaglift.rules.pages import sections, summary
from flaglift.rules.subject import ASSUMED, Subject
from flaglift.syntax.flags import FlagName
from flaglift.syntax.nodes import Reference

_MEANINGS = {
    FlagName.VIDEO: ("Asks for a video.", "2.4, 3.1"),
    FlagName.VIDEO_MODEL: ("Names the model that makes the video.", "2.3, 3.2"),
    FlagName.VIDEO_PROMPT: ("Says what the video shows; without it, the image prompt does.", "3.3"),
    FlagName.DURATION: ("The length of the video, in whole seconds.", "2.7, 3.4"),
}
"""The meaning of flags, and the dialect sections that define it; others are named by field."""


def of_flag(flag: FlagName) -> str:
    """Return the meaning of a flag."""
    field = f"Form field: `{flag.field}`." if flag.field else "It has no form field of its own."
    if flag not in _MEANINGS:
        return f"**`{flag.word}`** — {field}"
    meaning, ground = _MEANINGS[flag]
    return f"**`{flag.word}`** — {meaning}\n\n{field} Dialect, section {ground}."


def lengths(model: Model) -> str:
    """Return the lengths that a model supports."""
    if model.durations is None:
        return "not published"
    return str(model.durations)


def price(model: Model, seconds: int | None) -> str:
    """Return the price of a video; empty if unknown."""
    known = model.price_cents(seconds)
    length = model.default_seconds if seconds is None else seconds
    if known is None:
        return ""
    note = f" ({ASSUMED})" if model.is_price_assumed(seconds) else ""
    return f"{cents(known)} for {length} s{note}"


def of_model(name: str, catalog: Catalog, seconds: int | None) -> str:
    """Return a model's status in the catalog, with its lengths and prices."""
    standing = catalog.find(name)
    edition = f"Edition of {catalog.edition.date}."
    if standing.status is Status.RETIRED:
        heir = standing.successor
        successor = f" Successor: `{heir.name}`." if heir else ""
        if heir and heir.seconds:
            successor = f" Successor: `{heir.name}` with {heir.seconds} s."
        return f"**{name}** — retired; last listed on {standing.until}.{successor} {edition}"
    model = standing.model
    if model is None:
        close = f" Did you mean `{standing.suggestion}`?" if standing.suggestion else ""
        return f"**{name}** — not in the catalog.{close} {edition}"
    lines = [f"**{name}**", f"- lengths: {lengths(model)}"]
    if written := price(model, seconds):
        lines.append(f"- price: {written}")
    if model.capabilities:
        lines.append(f"- can: {', '.join(sorted(model.capabilities)).replace('_', ' ')}")
    return "\n".join([*lines, "", edition])


def of_length(subject: Subject) -> str:
    """Return the meaning of a video's length for the chosen model."""
    model = subject.model
    if model is None:
        return of_flag(FlagName.DURATION)
    made = f"**{model.name}** makes {lengths(model)}."
    cost = price(model, subject.duration)
    return f"{made} {cost[:1].upper()}{cost[1:]}." if cost else made


def of_reference(reference: Reference) -> str:
    """Return the explanation of a reference."""
    what = "A LoRA" if reference.kind == "lora" else "A face"
    weight = "no weight is written" if reference.weight is None else f"weight {reference.weight:g}"
    return f"{what}, `{reference.id}`, {weight}. It stays in the text. Dialect, section 5.1."


def of_rule(rule: Rule) -> str:
    """Return a rule's summary, with a link to its page."""
    why = " ".join(sections(rule)["Why"].split())
    return f"**[{rule.code}]({rule_link(rule.code)}) {rule.name}** — {summary(rule)}\n\n{why}"
