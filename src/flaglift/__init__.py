"""flaglift: legacy video flags in prompt text, read, linted and lifted into form fields.

>>> import flaglift
>>> t = flaglift.translate('a cat --video --video_model kling25 --video_prompt "it yawns"')
>>> t.status.value, t.fields.video_prompt
('translated', 'it yawns')

The names below are loaded when they are first used, so that `import flaglift` costs little.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flaglift.api import fix, lint, lower, parse, translate, translate_keyframes
    from flaglift.catalog import Catalog, Model, load_catalog
    from flaglift.context import Context
    from flaglift.diagnostics import Applicability, Diagnostic, Fix, Severity
    from flaglift.emit.fields import Fields
    from flaglift.emit.request import curl_command, form_pairs, python_snippet
    from flaglift.emit.translation import Translation, TranslationStatus
    from flaglift.errors import (
        CatalogError,
        ConfigError,
        FlagliftError,
        InputError,
        LoweringError,
    )
    from flaglift.linting.fixing import FixResult
    from flaglift.lossless.spans import Edit, Span, apply_edits
    from flaglift.settings import Settings, find_config, read_config
    from flaglift.syntax import Prompt

OLDEST_PYTHON = (3, 11, 5)
"""Before it, `re` matches too much with possessive quantifiers in others, as the grammar has them:
no flag would be read in any prompt, and a migration would say that there is nothing to do."""

if sys.version_info < OLDEST_PYTHON:
    raise ImportError(
        f"flaglift needs Python {'.'.join(map(str, OLDEST_PYTHON))} or newer, and this is"
        f" {sys.version.split()[0]}, whose regular expressions read no flags"
    )

_HOMES = {
    "Applicability": "diagnostics",
    "Catalog": "catalog",
    "CatalogError": "errors",
    "ConfigError": "errors",
    "Context": "context",
    "Diagnostic": "diagnostics",
    "Edit": "lossless.spans",
    "Fields": "emit.fields",
    "Fix": "diagnostics",
    "FixResult": "linting.fixing",
    "FlagliftError": "errors",
    "InputError": "errors",
    "LoweringError": "errors",
    "Model": "catalog",
    "Prompt": "syntax",
    "Settings": "settings",
    "Severity": "diagnostics",
    "Span": "lossless.spans",
    "Translation": "emit.translation",
    "TranslationStatus": "emit.translation",
    "apply_edits": "lossless.spans",
    "curl_command": "emit.request",
    "find_config": "settings",
    "fix": "api",
    "form_pairs": "emit.request",
    "lint": "api",
    "load_catalog": "catalog",
    "lower": "api",
    "parse": "api",
    "python_snippet": "emit.request",
    "read_config": "settings",
    "translate": "api",
    "translate_keyframes": "api",
}

__all__ = [
    "Applicability",
    "Catalog",
    "CatalogError",
    "ConfigError",
    "Context",
    "Diagnostic",
    "Edit",
    "Fields",
    "Fix",
    "FixResult",
    "FlagliftError",
    "InputError",
    "LoweringError",
    "Model",
    "Prompt",
    "Settings",
    "Severity",
    "Span",
    "Translation",
    "TranslationStatus",
    "apply_edits",
    "curl_command",
    "find_config",
    "fix",
    "form_pairs",
    "lint",
    "load_catalog",
    "lower",
    "parse",
    "python_snippet",
    "read_config",
    "translate",
    "translate_keyframes",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
