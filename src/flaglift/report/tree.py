"""The AST as a tree for people and as JSON-ready values."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from flaglift.report.terminal import say
from flaglift.syntax.nodes import Node
from flaglift.syntax.prompt import Feature, Prompt


def as_dict(prompt: Prompt) -> dict[str, Any]:
    """Return the AST as JSON-ready values; positions in code points."""
    return {
        "readable": not prompt.has(Feature.UNREADABLE),
        "features": [feature.name for feature in Feature if prompt.has(feature)],
        "segments": [
            {
                "start": segment.start,
                "end": segment.end,
                "nodes": [_node(node) for node in segment.nodes],
            }
            for segment in prompt.segments
        ],
        "separators": [_node(node) for node in prompt.separators],
        "settings": [_node(node) for node in prompt.settings],
        "references": [_node(node) for node in prompt.references],
        "suspects": [_node(node) for node in prompt.suspects],
    }


def _node(node: Node) -> dict[str, Any]:
    return {"type": type(node).__name__, "start": node.start, "end": node.end, **_members(node)}


def _members(node: Node) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for member in fields(node):
        value = getattr(node, member.name)
        if isinstance(value, Node):
            value = _node(value)
        if member.name != "start":
            members[member.name] = value
    return members


class _Branch(NamedTuple):
    line: Sequence[str | tuple[str, str]]
    inner: list["_Branch"]


def print_tree(prompt: Prompt) -> None:
    """Print the AST as a tree."""
    unreadable = prompt.has(Feature.UNREADABLE)
    say("Prompt", "  (the service reads no flag in it)" if unreadable else "")
    branches = []
    for index, segment in enumerate(prompt.segments):
        if index:
            branches.append(_branch(prompt.separators[index - 1]))
        title = f"Segment {segment.start}–{segment.end}"
        branches.append(_Branch([title], [_branch(node) for node in segment.nodes]))
    for title, nodes in (
        ("Settings", prompt.settings),
        ("References", prompt.references),
        ("Looks like a flag, is text", prompt.suspects),
    ):
        if nodes:
            branches.append(_Branch([title], [_branch(node) for node in nodes]))
    _print(branches, "")


def _print(branches: Sequence[_Branch], indent: str) -> None:
    """Print branches one below the other; unlike rich's trees, without wrapping lines."""
    for branch in branches:
        last = branch is branches[-1]
        say((f"{indent}{'└── ' if last else '├── '}", "dim"), *branch.line)
        _print(branch.inner, f"{indent}{'    ' if last else '│   '}")


def _branch(node: Node) -> _Branch:
    inner = [getattr(node, member.name) for member in fields(node)]
    return _Branch(_line(node), [_branch(value) for value in inner if isinstance(value, Node)])


def _line(node: Node) -> list[str | tuple[str, str]]:
    notes = [
        f"{name}={_note(value)}"
        for name, value in _members(node).items()
        if name != "raw" and value is not None and not isinstance(value, dict)
    ]
    return [
        (type(node).__name__, "bold"),
        (f" {node.start}–{node.end} ", "dim"),
        repr(node.raw),
        (f"  {' '.join(notes)}" if notes else "", "cyan"),
    ]


def _note(value: Any) -> str:
    if isinstance(value, tuple):
        return " or ".join(map(_note, value))
    return repr(str(value)) if isinstance(value, str) else str(value)
