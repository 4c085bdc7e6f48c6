"""What `bench_arms` says of its arms: the rows of the benches' table, and docs/evaluation.md."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assistant.evaluation.bootstrap import Figure as Interval
from assistant.evaluation.bootstrap import Sampled, differences, figures_of
from assistant.evaluation.grading import Row
from assistant.evaluation.metrics import BETTER, TITLES
from tests.bench.arm_sets import ArmSet
from tests.bench.report import ROOT, Figure, at_least

PAGE = ROOT / "docs" / "evaluation.md"
BEGIN = "<!-- begin: written by tests/bench/bench_arms.py -->"
END = "<!-- end: written by tests/bench/bench_arms.py -->"
SHOWN = (
    "right",
    "score",
    "f1",
    "holds",
    "cited",
    "led",
    "refusal_recall",
    "false_refusals",
    "total_median",
)
HURT = ("right", "score", "f1", "cited", "refusal_recall", "false_refusals")
GOALS = {("squad", "f1"): 0.5, ("squad", "refusal_recall"): 0.6, ("cuad", "cited"): 0.7}
"""Goals of the arm that is shipped: the tuned model with retrieval."""

COMPARED = (("base", "retrieval"), ("tuned", "retrieval"), ("tuned", "base"),
            ("tuned+closed", "base+closed"), ("base", "base+closed"), ("tuned", "tuned+closed"),
            ("base+shots", "base"))  # fmt: skip
"""What is added, and to what: model to search, tuning, retrieval, examples."""


def figures_for(asked: ArmSet, sampled: dict[str, Sampled]) -> Iterator[Figure]:
    for arm, values in sampled.items():
        for name, one in figures_of(values).items():
            if name not in SHOWN:
                continue
            title, note = f"{asked.title}, {arm}: {TITLES[name]}", noted(one)
            goal = GOALS.get((asked.name, name)) if arm == "tuned" else None
            if goal is None:
                yield Figure(title, one.value, note=note)
            else:
                yield at_least(title, one.value, goal, note=note)


def section(asked: ArmSet, rows: dict[str, tuple[Row, ...]], sampled: dict[str, Sampled]) -> str:
    """Return a set's table, and what each addition gained and cost, in Markdown."""
    arms = list(rows)
    some = rows[arms[0]]
    answerable = sum(row.answerable for row in some)
    found = {arm: figures_of(values) for arm, values in sampled.items()}
    names = [name for name in SHOWN if any(name in found[arm] for arm in arms)]
    unanswerable = len(some) - answerable
    lines = [
        f"**{asked.title}**, {answerable} answerable, {unanswerable} unanswerable questions:",
        "",
        f"| | {' | '.join(f'`{arm}`' for arm in arms)} |",
        f"|{'---|' * (len(arms) + 1)}",
    ]
    for name in names:
        cells = [cell(name, found[arm].get(name)) for arm in arms]
        lines.append(f"| {TITLES[name]} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", *gains(sampled)])


def gains(sampled: dict[str, Sampled]) -> list[str]:
    """Say of each addition what became better and what worse, beyond noise."""
    said_of = []
    for arm, before in COMPARED:
        if arm not in sampled or before not in sampled:
            continue
        changes = differences(sampled[before], sampled[arm])
        told: dict[str, list[str]] = {"helps": [], "hurts": []}
        for name in HURT:
            one = changes.get(name)
            if one is None or one.low is None or one.high is None or one.low <= 0 <= one.high:
                continue
            kind = "helps" if (one.low > 0) == (BETTER[name] > 0) else "hurts"
            told[kind].append(
                f"{TITLES[name]} {one.value:+.2f} ({one.low:+.2f} to {one.high:+.2f})"
            )
        parts = [f"{kind}: {', '.join(texts)}" for kind, texts in told.items() if texts]
        said_of.append(f"- `{arm}` against `{before}`: {'; '.join(parts) or 'no difference'}.")
    return said_of


def cell(name: str, one: Interval | None) -> str:
    if one is None:
        return "-"
    if name.startswith("total"):
        return f"{one.value / 1000:.2f} s"
    if one.low is None:
        return f"{one.value:.2f}"
    return f"{one.value:.2f} ({one.low:.2f} to {one.high:.2f})"


def noted(one: Interval) -> str:
    if one.low is None:
        return f"{one.count} questions"
    return f"{one.low:.3f} to {one.high:.3f}, {one.count} questions"


def write_page(content: str, page: Path = PAGE) -> None:
    """Replace what stands between the markers. Raises `ValueError` without them."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has not the two markers")
    page.write_text(f"{head}{begin}\n{content}\n{end}{tail}", encoding="utf-8")
