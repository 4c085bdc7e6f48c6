"""Show an evaluation in the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.console.output import Output
from assistant.evaluation.html_report import change_of, figure_text
from assistant.evaluation.metrics import GROUPS, TITLES
from assistant.text.counted import counted

_LISTED = 20


def show_run(run: Mapping[str, Any], output: Output) -> None:
    """Print the figures of all arms, then the differences between them."""
    suite, arms = run["suite"], run["arms"]
    output.line(
        (f"{suite['name']}: ", "bold"),
        f"{suite['answerable']} answerable questions, {suite['unanswerable']} unanswerable, "
        f"{counted(run['library']['documents'], 'document')}",
    )
    if suite["questions"] == 1:
        output.note("One question tells little: there are no intervals.")
    rows = []
    for group, names in GROUPS.items():
        known = [name for name in names if any(name in arm["figures"] for arm in arms)]
        for place, name in enumerate(known):
            cells = [_cell(name, arm["figures"].get(name)) for arm in arms]
            rows.append([group if not place else "", TITLES[name], *cells])
    rows.append(["memory", "most resident (MiB)", *(_memory(arm["memory"]) for arm in arms)])
    columns = ["", "[95 % interval]", *(arm["name"] for arm in arms)]
    output.table(columns, rows, right=frozenset(range(2, len(columns))))
    for found in run["differences"]:
        _show_difference(found, output)
    for change in run.get("against", {}).get("changes", []):
        _show_change(change, output)


def _show_difference(found: Mapping[str, Any], output: Output) -> None:
    rows = [
        [TITLES[name], figure_text(name, figure, signed=True), said]
        for name, figure in found["figures"].items()
        if (said := change_of(name, figure))
    ]
    output.line()
    output.line((f"{found['arm']} against {found['from']}, the same questions:", "bold"))
    if rows:
        output.table(["", "change [95 %]", ""], rows, right=frozenset({1}))
    else:
        output.line("  no difference beyond noise")


def _show_change(change: Mapping[str, Any], output: Output) -> None:
    output.line()
    compared = f"{change['compared']} questions compared with the saved run"
    output.line((f"{change['arm']}: ", "bold"), compared)
    figures = change["figures"]
    for kind, style in (("worse", "bold red"), ("improved", "green")):
        for name in change[kind]:
            text = figure_text(name, figures[name], signed=True)
            output.line((f"  {kind}: ", style), f"{TITLES[name]} {text}")
    if not change["worse"]:
        output.line(("  nothing got worse beyond noise", "green"))
    for key, said in (("newly_wrong", "newly wrong"), ("newly_right", "newly right")):
        ids = change[key]
        if ids:
            more = f" and {len(ids) - _LISTED} more" if len(ids) > _LISTED else ""
            output.line(f"  {said}: {', '.join(ids[:_LISTED])}{more}")


def _cell(name: str, figure: Mapping[str, Any] | None) -> str:
    return figure_text(name, figure) if figure else "-"


def _memory(number: int) -> str:
    return f"{number / 2**20:.0f}" if number else "not measured"
