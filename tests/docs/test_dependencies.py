"""What is installed with flaglift is listed, under a licence that its users can accept."""

import runpy
from importlib.metadata import distribution
from pathlib import Path

from generate.dependencies import OF_THE_PROJECT, dependencies, licence
from packaging.requirements import Requirement

ACCEPTED = ("Apache", "BSD", "LGPL", "MIT", "MPL", "PSF")
"""Licences that let a program of any licence use the package as it is."""
NOXFILE = Path(__file__).parents[2] / "noxfile.py"


def test_each_dependency_is_listed_under_an_accepted_licence() -> None:
    listed = {name: stated for name, _, stated in dependencies()}
    direct = {Requirement(each) for each in distribution("flaglift").requires or ()}
    of_users = {
        each.name.lower()
        for each in direct
        if each.marker is None
        or not any(each.marker.evaluate({"extra": extra}) for extra in OF_THE_PROJECT)
    }
    assert of_users - {"flaglift"} <= listed.keys()
    assert {"click", "psycopg-binary", "pyspark", "pydantic-core"} <= listed.keys()
    assert not [(name, stated) for name, stated in listed.items() if not _accepted(stated)]


def test_a_licence_that_is_not_stated_is_no_accepted_one() -> None:
    assert _accepted(licence("psycopg"))
    assert not _accepted("not stated")
    assert not _accepted("GPL-3.0-only")
    assert not _accepted("GNU AGPL")


def test_what_needs_which_extra_is_told() -> None:
    extras = {name: needed for name, needed, _ in dependencies()}
    assert extras["click"] == []
    assert extras["pyarrow"] == ["arrow", "parquet", "spark"]
    assert extras["tree-sitter"] == ["hosts", "lsp"]


def test_the_environments_of_nox_hold_what_users_can_install() -> None:
    extras = set(distribution("flaglift").metadata.get_all("Provides-Extra", []))
    named = set(runpy.run_path(str(NOXFILE))["EXTRAS"])
    assert named == extras - OF_THE_PROJECT - {"parquet"}, "`parquet` is another name of `arrow`"


def _accepted(stated: str) -> bool:
    words = stated.replace("(", " ").replace(")", " ").replace(",", " ").split()
    return any(word.startswith(ACCEPTED) for word in words)
