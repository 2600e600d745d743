"""Whether what is configured can be used, before any file is touched."""

from flaglift.catalog import load_catalog
from flaglift.check.configuration import Configuration
from flaglift.errors import ConfigError
from flaglift.linting.engine import find_rule, selected


def validate(configuration: Configuration) -> None:
    """Raise `ConfigError` or `CatalogError` for unknown rules and unusable catalogs."""
    settings, files, source = configuration
    try:
        selected(settings.select, settings.ignore)
        for _, codes in files.per_file_ignores:
            selected((), codes)
        for suppression in files.suppressions:
            for rule in suppression.rules:
                find_rule(rule)
    except ConfigError as error:
        raise ConfigError(f"{source}: {error}" if source else str(error)) from None
    load_catalog(settings.edition, settings.overlay)
