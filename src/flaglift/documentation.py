"""Where the documentation is: the copy that is installed, and its address on the web."""

from functools import cache
from importlib.metadata import metadata
from pathlib import Path

_SITE = Path(__file__).parent / "site"
_RULES = "reference/generated/rules"
_START = "index.html"


def rule_url(code: str) -> str:
    """Return the address of a rule's page on the web, for reports that others read elsewhere.

    >>> rule_url("FL402").endswith("/reference/generated/rules/FL402.html")
    True
    """
    return f"{_address()}/{rule_page(code)}"


@cache
def rule_link(code: str) -> str:
    """Return the address of a rule's page for who sits at this machine: the installed copy's."""
    installed = installed_page(code)
    return installed.as_uri() if installed else rule_url(code)


def installed_page(code: str | None = None) -> Path | None:
    """Return the file of a rule's page, or the first page; None where no copy is installed."""
    path = _SITE / (_START if code is None else rule_page(code))
    return path if path.is_file() else None


def web_page(code: str | None = None) -> str:
    """Return the address of a rule's page, or the first page, on the web."""
    return f"{_address()}/{_START}" if code is None else rule_url(code)


def rule_page(code: str) -> str:
    """Return the path of a rule's page on the site."""
    return f"{_RULES}/{code}.html"


@cache
def _address() -> str:
    """Return the address of the documentation, as `pyproject.toml` has it."""
    urls: list[str] = metadata("flaglift").get_all("Project-URL") or []
    addresses: dict[str, str] = dict(url.split(", ", 1) for url in urls)
    return addresses["Documentation"].rstrip("/")
