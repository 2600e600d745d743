"""What flaglift raises.

    FlagliftError
    ├── ConfigError     a configuration file, option or overlay that cannot be used
    ├── CatalogError    catalog data that does not validate, or a date before the first edition
    ├── InputError      a file or value that cannot be read as what it should be
    └── LoweringError   fields that the legacy dialect cannot express

A prompt never raises: whatever its text, it parses, and what is wrong with it is a diagnostic.
"""


class FlagliftError(Exception):
    """Base of all errors raised on purpose; its text is one sentence meant for the user."""


class ConfigError(FlagliftError):
    """A configuration file, an option or an overlay file cannot be used."""


class CatalogError(FlagliftError):
    """Catalog data does not validate, or no edition exists for the date asked for."""


class InputError(FlagliftError):
    """A file, a stream or a value given by the user cannot be read as what it should be."""


class LoweringError(FlagliftError):
    """The legacy dialect has no way to write these fields (dialect section 4.3)."""


def reason(error: OSError) -> str:
    """Return why a file, a stream or a connection failed, as the end of a sentence.

    >>> reason(FileNotFoundError(2, "No such file or directory"))
    'no such file or directory'
    """
    return (error.strerror or str(error)).lower()
