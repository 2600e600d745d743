"""The paths of tables and pairs in TOML: their keys, dotted or quoted, and indices."""

from typing import NamedTuple

from tree_sitter import Node

Path = tuple[str | int, ...]


class Link(NamedTuple):
    """The last part of a path, linked to the part before it."""

    above: "Link | None"
    keys: Path

    def path(self) -> Path:
        """Return the whole path."""
        links: list[Link] = [self]
        while (above := links[-1].above) is not None:
            links.append(above)
        return tuple(key for link in reversed(links) for key in link.keys)


def keys_of(node: Node) -> Path:
    """Return the keys of a bare, quoted or dotted key."""
    if node.type == "dotted_key":
        return tuple(key for child in node.named_children for key in keys_of(child))
    text = (node.text or b"").decode()
    return (text.strip("\"'") if node.type == "quoted_key" else text,)


def indexed(path: Path, arrays: dict[Path, int]) -> Path:
    """Return the path of a table with the index of each array of tables on it."""
    result: list[str | int] = []
    for length in range(1, len(path) + 1):
        result.append(path[length - 1])
        if path[:length] in arrays:
            result.append(arrays[path[:length]])
    return tuple(result)
