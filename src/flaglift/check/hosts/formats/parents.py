"""The nodes above a node. The parser looks for each from the root on, so they are kept."""

from collections.abc import Iterator

from tree_sitter import Node

from flaglift.check.hosts.documents import per_document
from flaglift.check.hosts.patience import check_patience

_MOST = 1 << 13
"""How many nodes above others are kept: those around one prompt are mostly those of the next."""


@per_document(_MOST)
def parent_of(node: Node) -> Node | None:
    """Return the node above a node; None above the root."""
    return node.parent


def ancestors(node: Node) -> Iterator[Node]:
    """Yield the ancestors of a node, the nearest first."""
    above = parent_of(node)
    while above is not None:
        check_patience()
        yield above
        above = parent_of(above)


def nearest(node: Node, kinds: tuple[str, ...], data: bytes) -> Node | None:
    """Return the nearest ancestor of some types in the tree of a document; None without one.

    What is above the nodes on the way is kept, so that a deep tree is climbed once.
    """
    known = _known(data, kinds)
    way: list[Node] = []
    found = None
    for above in ancestors(node):
        if above in known or above.type in kinds:
            found = known.get(above, above)
            break
        way.append(above)
    known.update(dict.fromkeys(way, found))
    return found


@per_document(8)
def _known(data: bytes, kinds: tuple[str, ...]) -> dict[Node, Node | None]:  # noqa: ARG001
    """Return what is known of a document, by the nodes on the ways that were climbed."""
    return {}
