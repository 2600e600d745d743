"""The catalog: each edition as a table, and what changed between them as tables and plots."""

from itertools import pairwise
from pathlib import Path

from flaglift.catalog import Edition, edition_dates, load_catalog
from flaglift.catalog.differences import ModelDifference, differences, facts
from generate.markdown import document, prose, table, toctree

_SYNTAX = {"flags": "flags in the text", "fields": "form fields"}


def pages() -> dict[str, str]:
    """Return a page for each edition, and one on what changed."""
    editions = _editions()
    newest = editions[-1]
    rows = [(f"[{e.date}]({e.date}.md)", len(e.models), _SYNTAX[e.syntax]) for e in editions]
    index = document(
        "# The catalog",
        "Models, durations, prices and capabilities come from dated editions of the service's "
        "Image2Video page. A prompt is checked against the newest edition unless `--edition DATE` "
        f"or the setting `edition` names another. The newest edition is of **{newest.date}**.",
        table(("edition", "models", "documents"), rows),
        "[What changed between editions](changes.md)",
        toctree(["changes", *(str(edition.date) for edition in reversed(editions))]),
    )
    found = {"catalog/index.md": index, "catalog/changes.md": _changes(editions)}
    return found | {f"catalog/{edition.date}.md": _edition(edition) for edition in editions}


def _editions() -> list[Edition]:
    return [load_catalog(date).edition for date in edition_dates()]


def _edition(edition: Edition) -> str:
    rows = [(f"`{name}`", *facts(model).values()) for name, model in edition.models.items()]
    head = ("model", "durations", "price", "default", "capabilities")
    named = ", ".join(f"`{name}`" for name in edition.named)
    patterns = ", ".join(f"`{pattern}`" for _, pattern in edition.unmatched_patterns)
    return document(
        f"# Edition of {edition.date}",
        prose(edition.source),
        f"This edition documents {_SYNTAX[edition.syntax]}."
        + (
            f" Where no model is named, the service uses `{edition.default_video_model}`."
            if edition.default_video_model
            else ""
        ),
        table(head, rows),
        f"Named by the changelog and listed by no edition yet: {named}." if named else "",
        f"Published patterns that match no model: {patterns}." if patterns else "",
    )


def _changes(editions: list[Edition]) -> str:
    blocks = []
    for old, new in reversed([*pairwise(editions)]):
        blocks += [f"## {old.date} to {new.date}", *_compared(differences(old, new))]
    return document(
        "# What changed between editions",
        "`flaglift models --diff OLD NEW` prints the same in the terminal.",
        "![The price of one second, by edition](prices.svg)",
        "![The number of models, by edition](models.svg)",
        *blocks,
    )


def _compared(found: tuple[ModelDifference, ...]) -> list[str]:
    added = ", ".join(f"`{each.name}`" for each in found if each.old is None)
    removed = ", ".join(f"`{each.name}`" for each in found if each.new is None)
    rows = [(f"`{each.name}`", *change) for each in found for change in each.changes]
    return [
        f"Added: {added}." if added else "",
        f"Removed: {removed}." if removed else "",
        table(("model", "what", "before", "after"), rows) if rows else "",
        "" if found else "Nothing changed.",
    ]


def draw(folder: Path) -> None:
    """Draw the plots, the same bytes for the same editions."""
    import matplotlib as mpl  # noqa: PLC0415 (slow to load, and needed for nothing else)

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "flaglift", "svg.fonttype": "none", "font.size": 9})
    editions = _editions()
    _plot(folder / "catalog" / "prices.svg", *_prices(editions))
    counts = [(str(edition.date), float(len(edition.models))) for edition in editions]
    _plot(folder / "catalog" / "models.svg", "models listed", {"models": counts})


def _prices(editions: list[Edition]) -> tuple[str, dict[str, list[tuple[str, float]]]]:
    """Return the price of one second, of the models whose price changed."""
    series: dict[str, list[tuple[str, float]]] = {}
    for edition in editions:
        for name, model in edition.models.items():
            if model.cents_per_second is not None:
                series.setdefault(name, []).append(
                    (str(edition.date), float(model.cents_per_second))
                )
    changed = {n: points for n, points in series.items() if len({price for _, price in points}) > 1}
    return "cents for one second, where the price changed", changed


def _plot(path: Path, title: str, series: dict[str, list[tuple[str, float]]]) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415

    grey = "#808890"  # readable on a light and on a dark page
    figure, axes = plt.subplots(figsize=(7.2, 3.6), layout="constrained")
    for name, points in series.items():
        dates, values = zip(*points, strict=True)
        axes.plot(dates, values, marker="o", label=name)
    axes.set_title(title, color=grey)
    axes.set_ylim(bottom=0)
    axes.tick_params(colors=grey)
    for spine in axes.spines.values():
        spine.set_color(grey)
    if len(series) > 1:
        axes.legend(
            fontsize=7, labelcolor=grey, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5)
        )
    figure.savefig(path, transparent=True, metadata={"Date": None})
    plt.close(figure)
