"""The one place that imports Arrow, and says what to install where it is missing."""

from flaglift.errors import InputError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
except ImportError:
    raise InputError("columns need the extra `arrow`: pip install 'flaglift[arrow]'") from None

__all__ = ["pa", "pc"]
