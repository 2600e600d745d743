"""The only module that imports Arrow; if it is missing, says what to install."""

from flaglift.errors import InputError

try:
    import pyarrow as pa
    import pyarrow.compute as pc
except ImportError:
    raise InputError("columns need the extra `arrow`: pip install 'flaglift[arrow]'") from None

__all__ = ["pa", "pc"]
