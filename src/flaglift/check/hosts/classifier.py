"""Is it a prompt? Evidence for and against, each with its points; two points make a prompt.

The flags' names are those of many programs, so a flag alone says nothing. What says something is
where a string stands and what else it says.
"""

from flaglift.check.hosts.base import Decision, Literal
from flaglift.check.hosts.surroundings import surroundings
from flaglift.check.hosts.wording import wording

ENOUGH = 2


def classify(literal: Literal) -> Decision:
    """Return whether a literal that holds something like a flag is a prompt, with the evidence."""
    reasons = (*surroundings(literal), *wording(literal))
    score = sum(reason.points for reason in reasons)
    return Decision(score >= ENOUGH, score, reasons)
