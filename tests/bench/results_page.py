"""The page of all results, docs/benchmarks.md: what each row measured, with what code, and when."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from tests.bench.report import ROOT, Figure

HERE = Path(__file__).resolve().parent
RESULTS = ROOT / ".build" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- begin: written by tests/bench/run_all.py -->"
END = "<!-- end: written by tests/bench/run_all.py -->"
OLDER = "\N{DAGGER}"
WORKSTATION_BENCHES = {"bench_adapter", "bench_training"}


@dataclass(frozen=True)
class Run:
    """How one bench went; `status` is "ok", "skipped" or "failed"."""

    bench: str
    status: str
    reason: str
    date: str
    seconds: float
    command: str
    machine: str
    code: str = ""
    """What was measured: see `code_of`."""


def bench_names() -> list[str]:
    return sorted(path.stem for path in HERE.glob("bench_*.py"))


def code_of(bench: str) -> str:
    """A short hash (8 hex digits) of the code that a bench measures, and of the bench itself."""
    rooms = ["assistant", "convert"] if bench in WORKSTATION_BENCHES else ["assistant"]
    files = [path for room in rooms for path in (ROOT / room).rglob("*.py")]
    digest = hashlib.sha256()
    for path in sorted([*files, ROOT / "requirements" / "laptop.txt", HERE / f"{bench}.py"]):
        digest.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:8]


def mark_older(page: str) -> str:
    """Mark the rows of the table whose code is not today's; a marked row stays marked."""

    def marked(row: re.Match[str]) -> str:
        name, code = f"bench_{row[2]}", row[3]
        known = (HERE / f"{name}.py").is_file()
        older = not known or code.strip(" `") != code_of(name)
        return f"{row[1]}| {row[2]} | {code.strip()}{OLDER if older else ''} |"

    return re.sub(rf"(?m)^(\|.*\| [\d-]+ )\| (\w+) \| ([^|{OLDER}\n]*) \|$", marked, page)


def figures_of(document: dict[str, Any]) -> list[Figure]:
    """The figures of a bench's JSON. Raises KeyError or TypeError where it has not the shape."""
    known = {field.name for field in fields(Figure)}
    return [
        Figure(**{key: value for key, value in entry.items() if key in known})
        for entry in document["figures"]
    ]


def table() -> str:
    """The Markdown of all results in `.build/bench`."""
    runs = [
        Run(**json.loads(path.read_text(encoding="utf-8")))
        for path in sorted(RESULTS.glob("*.run.json"))
        if path.name.removesuffix(".run.json") in bench_names()
    ]
    lines = [
        "| Figure | Goal | Measured | | Date | Command | Code |",
        "|---|---|---|---|---|---|---|",
    ]
    notes: list[str] = []
    for run in runs:
        if run.status != "ok":
            notes.append(f"- `{run.bench}` {run.status} on {run.date}: {_cell(run.reason)}")
            continue
        document = json.loads((RESULTS / f"{run.bench}.json").read_text(encoding="utf-8"))
        lines += [_row(figure, run) for figure in figures_of(document)]
    machines = sorted({run.machine for run in runs})
    told = [f"Machine: {'; '.join(machines)}."] if machines else ["Nothing was measured yet."]
    commands = [f"- {short(r)}: `{r.command}`, {r.seconds:.0f} s" for r in runs]
    parts = ["\n".join(told), "\n".join(lines)]
    if commands:
        parts.append("Commands:\n\n" + "\n".join(commands))
    if notes:
        parts.append("Not measured:\n\n" + "\n".join(notes))
    return "\n\n".join(parts)


def short(run: Run) -> str:
    return run.bench.removeprefix("bench_")


def _row(figure: Figure, run: Run) -> str:
    verdict = {True: "met", False: "**not met**", None: ""}[figure.met]
    value = "-" if figure.value is None else f"{number(figure.value)} {figure.unit}".strip()
    shown = f"{value} ({figure.note})" if figure.note else value
    cells = [figure.name, figure.goal, shown, verdict, run.date, short(run), run.code or "-"]
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def number(value: float) -> str:
    """Four significant digits, thousands separated, whole numbers whole."""
    if value == int(value):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace(str(ROOT), ".")


def write_page(page: Path, content: str) -> None:
    """Replace what stands between the markers of `page`. Raises ValueError without them."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{page} has not the two markers")
    page.write_text(mark_older(f"{head}{begin}\n{content}\n{end}{tail}"), encoding="utf-8")
