"""Finds the packages. All else is in `pyproject.toml`."""

from setuptools import find_packages, setup

# The grammar lives at the top of the repository, where no search for packages looks.
setup(packages=[*find_packages("src"), "flaglift.grammar"])
