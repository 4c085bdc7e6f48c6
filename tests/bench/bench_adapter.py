"""The shipped adapter on questions that it was never trained on, through the laptop's engine.

    python -m tests.bench.bench_adapter [--json OUT] [--adapter FILE] [--count N]
        [--dataset FOLDER] [--merged FOLDER --f16 FILE --q8 FILE --q4 FILE]

Beside the untuned base and (with a dataset to take examples from) the base with five
examples in its prompt. SQuAD 2 A2 is the yardstick; CUAD's development contracts and
PubMedQA's held-out abstracts say how it does in and out of domain. With the merged weights
and the GGUFs made of them (the results of a recipe), also what conversion and quantization
cost. Answers are kept in `.build/bench/adapter`: a run that was stopped goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from assistant.models.catalogue import load_catalogue
from tests.bench.report import (
    EXIT_SKIPPED,
    ROOT,
    Figure,
    add_json_option,
    at_least,
    at_most,
    models_folder,
    publish,
    shared_data,
)

OUT = ROOT / ".build" / "bench" / "adapter"
A2 = "squad2_A2-dev-eval"
MEASURES = ("exact", "f1", "f1_shown", "refused", "false_refusals", "supported")
Report = dict[str, Any]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    add_json_option(parser)
    parser.add_argument("--adapter", type=Path, help="LoRA GGUF [default: the one in models/]")
    parser.add_argument("--dataset", type=Path, help="dataset to take five examples from")
    parser.add_argument("--count", type=int, default=200, help="questions of each kind and set")
    for name in ("merged", "f16", "q8", "q4"):
        parser.add_argument(f"--{name}", type=Path)
    options = parser.parse_args()
    base = models_folder() / load_catalogue().default_chat.name / "model.gguf"
    adapter = options.adapter or shipped_adapter()
    for path in (base, adapter, shared_data() / f"ft/{A2}.json"):
        if path is None or not path.is_file():
            print(f"skipped: {path or 'an adapter in models/'} is missing")
            return EXIT_SKIPPED
    report = evaluate(base, adapter, options)
    figures = [*of_adapter(report, adapter.stem), *of_conversion(report, options)]
    publish("adapter", figures, {"report": without_curves(report)}, options.json)
    return 0


def shipped_adapter() -> Path | None:
    found = sorted((ROOT / "models").glob("*/adapter.gguf"))
    return found[0] if found else None


def evaluate(base: Path, adapter: Path, options: argparse.Namespace) -> Report:
    from convert.evaluate.evaluate_step import run_evaluate
    from convert.evaluate.settings import EvaluateSettings
    from convert.evaluate.systems import SystemFiles

    data = shared_data()
    settings = EvaluateSettings(
        squad=(str(data / f"ft/{A2}.json"),),
        cuad=str(data / "cuad/dev/qa.json"),
        pubmedqa=str(data / "pubmedqa/train_500.json"),
        count=options.count,
    )
    tuned = tuple(path for path in (options.f16, options.q8, options.q4) if path)
    entrants = SystemFiles(base, tuned, (adapter,), options.dataset, options.merged, options.f16)
    return run_evaluate(settings, entrants, OUT, said)


def said(what: str, done: int, total: int) -> None:
    if done % 50 == 0 or done == total:
        print(f"{what} {done}/{total}", flush=True)


def of_adapter(report: Report, name: str) -> list[Figure]:
    """The adapter's figures with the goals, then the same of all others beside it."""
    tuned = f"base + {name}"
    figures = []
    for described in report["sets"]:
        label = described["name"]
        for run in sorted(report["contenders"], key=lambda run: run["name"] != tuned):
            results = run["results"][label]
            goals = run["name"] == tuned and label == f"{A2}, whole"
            figures += rows(f"{label}, {run['name']}", results["figures"], goals=goals)
            if run["name"] == tuned:
                figures += [
                    Figure(f"{label}, {tuned}: {what}", results["tokens_per_second"].get(key),
                           "tokens/s")
                    for key, what in (("prefill", "prefill"), ("generate", "generation"))
                ]  # fmt: skip
    return figures


def rows(label: str, found: dict[str, Any], *, goals: bool) -> list[Figure]:
    made = []
    for measure in MEASURES:
        if measure not in found:
            continue
        one = found[measure]
        note = f"{one['low']:.3f} to {one['high']:.3f}, {one['count']} questions"
        name, value = f"{label}: {measure.replace('_', ' ')}", one["value"]
        least = {"exact": 0.5, "f1": 0.6, "refused": 0.65}.get(measure)
        if goals and least is not None:
            made.append(at_least(name, value, least, note=note))
        elif goals and measure == "false_refusals":
            made.append(at_most(name, value, 0.2, note=note))
        else:
            made.append(Figure(name, value, note=note))
    if goals and "shown_verbatim" in found:
        value = 100 * found["shown_verbatim"]["value"]
        made.append(at_least(f"{label}: quotes shown that are verbatim", value, 100.0, "%"))
    return made


def of_conversion(report: Report, options: argparse.Namespace) -> list[Figure]:
    """What becomes of the merged weights in a GGUF; nothing if they were not given."""
    figures = []
    if found := report["fidelity"]:
        note = f"{found['tokens']:,} tokens, {found['paths']} continuations"
        agree = 100 * found["agreement"]
        gap = 100 * found["perplexity_gap"]
        figures += [
            at_least("F16 GGUF and merged weights, same greedy token", agree, 99.0, "%", note),
            Figure("F16 GGUF and merged weights, perplexity apart", gap, "%"),
        ]
    for path, limit in ((options.q8, 0.5), (options.q4, 3.0)):
        for run in report["contenders"]:
            change = run["results"].get(f"{A2}, whole", {}).get("against_f16", {}).get("f1")
            if path and change and run["name"] == f"tuned {path.stem}":
                note = f"{-100 * change['high']:.2f} to {-100 * change['low']:.2f}, paired"
                name = f"F1 lost to F16 by {path.stem}"
                figures.append(at_most(name, -100 * change["value"], limit, "points", note))
    return figures


def without_curves(report: Report) -> Report:
    """Leave out the risk-coverage points: the page needs them not."""
    for run in report["contenders"]:
        for results in run["results"].values():
            results.pop("risk_coverage", None)
    return report


if __name__ == "__main__":
    sys.exit(main())
