"""The report of an evaluation as text: one table for each set, then the verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assistant.console.output import Output

_COLUMNS = {
    "exact": "EM",
    "f1": "F1",
    "refused": "refused",
    "false_refusals": "falsely",
    "supported": "supported",
    "verbatim": "verbatim",
    "looped": "looped",
}


def show(report: Mapping[str, Any], output: Output) -> None:
    """Print tables (shares with the half width of their 95% interval) and verdicts."""
    for described in report["sets"]:
        name = described["name"]
        output.line(
            (f"{name}: ", "bold"),
            f"{described['answerable']} answerable, {described['unanswerable']} unanswerable",
        )
        rows = [_row(run["name"], run["results"][name]) for run in report["contenders"]]
        columns = ["model", *_COLUMNS.values(), "read/s", "write/s"]
        output.table(columns, rows, right=frozenset(range(1, len(columns))))
        output.line("")
    if report["fidelity"]:
        _show_fidelity(report["fidelity"], output)
    for run in report["contenders"]:
        _show_verdict(run, output)


def _row(name: str, results: Mapping[str, Any]) -> list[str]:
    figures, speed = results["figures"], results["tokens_per_second"]
    cells = [_cell(figures.get(key)) for key in _COLUMNS]
    return [name, *cells, *(f"{speed.get(key, 0.0):.0f}" for key in ("prefill", "generate"))]


def _cell(figure: Mapping[str, Any] | None) -> str:
    if figure is None:
        return "-"
    return f"{figure['value']:.3f} \u00b1{(figure['high'] - figure['low']) / 2:.3f}"


def _show_fidelity(found: Mapping[str, Any], output: Output) -> None:
    output.line(
        (f"{found['file']} against the merged weights: ", "bold"),
        f"{found['agreement']:.2%} of {found['tokens']:,} greedy tokens agree, perplexity "
        f"{found['perplexity_merged']:.3f} -> {found['perplexity_gguf']:.3f} "
        f"({found['perplexity_gap']:.2%} apart)",
    )


def _show_verdict(run: Mapping[str, Any], output: Output) -> None:
    if "canaries" in run:
        found = run["canaries"]
        leaked = sum(canary["leaked"] for canary in found["canaries"])
        most = max(canary["exposure"] for canary in found["canaries"])
        output.line(
            (f"{run['name']}: ", "bold"),
            f"{leaked} of {len(found['canaries'])} planted secrets given away, greatest exposure "
            f"{most:.1f} bits (a leak from {found['threshold']:.1f})",
        )
    if "gate" not in run:
        return
    passed = run["gate"]["passed"]
    output.line(
        (f"{run['name']}: ", "bold"),
        ("gate passed", "green") if passed else ("gate NOT passed", "bold red"),
    )
    for finding in run["gate"]["findings"]:
        if not finding["met"]:
            output.line("  ", ("failed ", "red"), f"{finding['demand']} ({finding['figures']})")
