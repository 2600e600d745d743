"""The options of curl that add a field to a request, and the values that they treat specially."""

import re

DATA_OPTIONS = frozenset({"-d", "--data", "--data-raw", "--data-ascii", "--data-binary"})
"""Take URL-encoded fields."""
BODY_OPTIONS = DATA_OPTIONS | {"--post-data", "--body-data"}
"""Take URL-encoded fields; those of wget all of them at once."""
FILE_OPTIONS = frozenset({"-F", "--form"})
"""Take a field, or the name of a file with its value."""
PLAIN_OPTION = "--form-string"
"""Takes a field as it is."""
FORM_OPTIONS = DATA_OPTIONS | FILE_OPTIONS | {PLAIN_OPTION, "--data-urlencode"}

SPECIAL = "curl gives `@`, `<`, `;` and quotes in it a meaning"

_SPECIAL = re.compile(r'[@<"]|.*;', re.DOTALL)


def is_special(option: str, value: str) -> bool:
    """Return whether an option treats a field's value as something other than text.

    >>> is_special("-F", "@clip.mp4"), is_special("--form-string", "@clip.mp4")
    (True, False)
    """
    return option in FILE_OPTIONS and _SPECIAL.match(value) is not None
