"""What is installed together with flaglift, under which licences."""

from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from generate.markdown import document, prose, table

OF_THE_PROJECT = {"dev", "dev-recipes", "dev-spark", "docs"}
"""Extras that only those need who work on flaglift."""

_ELSEWHERE = {"py4j": "BSD-3-Clause", "pyspark": "Apache-2.0"}
"""The licences of what this environment does not hold: it has one of its own."""

_CLASSIFIER = "License :: OSI Approved :: "


def pages() -> dict[str, str]:
    """Return the page of dependencies."""
    rows = [
        (f"`{name}`", ", ".join(f"`{extra}`" for extra in extras) or "always", prose(licence))
        for name, extras, licence in dependencies()
    ]
    return {
        "dependencies.md": document(
            "# Dependencies",
            "These packages are installed with flaglift, or with one of its extras. Licences are "
            "those that the packages state. The lower bounds are in `pyproject.toml`; the versions "
            "that the tests were last run with are in `tests/constraints.txt`.",
            table(("package", "installed with", "licence"), rows),
        )
    }


def dependencies() -> Iterator[tuple[str, list[str], str]]:
    """Yield each package with the extras that need it (none: always needed) and its licence."""
    flaglift = distribution("flaglift")
    extras = set(flaglift.metadata.get_all("Provides-Extra", [])) - OF_THE_PROJECT
    always = _needed("flaglift", "")
    for_extra = {extra: _needed("flaglift", extra) - always for extra in sorted(extras)}
    for name in sorted(always.union(*for_extra.values())):
        needed = [extra for extra, names in for_extra.items() if name in names]
        yield name, needed, licence(name)


def _needed(package: str, extra: str) -> set[str]:
    """Return all packages that a package needs with an extra, directly or not."""
    seen: set[tuple[str, str]] = set()
    waiting = [(package, extra)]
    while waiting:
        name, with_extra = entry = waiting.pop()
        if entry in seen:
            continue
        seen.add(entry)
        try:
            wanted = [Requirement(each) for each in distribution(name).requires or ()]
        except PackageNotFoundError:
            if name not in _ELSEWHERE:
                raise
            continue
        for each in wanted:
            if each.marker is None or each.marker.evaluate({"extra": with_extra}):
                waiting += [(canonicalize_name(each.name), extra) for extra in each.extras or {""}]
                waiting.append((canonicalize_name(each.name), ""))
    return {name for name, _ in seen} - {package}


def licence(name: str) -> str:
    """Return the licence that a package states."""
    if name in _ELSEWHERE:
        return _ELSEWHERE[name]
    return _stated(distribution(name))


def _stated(package: Distribution) -> str:
    def field(name: str) -> list[str]:
        return package.metadata.get_all(name) or []

    classifiers = [
        each.removeprefix(_CLASSIFIER)
        for each in field("Classifier")
        if each.startswith(_CLASSIFIER)
    ]
    # Some packages write the whole text of the licence where its name belongs.
    written = [each.partition("\n")[0] for each in field("License")]
    return ", ".join(field("License-Expression") or classifiers or written) or "not stated"
