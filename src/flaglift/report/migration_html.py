"""A plan as a single HTML page: without scripts or external resources, with a dark mode."""

import html
from collections.abc import Mapping
from difflib import SequenceMatcher
from math import pi
from typing import Any

from flaglift.documentation import rule_url
from flaglift.report.escaping import harmless
from flaglift.report.migration import OUTCOMES, is_rule, money, rule_name, serious

_COLOURS = {
    "translated": "#2f9e62",
    "unchanged": "#9aa3af",
    "refused": "#e0a021",
    "problems": "#d64545",
    "without": "#cdd3da",
}
_MOST_ROWS = 12
_RADIUS = 70

_STYLE = """
:root { --ink: #1d2430; --soft: #667085; --line: #e3e7ed; --page: #f6f7f9; --card: #fff;
  --bar: #4b6bdc; --gone: #fbdcdc; --new: #d8f3e2 }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaf0; --soft: #9aa5b5; --line: #2c3440;
  --page: #12161c; --card: #1a2029; --bar: #7d97f0; --gone: #5a2a2e; --new: #1f4a33 } }
* { box-sizing: border-box }
body { margin: 0; padding: 2rem 1.5rem 4rem; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif }
main { max-width: 68rem; margin: auto }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere }
h2 { font-size: 1rem; margin: 0 0 .8rem }
.sub { color: var(--soft); margin: .2rem 0 1.5rem }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: .7rem;
  padding: 1.2rem; min-width: 0 }
.wide { grid-column: 1 / -1 }
.outcomes { display: flex; gap: 1.5rem; align-items: center; flex-wrap: wrap }
.outcomes svg { width: 11rem; flex: none }
.big { font-size: 1.9rem; font-weight: 650; line-height: 1.2 }
table { border-collapse: collapse; width: 100% }
td { padding: .22rem .5rem .22rem 0; vertical-align: middle }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; width: 1% }
td.name { width: 1%; white-space: nowrap }
.bar { background: var(--bar); height: .6rem; border-radius: .3rem; min-width: 2px }
.dot { display: inline-block; width: .7rem; height: .7rem; border-radius: 50%;
  margin-right: .5rem }
.soft { color: var(--soft) }
.sample { border-top: 1px solid var(--line); padding: .8rem 0 }
.sample:first-of-type { border-top: 0; padding-top: 0 }
.text { font-family: ui-monospace, monospace; font-size: 13px; white-space: pre-wrap;
  overflow-wrap: anywhere; margin: .3rem 0 }
del { background: var(--gone); text-decoration: none; border-radius: .2rem }
ins { background: var(--new); text-decoration: none; border-radius: .2rem; padding: 0 .2rem }
a { color: inherit }
ul { margin: 0; padding-left: 1.1rem }
.tag { font-size: 12px; border-radius: 1rem; padding: .1rem .6rem; color: #fff }
"""


def page(document: Mapping[str, Any]) -> str:
    """Return a plan as an HTML document."""
    counts = document["counts"]
    cards = [
        _outcomes(counts),
        _facts(counts),
        _ranked("Refused, by reason", counts["refusals"], names=True),
        _ranked("Translated with findings", serious(counts["findings"]), names=True),
        _ranked("Unknown or retired models", document.get("refused_models", {})),
        _ranked("Models", counts["models"]),
        _ranked("Length in seconds", counts["seconds"]),
        _list("Notes", [_escaped(note) for note in document["notes"]]),
        _problems(document),
        _samples(document),
    ]
    title = f"Migration plan: {_escaped(document['source'])}"
    unfinished = "" if document["complete"] else " · stopped before the end"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{title}</h1><p class="sub">{counts["records"]:,} records read'
        f" · {_escaped(document['at'])} · flaglift {_escaped(document['flaglift'])}{unfinished}</p>"
        f'<div class="grid">{"".join(cards)}</div></main></body></html>'
    )


def _code(code: str) -> str:
    """Return a code, with a link to its page if it is a rule's."""
    if not is_rule(code):
        return _escaped(code)
    return f'<a href="{_escaped(rule_url(code))}">{_escaped(code)}</a>'


def _escaped(text: str) -> str:
    return html.escape(harmless(text))


def _outcomes(counts: Mapping[str, Any]) -> str:
    total = sum(counts[name] for name, _, _ in OUTCOMES) or 1
    length = 2 * pi * _RADIUS
    arcs: list[str] = []
    rows: list[str] = []
    begun = 0.0
    for name, title, _ in OUTCOMES:
        count = counts[name]
        if not count:
            continue
        part = count / total * length
        arcs.append(
            f'<circle r="{_RADIUS}" cx="90" cy="90" fill="none" stroke="{_COLOURS[name]}"'
            f' stroke-width="26" stroke-dasharray="{part:.2f} {length:.2f}"'
            f' stroke-dashoffset="{-begun:.2f}" transform="rotate(-90 90 90)"/>'
        )
        rows.append(
            f'<tr><td class="name"><span class="dot" style="background:{_COLOURS[name]}"></span>'
            f'{title}</td><td class="n">{count:,}</td><td class="n soft">{count / total:.1%}</td>'
            "</tr>"
        )
        begun += part
    label = ", ".join(f"{counts[name]} {title}" for name, title, _ in OUTCOMES)
    chart = f'<svg viewBox="0 0 180 180" role="img" aria-label="{label}">{"".join(arcs)}</svg>'
    table = f"<div><table>{''.join(rows)}</table></div>"
    return _card("Outcome", f'<div class="outcomes">{chart}{table}</div>')


def _facts(counts: Mapping[str, Any]) -> str:
    facts = [(f"{counts['changed']:,}", "records would change")]
    if counts["priced"]:
        before, after = money(counts["cents_before"]), money(counts["cents_after"])
        amount = after if before == after else f"{before} → {after}"
        known = f"{counts['priced']:,} of {counts['translated']:,}"
        facts.append((amount, f"for one video each; the price is known for {known}"))
    conflicts = counts["refusals"].get("FL604", 0)
    if conflicts:
        facts.append((f"{conflicts:,}", "target columns already hold another value"))
    body = "".join(
        f'<p style="margin:0 0 .8rem"><span class="big">{value}</span><br>'
        f'<span class="soft">{what}</span></p>'
        for value, what in facts
    )
    return _card("Summary", body)


def _ranked(title: str, counter: Mapping[str, int], *, names: bool = False) -> str:
    if not counter:
        return ""
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    most = ranked[0][1]
    rows = "".join(
        f'<tr><td class="name">{_code(name) if names else _escaped(name)}'
        f"{f' <span class=soft>{_escaped(rule_name(name))}</span>' if names else ''}</td>"
        f'<td><div class="bar" style="width:{count / most:.1%}"></div></td>'
        f'<td class="n">{count:,}</td></tr>'
        for name, count in ranked[:_MOST_ROWS]
    )
    left = len(ranked) - _MOST_ROWS
    more = f'<p class="soft">and {left} more</p>' if left > 0 else ""
    return _card(title, f"<table>{rows}</table>{more}")


def _problems(document: Mapping[str, Any]) -> str:
    unit = _escaped(document["unit"])
    shown = [
        f"{unit} {_escaped(problem['key'])}: {_escaped(problem['problem'])}"
        for problem in document["problems"]
    ]
    return _list("Records that cannot be read", shown)


def _list(title: str, items: list[str]) -> str:
    if not items:
        return ""
    return _card(title, f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>", wide=True)


def _samples(document: Mapping[str, Any]) -> str:
    blocks = "".join(_sample(document["unit"], sample) for sample in document["samples"])
    return _card("Sample prompts", blocks, wide=True) if blocks else ""


def _sample(unit: str, sample: Mapping[str, Any]) -> str:
    place = f" · {_escaped(sample['place'])}" if sample["place"] else ""
    colour = _COLOURS[sample["status"]]
    head = (
        f'<span class="tag" style="background:{colour}">{sample["status"]}</span>'
        f' <span class="soft">{_escaped(unit)} {_escaped(sample["key"])}{place}</span>'
    )
    before = sample["before"]
    after = sample["after"].get("text", before)
    fields = "".join(
        f'<div class="text"><span class="soft">{_escaped(name)}</span>'
        f" <ins>{_escaped(str(value))}</ins></div>"
        for name, value in sample["after"].items()
        if name != "text"
    )
    reasons = "".join(
        f"<div>{_code(reason['code'])} <span class=soft>{_escaped(rule_name(reason['code']))}"
        f"</span>: {_escaped(reason['message'])}</div>"
        for reason in sample["reasons"]
    )
    return (
        f'<div class="sample">{head}<div class="text">{_marked(before, after)}</div>'
        f"{fields}{reasons}</div>"
    )


def _marked(before: str, after: str) -> str:
    """Return the old text with its removed parts marked."""
    pieces: list[str] = []
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, _, _ in matcher.get_opcodes():
        text = _escaped(before[start:end])
        pieces.append(text if kind == "equal" else f"<del>{text}</del>" if text else "")
    return "".join(pieces)


def _card(title: str, body: str, *, wide: bool = False) -> str:
    return f'<section class="card{" wide" * wide}"><h2>{title}</h2>{body}</section>'
