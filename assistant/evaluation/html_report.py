"""The report of an evaluation as an HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from assistant.evaluation.metrics import BETTER, GROUPS, TITLES
from assistant.evaluation.svg_plots import bars, curves
from assistant.html_page.page import Block, Mood, Row
from assistant.html_page.page import html_page as written

_MOODS: dict[str, Mood] = {"better": "good", "worse": "bad", "": ""}
_PLOTTED = ("search", "answers", "refusals", "checks")


def html_page(run: Mapping[str, Any]) -> str:
    """Return the page of a run (as `run_table` makes it, with `against` if it was compared)."""
    arms = run["arms"]
    shares = {n: TITLES[n] for group in _PLOTTED for n in GROUPS[group]}
    drawn, risks = bars(arms, shares, "Shares by arm"), curves(arms, "Risk and coverage by arm")
    blocks = [
        Block("title", "Evaluation"),
        Block("table", rows=_about(run)),
        *(_change(change) for change in run.get("against", {}).get("changes", [])),
        Block("heading", "Shares, with 95 % intervals"),
        *([Block("drawing", drawing=drawn)] if drawn else []),
        Block("heading", "Leaving out the least confident answers"),
        Block("drawing", drawing=risks) if risks else Block("text", "No arm answered anything."),
        Block(
            "text",
            "To the left only the most confident answers are given; the last point of each "
            "line is the arm as it is. Lower is better.",
        ),
        Block("heading", "All figures"),
        Block(
            "table", head=["", *(arm["name"] for arm in arms)], rows=_figures(arms), numeric=True
        ),
        *(block for found in run["differences"] for block in _difference(found)),
    ]
    return written("Evaluation", blocks)


def _about(run: Mapping[str, Any]) -> list[tuple[str, object]]:
    suite, library = run["suite"], run["library"]
    return [
        ("Made at", run["made_at"]),
        ("Program", run["version"]),
        (
            "Questions",
            (
                f"{suite['questions']} ({suite['answerable']} answerable, "
                f"{suite['unanswerable']} not) of {suite['name']}"
            ),
        ),
        ("Library", f"{library['name']}, {library['documents']} documents"),
        ("Embedder", run["embedder"]),
        *(
            (
                f"Arm {arm['name']}",
                (
                    f"{arm['model'] or 'no chat model'}, ready in {arm['load_seconds']:.1f} s, "
                    f"at most {arm['memory'] / 2**20:.0f} MiB resident"
                ),
            )
            for arm in run["arms"]
        ),
        ("Machine", run["machine"]),
    ]


def _figures(arms: Sequence[Mapping[str, Any]]) -> list[Sequence[object] | Row]:
    rows: list[Sequence[object] | Row] = []
    for group, names in GROUPS.items():
        known = [n for n in names if any(n in arm["figures"] for arm in arms)]
        if known:
            rows.append(Row([group], "group"))
        for name in known:
            found = [arm["figures"].get(name) for arm in arms]
            rows.append([TITLES[name], *(figure_text(name, f) if f else "-" for f in found)])
    return rows


def _difference(found: Mapping[str, Any]) -> list[Block]:
    rows = [
        Row([TITLES[name], figure_text(name, figure, signed=True)], _MOODS[change_of(name, figure)])
        for name, figure in found["figures"].items()
    ]
    title = f"{found['arm']} against {found['from']}, the same questions"
    head = ["", "change [95 %]"]
    return [Block("heading", title), Block("table", head=head, rows=rows, numeric=True)]


def _change(change: Mapping[str, Any]) -> Block:
    name, worse = change["arm"], change["worse"]
    if not worse:
        said = f"{name}: no figure is worse than in the saved run, beyond noise."
        return Block("verdict", said, mood="good")
    listed = ", ".join(TITLES[key] for key in worse)
    return Block("verdict", f"{name}: worse than the saved run in {listed}.", mood="bad")


def change_of(name: str, figure: Mapping[str, Any]) -> str:
    """Say whether a difference is "better" or "worse" beyond noise, "" if neither."""
    low, high = figure["low"], figure["high"]
    if low is None or low <= 0 <= high:
        return ""
    return "better" if (low > 0) == (BETTER[name] > 0) else "worse"


def figure_text(name: str, figure: Mapping[str, Any], *, signed: bool = False) -> str:
    """Return "0.512 [0.410, 0.600]"; times without decimals, no brackets if not known."""
    digits = 0 if name in GROUPS["time (ms)"] else 3
    sign = "+" if signed else ""
    text = f"{figure['value']:{sign}.{digits}f}"
    if figure["low"] is None:
        return text
    return f"{text} [{figure['low']:{sign}.{digits}f}, {figure['high']:{sign}.{digits}f}]"
