"""Run every bench, one at a time, and write the table in docs/benchmarks.md.

    python -m tests.bench.run_all --rival-python .venv-bench/bin/python [--only NAME ...]
    python -m tests.bench.run_all --quick    # does each run to its end? no figure is kept

Each bench is a module `bench_*.py` here that takes `--json FILE`; README.md defines what
it writes. Results stay in `.build/bench/`, so that `--only` refreshes a part of the table.
Each row names the code that it measured; `--mark` marks those whose code has changed since.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from tests.bench.report import EXIT_SKIPPED, ROOT, models_folder
from tests.bench.results_page import (
    PAGE,
    RESULTS,
    WORKSTATION_BENCHES,
    Run,
    bench_names,
    code_of,
    figures_of,
    mark_older,
    table,
    write_page,
)
from tests.bench.workstation import (
    original_embedder,
    results_of_recipe,
    scifact_in_float32,
    shipped_quantizations,
)

SECONDS_PER_BENCH = 3 * 3600
QUICK = {
    "adapter": "--count 1",
    "answers": "--limit 1",
    "arms": "--count 1 --train 20",
    "audit": "--chunks 500 --appends 20 --records 50",
    "contradictions": "--count 20",
    "drafting": "--count 10 --limit 2",
    "exhaustive": "--documents 5 --questions 2",
    "generation": "--rounds 1",
    "injection": "--limit 2",
    "library_mess": "--limit 4",
    "lockdown": "--rounds 1",
    "model_sizes": "--sizes 1B",
    "ocr": "--pages 1",
    "reranking": "--count 2 --sets cuad",
    "page_picture": "--pages 2",
    "quantized": "--paragraphs 1",
    "quoting": "--count 1",
    "reading": "--count 1 --train 20",
    "relevance": "--scale 0.01",
    "scifact": "--limit 2 --abstracts 20",
    "search": "--chunks 500 --queries 3",
    "side_by_side": "--limit 1 --rounds 1 --threads 1 --questions tests/bench/one_question.toml",
    "sync": "--files 50",
    "tables": "--contracts 1 --categories 1",
    "tampered": "--count 20",
    "training": "--samples 40 --samples-per-step 8 --steps 1 --rounds 1",
    "verbatim": "--count 3",
}
"""The smallest settings of those that have any: what they say then is no figure."""
MAKE_MODELS = {"bench_model_sizes"}
"""Those that measure the laptop alone, on models that the workstation's packages make."""

# The converter's ONNX Runtime has a telemetry client that is on by default. Only told to
# the bench that converts: what the product does must be seen without our help.
WORKSTATION = {"ORT_DISABLE_TELEMETRY": "1"}


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


def quick(name: str) -> list[str]:
    return QUICK.get(name.removeprefix("bench_"), "").split()


def run_bench(name: str, extra: list[str], results: Path) -> Run:
    """Run one bench to its end, its output shown and kept in the folder `results`."""
    target = results / f"{name}.json"
    target.unlink(missing_ok=True)
    module = ["-m", f"tests.bench.{name}"]
    command = [python_of(name), *module, *extra, "--json", str(target)]
    shown = ["python", *module, *map(_named, extra)]
    date = datetime.datetime.now(datetime.UTC).date().isoformat()
    started = time.monotonic()
    print(f"== {name}", flush=True)
    code, last = _run_shown(command, results / f"{name}.log")
    status, reason = _verdict(code, last, target)
    print(f"== {name}: {status} {reason}", flush=True)
    seconds = time.monotonic() - started
    shown_command = " ".join(shown)
    code = code_of(name)
    run = Run(name, status, reason, date, round(seconds, 1), shown_command, machine(), code)
    (results / f"{name}.run.json").write_text(json.dumps(asdict(run), indent=1) + "\n", "utf-8")
    return run


def python_of(name: str) -> str:
    """The interpreter of a bench: that of the workstation's environment where it needs that."""
    workstation = ROOT / ".venv-workstation" / "bin" / "python"
    if name in WORKSTATION_BENCHES | MAKE_MODELS and workstation.is_file():
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
        "bench_quantized": shipped_quantizations,
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


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the benches, write docs/benchmarks.md.")
    parser.add_argument("--rival-python", default=".venv-bench/bin/python")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names, with or without bench_")
    parser.add_argument("--quick", action="store_true", help="smallest settings; keep nothing")
    parser.add_argument("--table-only", action="store_true", help="only write the table again")
    parser.add_argument("--mark", action="store_true", help="only mark rows of older code")
    options = parser.parse_args()
    if options.mark:
        PAGE.write_text(mark_older(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
        return 0
    names = bench_names()
    if options.only:
        wanted = {f"bench_{name.removeprefix('bench_')}" for name in options.only}
        if unknown := wanted - set(names):
            parser.error(f"no such bench: {', '.join(sorted(unknown))}")
        names = sorted(wanted)
    # A virtual environment's python is a link: made absolute, but never followed.
    python = Path(options.rival_python).absolute()
    results = RESULTS / "quick" if options.quick else RESULTS
    results.mkdir(parents=True, exist_ok=True)
    runs = []
    for name in [] if options.table_only else names:
        # The exact vectors of all abstracts take minutes, and a try writes no page.
        dear = options.quick and name in {"bench_scifact", "bench_arms"}
        extra = [] if dear else extra_arguments(name, python)
        extra += quick(name) if options.quick else []
        runs.append(run_bench(name, extra, results))
    if not options.quick:
        write_page(PAGE, table())
    for run in runs:
        if run.status != "ok":
            print(f"{run.bench} was not measured ({run.status}): {run.reason}", file=sys.stderr)
    return int(any(run.status == "failed" for run in runs))


if __name__ == "__main__":
    sys.exit(main())
