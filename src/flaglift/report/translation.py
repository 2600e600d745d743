"""A translation for people, or as a request for programs."""

from collections.abc import Mapping, Sequence
from typing import Any

from flaglift.catalog import load_catalog
from flaglift.context import Context
from flaglift.emit.form import form_value
from flaglift.emit.request import curl_command, form_pairs, python_snippet
from flaglift.emit.translation import Translation, TranslationStatus
from flaglift.errors import InputError
from flaglift.report.findings import print_findings
from flaglift.report.output import put
from flaglift.report.terminal import say
from flaglift.rules.base import cents
from flaglift.rules.subject import ASSUMED
from flaglift.settings import Settings
from flaglift.syntax import FlagName

LEGACY_SYNTAX = "FL001"

_SAYS = {
    TranslationStatus.UNCHANGED: "unchanged: no flags of the legacy dialect are read in it",
    TranslationStatus.REFUSED: "refused: nothing was translated, for the reasons above",
}


def as_text(translations: Sequence[Translation], prompt: str, settings: Settings) -> None:
    """Print fields one per line, with the price; findings go to standard error."""
    for number, translation in enumerate(translations, 1):
        if len(translations) > 1:
            say((f"keyframe {number}", "bold"))
        if translation.status is TranslationStatus.TRANSLATED:
            _print_fields(translation, settings)
        _print_reasons(translation, prompt)
        if translation.status is not TranslationStatus.TRANSLATED:
            say(_SAYS[translation.status], error=True)


def as_request(
    translations: Sequence[Translation], prompt: str, form: str, context: Context
) -> None:
    """Print each translation as form pairs, a curl command or Python; findings to standard error.

    The request's other fields and files are included. Raises `InputError` for a field that the
    format cannot express.
    """
    given = {name: value for name, value in context.given.items() if value}
    files = {name: value[1:] for name, value in given.items() if value.startswith("@")}
    values = {name: value for name, value in given.items() if name not in files}
    write = {"form": _form, "curl": curl_command, "python": python_snippet}[form]
    requests = []
    for translation in translations:
        _print_reasons(translation, prompt)
        if translation.status is TranslationStatus.REFUSED:
            say(_SAYS[translation.status], error=True)
        else:
            requests.append(write({**values, **translation.values}, files))
    if requests:
        put("\n\n".join(requests) + "\n")


def _form(values: Mapping[str, Any], files: Mapping[str, str]) -> str:
    pairs = form_pairs({**values, **{name: f"@{path}" for name, path in files.items()}})
    for name, value in pairs:
        if "\n" in value or "\r" in value:
            raise InputError(f"{name} has several lines; use --format json, curl or python")
    return "\n".join(f"{name}={value}" for name, value in pairs)


def _print_fields(translation: Translation, settings: Settings) -> None:
    values = translation.values
    width = max(len(name) for name in values) + 2
    for name, value in values.items():
        head = name.ljust(width)
        for line in form_value(value).split("\n"):
            say((head, "bold"), line.removesuffix("\r"))
            head = " " * width
    model = (
        load_catalog(settings.edition, settings.overlay)
        .find(values[FlagName.VIDEO_MODEL.field])
        .model
    )
    duration = values.get(FlagName.DURATION.field)
    price = model.price_cents(duration) if model else None
    if price is not None:
        note = f" ({ASSUMED})" if model and model.is_price_assumed(duration) else ""
        say(("price".ljust(width), "dim"), f"{cents(price)}{note}")


def _print_reasons(translation: Translation, prompt: str) -> None:
    # A shown translation already implies the finding that fields can replace the flags.
    shown = translation.status is TranslationStatus.TRANSLATED
    reasons = [each for each in translation.diagnostics if not shown or each.code != LEGACY_SYNTAX]
    print_findings(reasons, prompt)
