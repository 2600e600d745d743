"""The outcome of a migration, for people."""

from collections.abc import Mapping, Sequence
from typing import Any

from flaglift.diagnostics import Severity
from flaglift.report.escaping import in_one_line
from flaglift.report.terminal import say
from flaglift.rules import RULES

_BAR = 30
_MOST_ROWS = 12
_NAMES = {rule.code: rule.name for rule in RULES}
_INFOS = frozenset(rule.code for rule in RULES if rule.severity is Severity.INFO)
_PSEUDO = {
    "no-target": "a field that has no column",
    "does-not-fit": "a value that its column cannot hold",
    "refused-by-database": "a row that the database does not take",
    "not-allowed": "a row that the account may not change",
    "not-expanded": "fields that do not hold yet what the flags say",
}
_BY_STORE = frozenset(("refused-by-database", "not-allowed"))
OUTCOMES = (
    ("translated", "translated", "green"),
    ("unchanged", "without flags", "dim"),
    ("refused", "refused", "yellow"),
    ("problems", "unreadable", "red"),
    ("without", "no prompt", "dim"),
)


def rule_name(code: str) -> str:
    """Return the name for a code.

    >>> rule_name("FL303"), rule_name("no-target")
    ('missing-model', 'a field that has no column')
    """
    return _NAMES.get(code) or _PSEUDO.get(code, "")


def is_rule(code: str) -> bool:
    """Return whether a reason's code is that of a rule, which has a page."""
    return code in _NAMES


def serious(findings: Mapping[str, int]) -> dict[str, int]:
    """Return the findings of more than info severity."""
    return {code: count for code, count in findings.items() if code not in _INFOS}


def money(cents: float) -> str:
    """Return an amount of cents as dollars.

    >>> money(123456.7)
    '$1,234.57'
    """
    return f"${cents / 100:,.2f}"


def print_plan(document: Mapping[str, Any]) -> None:
    """Print a plan."""
    counts = document["counts"]
    unfinished = "" if document["complete"] else " so far"
    say((document["source"], "bold"), f": {counts['records']:,} records read{unfinished}, ",
        f"{counts['changed']:,} would change")  # fmt: skip
    _print_outcomes(counts)
    _print_counter("Refused, by reason", counts["refusals"], names=True)
    _print_counter("Translated with findings", serious(counts["findings"]), names=True)
    _print_counter("Unknown or retired models", document.get("refused_models", {}))
    _print_counter("Models", counts["models"])
    _print_counter("Seconds", counts["seconds"])
    _print_price(counts)
    print_preflight(document["checks"])
    for problem in document["problems"][:_MOST_ROWS]:
        say((f"{document['unit']} {problem['key']}: ", "bold"), problem["problem"])
    _print_samples(document)
    if counts["changed"] and document["complete"]:
        say("nothing was written; `flaglift migrate apply` applies the plan")


_CHECKS = {"pass": "green", "note": "yellow", "refuse": "bold red"}
_STOPPED = "stopped before the end; run the same command again to resume"


def print_preflight(checks: Sequence[Mapping[str, str]]) -> None:
    """Print the checks made before the first change."""
    for check in checks:
        say((f"{check['outcome']}: ", _CHECKS[check["outcome"]]), check["sentence"])


def _print_outcomes(counts: Mapping[str, Any]) -> None:
    total = sum(counts[name] for name, _, _ in OUTCOMES) or 1
    for name, title, style in OUTCOMES:
        count = counts[name]
        if count:
            bar = "█" * max(1, round(_BAR * count / total))
            say(
                f"  {title:<14}{count:>12,} {count / total:>7.1%}  ",
                (bar, style),
            )
    if counts["without"] and counts["without"] + counts["problems"] == counts["records"]:
        say(("no record holds a prompt there: --text-column says where prompts are", "yellow"))
    if counts["mended"]:
        say(f"  {counts['mended']:,} of those translated were fixed first, or got another model")


def _print_counter(title: str, counter: Mapping[str, int], *, names: bool = False) -> None:
    if not counter:
        return
    say((title, "bold"))
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    width = max(len(name) for name, _ in ranked[:_MOST_ROWS])
    for name, count in ranked[:_MOST_ROWS]:
        meaning = f"  {rule_name(name)}" if names else ""
        say(f"  {name:<{width}}{count:>12,}{meaning}")
    if len(ranked) > _MOST_ROWS:
        say(f"  and {len(ranked) - _MOST_ROWS} more")


def _print_price(counts: Mapping[str, Any]) -> None:
    if counts["priced"]:
        before, after = money(counts["cents_before"]), money(counts["cents_after"])
        same = f"{after}, the same before and after" if before == after else f"{before} → {after}"
        known = f"known for {counts['priced']:,} of {counts['translated']:,}"
        say(("Price of one video each", "bold"), f"  {same}, {known}")


def _print_samples(document: Mapping[str, Any]) -> None:
    for sample in document["samples"]:
        place = f", {sample['place']}" if sample["place"] else ""
        say((f"{document['unit']} {sample['key']}{place}: ", "bold"), sample["status"])
        say(("  - ", "red"), in_one_line(sample["before"]))
        for name, value in sample["after"].items():
            say(("  + ", "green"), (f"{name}: ", "dim"), in_one_line(str(value)))
        for reason in sample["reasons"]:
            say(f"  {reason['code']} ", (rule_name(reason["code"]), "dim"),
                f": {reason['message']}")  # fmt: skip


def print_applied(document: Mapping[str, Any]) -> None:
    """Print the result of a run."""
    counts = document["counts"]
    did = f": {counts['records']:,} records read, {counts['changed']:,} changed"
    say((document["source"], "bold"), did, f", run {document['run']} is {document['state']}")
    _print_outcomes(counts)
    _print_counter("Refused, by reason", counts["refusals"], names=True)
    if counts["raced"] or counts["gone"]:
        say(f"changed by others meanwhile and decided again: {counts['raced']:,};"
            f" deleted: {counts['gone']:,}")  # fmt: skip
    for difference in document["differences"]:
        say(("differs from the plan: ", "yellow"), difference)
    if document["drifted"]:
        say((document["drifted"], "bold yellow"))
    for sentence in document["said"]:
        say(sentence)
    _print_left(document)
    if counts["refused"] or counts["problems"]:
        # Refusals by the store itself occur only when writing.
        verb = "apply" if _BY_STORE.intersection(counts["refusals"]) else "plan"
        lists = f"`flaglift migrate {verb} --refused FILE` lists it"
        say(f"what was not translated is as it was; {lists}")
    if document["state"] == "stopped" and not document["drifted"]:
        say(_STOPPED)


def _print_left(document: Mapping[str, Any]) -> None:
    """Print the result of the last pass over the source."""
    left = document.get("left")
    if left is None:
        return
    counted = "the source" if document["where"] is None else "the rows that --where chooses"
    kinds = ("translatable", "refused", "unreadable", "without key")
    kinds_left = ", ".join(f"{left[kind]:,} {kind}" for kind in kinds if left[kind])
    if kinds_left:
        say((f"counted in {counted} at the end, still with flags: ", "yellow"), kinds_left)
    hidden = left["hidden"]
    done = (
        "the fields hold what all flags say; the texts keep their flags until `--contract`"
        if document["step"] == "expand"
        else "no prompt holds flags any more"
    )
    if hidden:
        say(("not counted: ", "yellow"), hidden)
    elif not kinds_left:
        say((f"counted in {counted} at the end: {done}", "green"))


def print_runs(name: str, runs: Sequence[Mapping[str, Any]]) -> None:
    """Print the runs on a source."""
    if not runs:
        say(f"{name}: no run yet")
    for run in runs:
        counts = run["counts"]
        by = f" by {run['by']}" if run["by"] else ""
        say((run["run"], "bold"), f"  {run['state']}, begun {run['started']}{by},"
            f" last written {run['updated']}")  # fmt: skip
        read = f"  {counts['records']:,} records read, {counts['changed']:,} changed"
        left = f", {counts['refused']:,} prompts refused, {counts['problems']:,} records unreadable"
        say(read, left)
        if "journal_bytes" in run:
            say(f"  its journal takes {run['journal_bytes']:,} bytes")


def print_purged(document: Mapping[str, Any]) -> None:
    """Print which journals were deleted."""
    count = len(document["runs"])
    say((document["source"], "bold"), f": the journals of {count} run{'s' * (count != 1)} deleted,"
        f" {document['bytes']:,} bytes; they can no longer be undone")  # fmt: skip


def print_checks(held: Sequence[str], broken: Sequence[str]) -> None:
    """Print which checks hold, and which fail."""
    for sentence in held:
        say(("holds ", "green"), sentence)
    for sentence in broken:
        say(("BROKEN ", "bold red"), sentence)


def print_undone(document: Mapping[str, Any]) -> None:
    """Print the result of an undo."""
    for sentence in document["said"]:
        say(sentence)
    restored = f": {document['restored']:,} records restored"
    if not document["complete"]:
        say((document["source"], "bold"), restored)
        say(_STOPPED)
        return
    if not document["runs"]:
        say((document["source"], "bold"), ": there is no run to undo")
        return
    say((document["source"], "bold"), restored,
        f" of {document['runs']} run{'s' * (document['runs'] != 1)}")  # fmt: skip
    if document["left"]:
        more = ", ..." if document["left"] > len(document["keys"]) else ""
        say(f"{document['left']:,} were edited or deleted since and are as they are:"
            f" {document['unit']} {', '.join(document['keys'])}{more}")  # fmt: skip
