"""Run every bench, one at a time, and write the table in docs/benchmarks.md.

    python -m tests.bench.run_all --rival-python .venv-bench/bin/python [--only NAME ...]

Each bench is a module `bench_*.py` here that takes `--json FILE`; README.md defines what
it writes. Results stay in `.build/bench/`, so that `--only` refreshes a part of the table.
Each row names the code that it measured; `--mark` marks those whose code has changed since.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import json
import os
import platform
import re
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from tests.bench.report import EXIT_SKIPPED, ROOT, Figure, models_folder
from tests.bench.workstation import original_embedder, results_of_recipe, scifact_in_float32

HERE = Path(__file__).resolve().parent
RESULTS = ROOT / ".build" / "bench"
PAGE = ROOT / "docs" / "benchmarks.md"
BEGIN = "<!-- begin: written by tests/bench/run_all.py -->"
END = "<!-- end: written by tests/bench/run_all.py -->"
SECONDS_PER_BENCH = 3 * 3600
OLDER = "\N{DAGGER}"
WORKSTATION_BENCHES = {"bench_adapter", "bench_training"}
# The converter's ONNX Runtime has a telemetry client that is on by default. Only told to
# the bench that converts: what the product does must be seen without our help.
WORKSTATION = {"ORT_DISABLE_TELEMETRY": "1"}


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


def machine() -> str:
    """The CPU's model and the number of cores: all that is said about this machine."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{model}, {os.cpu_count()} cores"


def run_bench(name: str, extra: list[str]) -> Run:
    """Run one bench to its end, its output shown and kept in `.build/bench/NAME.log`."""
    target = RESULTS / f"{name}.json"
    target.unlink(missing_ok=True)
    module = ["-m", f"tests.bench.{name}"]
    command = [python_of(name), *module, *extra, "--json", str(target)]
    shown = ["python", *module, *map(_named, extra)]
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    started = time.monotonic()
    print(f"== {name}", flush=True)
    code, last = _run_shown(command, RESULTS / f"{name}.log")
    status, reason = _verdict(code, last, target)
    print(f"== {name}: {status} {reason}", flush=True)
    seconds = time.monotonic() - started
    shown_command = " ".join(shown)
    code = code_of(name)
    run = Run(name, status, reason, date, round(seconds, 1), shown_command, machine(), code)
    (RESULTS / f"{name}.run.json").write_text(json.dumps(asdict(run), indent=1) + "\n", "utf-8")
    return run


def python_of(name: str) -> str:
    """The interpreter of a bench: that of the workstation's environment where it needs torch."""
    workstation = ROOT / ".venv-workstation" / "bin" / "python"
    if name in WORKSTATION_BENCHES and workstation.is_file():
        return str(workstation)
    return sys.executable


def _named(argument: str) -> str:
    """An argument as the page shows it: paths from the checkout on, no path of the machine."""
    path = Path(argument)
    if not path.is_absolute():
        return argument
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else path.name


def extra_arguments(name: str, rival_python: Path) -> list[str]:
    """What a bench must be told about this machine."""
    plain = {
        "bench_side_by_side": lambda: ["--rival-python", str(rival_python)],
        "bench_answers": lambda: ["--data-dir", str(models_folder().parent)],
        "bench_adapter": results_of_recipe,
        "bench_arms": lambda: ["--write-page"],
    }
    if name not in {"bench_embedder", "bench_scifact"}:
        return plain.get(name, list)()
    source = original_embedder(rival_python)
    if source is None:
        return []
    if name == "bench_embedder":
        return ["--workstation", str(rival_python), "--source", str(source)]
    vectors = scifact_in_float32(rival_python, source, RESULTS)
    return ["--f32-vectors", str(vectors)] if vectors else []


def _run_shown(command: list[str], log: Path) -> tuple[int, str]:
    """Run a command, showing and logging its output: (exit status, last line)."""
    last = ""
    deadline = time.monotonic() + SECONDS_PER_BENCH
    with (
        log.open("w", encoding="utf-8") as sink,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env=os.environ | WORKSTATION if "bench_embedder" in log.name else None,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            sink.write(line)
            last = line.strip() or last
            if time.monotonic() > deadline:
                process.kill()
                last = f"stopped after {SECONDS_PER_BENCH} s"
        code = process.wait()
    return code, last


def _verdict(code: int, last: str, target: Path) -> tuple[str, str]:
    if code == EXIT_SKIPPED:
        return "skipped", last.removeprefix("skipped: ")
    if not target.is_file():
        return "failed", f"exit status {code}: {last}"
    try:
        figures_of(json.loads(target.read_text(encoding="utf-8")))
    except (ValueError, TypeError, KeyError) as error:
        return "failed", f"its JSON is not as README.md says: {error!r}"
    # A bench may end with 1 because a goal was missed: the table says so by itself.
    return "ok", ""


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


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the benches, write docs/benchmarks.md.")
    parser.add_argument("--rival-python", default=".venv-bench/bin/python")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names, with or without bench_")
    parser.add_argument("--table-only", action="store_true", help="only write the table again")
    parser.add_argument("--mark", action="store_true", help="only mark rows of older code")
    options = parser.parse_args()
    if options.mark:
        PAGE.write_text(mark_older(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    RESULTS.mkdir(parents=True, exist_ok=True)
    names = bench_names()
    if options.only:
        wanted = {f"bench_{name.removeprefix('bench_')}" for name in options.only}
        if unknown := wanted - set(names):
            parser.error(f"no such bench: {', '.join(sorted(unknown))}")
        names = sorted(wanted)
    # A virtual environment's python is a link: made absolute, but never followed.
    python = Path(options.rival_python).absolute()
    runs = []
    for name in [] if options.table_only else names:
        runs.append(run_bench(name, extra_arguments(name, python)))  # noqa: PERF401 - one by one
    write_page(PAGE, table())
    failed = [run for run in runs if run.status == "failed"]
    for run in failed:
        print(f"{run.bench} did not run to its end: {run.reason}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
