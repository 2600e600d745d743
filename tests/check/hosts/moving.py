"""The one prompt of a document, and the document after its flags moved to fields."""

from flaglift.check.hosts.base import Literal, LiteralChange
from flaglift.check.hosts.finding import candidates
from flaglift.check.hosts.lifting import lift_literal
from flaglift.check.hosts.registry import host_named
from flaglift.check.hosts.rewriting import rewrite
from flaglift.settings import DEFAULT


def only(name: str, source: str) -> Literal:
    ((literal, decision),) = candidates(source.encode(), host_named(name))
    assert decision.taken
    return literal


def moved(name: str, source: str) -> str:
    change = lift_literal(only(name, source), DEFAULT)
    assert isinstance(change, LiteralChange)
    done = rewrite(source.encode(), host_named(name), [change])
    assert not done.refused, done.refused
    return done.data.decode()
