"""The dated catalog of video models, with their durations, prices and capabilities.

The data are TOML files next to this module: `editions/`, one file per published edition of the
service's Image2Video page, and `releases.toml`, the models that its changelog names.
"""

from flaglift.catalog.catalog import Catalog, load_catalog
from flaglift.catalog.data import edition_dates
from flaglift.catalog.durations import Durations
from flaglift.catalog.edition import Edition
from flaglift.catalog.lookup import ModelLookup, Status, Successor
from flaglift.catalog.model import Capability, Model

__all__ = [
    "Capability",
    "Catalog",
    "Durations",
    "Edition",
    "Model",
    "ModelLookup",
    "Status",
    "Successor",
    "edition_dates",
    "load_catalog",
]
