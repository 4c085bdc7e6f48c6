"""The report as a page: one HTML file, no script, nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from assistant.evaluation.metrics import BETTER, GROUPS, TITLES
from assistant.evaluation.svg_plots import COLOURS, bars, clean, curves

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;
color:#1a1a1a;background:#fff}
h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2rem}
table{border-collapse:collapse;font-size:.85rem}
td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0;border-bottom:1px solid #ddd}
td.n{text-align:right;font-variant-numeric:tabular-nums}
tr.group th{padding-top:1rem}
.worse{color:#b3261e;font-weight:600}.better{color:#17803d;font-weight:600}
.verdict{font-weight:600;padding:.6rem 1rem;border-left:.5rem solid}
.yes{border-color:#17803d;background:#eefaf1}.no{border-color:#b3261e;background:#fdeeed}
.key{display:inline-block;margin-right:1.5rem}
.box{display:inline-block;width:.8rem;height:.8rem;margin-right:.4rem}
svg{max-width:100%;height:auto;display:block}
svg text{font:12px system-ui,sans-serif;fill:#1a1a1a}
svg .name{text-anchor:end}svg .tick{text-anchor:middle}
svg .grid{stroke:#ddd}svg .whisker{stroke:#1a1a1a;stroke-width:1.5}
@media print{body{margin:0;max-width:none}}
"""
_HEAD = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    '<meta name="viewport" content="width=device-width"><title>Evaluation</title>'
    f"<style>{_STYLE}</style></head><body>"
)
_PLOTTED = ("search", "answers", "refusals", "checks")


def html_page(run: Mapping[str, Any]) -> str:
    """Return the page of a run (as `run_table` makes it, with `against` if it was compared)."""
    arms = run["arms"]
    shares = {n: TITLES[n] for group in _PLOTTED for n in GROUPS[group]}
    parts = [
        _HEAD,
        "<h1>Evaluation</h1>",
        _about(run),
        *(_change(change) for change in run.get("against", {}).get("changes", [])),
        "<h2>Shares, with 95 % intervals</h2>",
        _key(arms),
        bars(arms, shares, "Shares by arm"),
        "<h2>Leaving out the least confident answers</h2>",
        _key(arms),
        curves(arms, "Risk and coverage by arm") or "<p>No arm answered anything.</p>",
        (
            "<p>To the left only the most confident answers are given; the last point of each "
            "line is the arm as it is. Lower is better.</p>"
        ),
        "<h2>All figures</h2>",
        _figures(arms),
        *(_difference(difference) for difference in run["differences"]),
        "</body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _about(run: Mapping[str, Any]) -> str:
    suite, library = run["suite"], run["library"]
    rows = [
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
    body = "".join(f"<tr><th>{clean(k)}</th><td>{clean(v)}</td></tr>" for k, v in rows)
    return f"<table>{body}</table>"


def _key(arms: Sequence[Mapping[str, Any]]) -> str:
    return "".join(
        f'<span class="key"><span class="box" style="background:{COLOURS[n % len(COLOURS)]}">'
        f"</span>{clean(arm['name'])}</span>"
        for n, arm in enumerate(arms)
    )


def _figures(arms: Sequence[Mapping[str, Any]]) -> str:
    heads = ["", *(arm["name"] for arm in arms)]
    rows = []
    for group, names in GROUPS.items():
        known = [n for n in names if any(n in arm["figures"] for arm in arms)]
        if known:
            rows.append(f'<tr class="group"><th colspan="{len(heads)}">{clean(group)}</th></tr>')
        for name in known:
            cells = (_cell(name, arm["figures"].get(name)) for arm in arms)
            rows.append(_row(TITLES[name], cells))
    return _table(heads, rows)


def _difference(found: Mapping[str, Any]) -> str:
    rows = [_row(TITLES[name], [_moved(name, figure)]) for name, figure in found["figures"].items()]
    title = f"{found['arm']} against {found['from']}, the same questions"
    return f"<h2>{clean(title)}</h2>" + _table(["", "change [95 %]"], rows)


def _change(change: Mapping[str, Any]) -> str:
    name, worse = change["arm"], change["worse"]
    if worse:
        listed = ", ".join(TITLES[key] for key in worse)
        said, kind = f"{name}: worse than the saved run in {listed}.", "no"
    else:
        said, kind = f"{name}: no figure is worse than in the saved run, beyond noise.", "yes"
    return f'<p class="verdict {kind}">{clean(said)}</p>'


def _moved(name: str, figure: Mapping[str, Any]) -> str:
    low, high = figure["low"], figure["high"]
    kind = ""
    if low is not None and (low > 0 or high < 0):
        kind = "better" if (low > 0) == (BETTER[name] > 0) else "worse"
    return f'<span class="{kind}">{figure_text(name, figure, signed=True)}</span>'


def _cell(name: str, figure: Mapping[str, Any] | None) -> str:
    return figure_text(name, figure) if figure else "-"


def figure_text(name: str, figure: Mapping[str, Any], *, signed: bool = False) -> str:
    """Return "0.512 [0.410, 0.600]"; times without decimals, no brackets if not known."""
    digits = 0 if name in GROUPS["time (ms)"] else 3
    sign = "+" if signed else ""
    text = f"{figure['value']:{sign}.{digits}f}"
    if figure["low"] is None:
        return text
    return f"{text} [{figure['low']:{sign}.{digits}f}, {figure['high']:{sign}.{digits}f}]"


def _row(title: str, cells: Iterable[str]) -> str:
    body = "".join(f'<td class="n">{cell}</td>' for cell in cells)
    return f"<tr><td>{clean(title)}</td>{body}</tr>"


def _table(heads: Sequence[str], rows: Iterable[str]) -> str:
    head = "".join(f"<th>{clean(name)}</th>" for name in heads)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
