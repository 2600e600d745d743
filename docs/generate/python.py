"""The Python interface, from the docstrings of all public names."""

import ast
import inspect
from importlib import import_module
from itertools import pairwise
from typing import Any

from generate.markdown import document, fenced, toctree

MODULES = {
    "flaglift": "Read, lint, fix and translate prompts.",
    "flaglift.columns": "Whole columns of prompts, with Apache Arrow.",
    "flaglift.columns.spark": "Columns on a cluster, with Spark.",
    "flaglift.shim": "How requests are translated: modes and policies.",
    "flaglift.shim.httpx": "A transport for httpx and httpx2 clients.",
    "flaglift.shim.requests": "An adapter for requests sessions.",
    "flaglift.shim.asgi": "A middleware for ASGI apps.",
    "flaglift.shim.wsgi": "A middleware for WSGI apps.",
    "flaglift.catalog": "The dated model catalog.",
    "flaglift.migrate.own": "What a store of your own implements.",
    "flaglift.rules.base": "What a rule is made of.",
}
"""The modules that programs import, and what each is for."""

_NEEDS_SPARK = {"flaglift.columns.spark": ["translate_udf"]}
"""Modules that cannot be imported without Spark, and their public names."""


def pages() -> dict[str, str]:
    """Return a page for each module."""
    lines = [f"- [`{name}`]({name}.md): {what}" for name, what in MODULES.items()]
    sections = (
        "Numbers such as (5.2) are sections of [the dialect](../../../explanation/dialect.md)."
    )
    index = document("# Python", "\n".join(lines), sections, toctree(MODULES))
    return {"python/index.md": index} | {
        f"python/{name}.md": _module(name, what) for name, what in MODULES.items()
    }


def public(module: str) -> list[str]:
    """Return the public names of a module, in order."""
    loaded = import_module(module)
    listed: list[str] | None = getattr(loaded, "__all__", None)
    if listed is not None:
        return sorted(name for name in listed if _is_ours(getattr(loaded, name)))
    return sorted(
        name
        for name, value in vars(loaded).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == module
    )


def _is_ours(value: Any) -> bool:
    """Tell whether a value is not a class of the standard library that a module hands on."""
    return not inspect.isclass(value) or value.__module__.startswith("flaglift")


def _module(name: str, what: str) -> str:
    return document(f"# `{name}`", what, *(_entry(name, each) for each in _names(name)))


def _first_home(value: Any) -> str:
    """Return the first of the modules that has the value as a public name."""
    return next(
        module
        for module in MODULES
        if module not in _NEEDS_SPARK
        and any(getattr(import_module(module), name) is value for name in public(module))
    )


def _names(module: str) -> list[str]:
    return _NEEDS_SPARK.get(module) or public(module)


def _entry(module: str, name: str) -> str:
    if module in _NEEDS_SPARK:
        return _described("autofunction", module, name)
    value: Any = getattr(import_module(module), name)
    home = _first_home(value)
    if home != module:
        return f"## `{name}`\n\nDescribed under [`{home}`]({home}.md)."
    if inspect.isclass(value):
        return _described("autoclass", module, name, ":members:", ":undoc-members:")
    if callable(value):
        return _described("autofunction", module, name)
    text = _constant_text(module, name)
    return _described("py:data", module, name, "", *text.splitlines())


def _constant_text(module: str, name: str) -> str:
    """Return what stands under a constant where it is assigned: autodoc would show its type's."""
    body = ast.parse(inspect.getsource(import_module(module))).body
    for node, after in pairwise(body):
        if isinstance(node, ast.ImportFrom) and any(each.name == name for each in node.names):
            return _constant_text(str(node.module), name)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return inspect.cleandoc(ast.literal_eval(ast.unparse(after)))
    raise LookupError(f"{module}.{name} has no text")


def _described(directive: str, module: str, name: str, *options: str) -> str:
    lines = [f".. {directive}:: {module}.{name}", *(f"   {option}" for option in options)]
    return f"## `{name}`\n\n" + fenced("\n".join(lines), "{eval-rst}")
