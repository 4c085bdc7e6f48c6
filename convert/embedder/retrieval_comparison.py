"""Compare retrieval before and after a tuning, through the laptop's own ingest and search."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar, Literal

from assistant.engine.thread_count import threads_for
from assistant.errors import UsageError
from assistant.evaluation.ranking_metrics import DEPTH
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, quiet, run_atomic_step
from convert.base_model import write_json
from convert.embedder.passage_library import PassageLibrary, laptop_embedder, passage_library
from convert.embedder.question_pairs import Asked, narrowed
from convert.embedder.question_sources import read_questions
from convert.embedder.ranking_metrics import measure
from convert.embedder.settings import Threads
from convert.settings import Count, Seed, Settings

STEP = "embedder compare"
REPORT_FILE = "retrieval.json"


@dataclass(frozen=True, slots=True)
class CompareSettings(Settings):
    """What is asked. `split` is "held-out" or "test"; 0 questions or passages is all."""

    TABLE: ClassVar[str] = "compare"

    split: Literal["held-out", "test"] = "held-out"
    questions: Count = 0
    passages: Count = 0
    seed: Seed = 0
    threads: Threads = 0


def run_compare(
    settings: CompareSettings,
    embedders: Sequence[Path],
    data: Sequence[Path],
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Search with each embedder; return the figures of all.

    Embedders are exported folders, sentence-transformers folders or wheels. Writes
    `retrieval.json` and `step.json` to `out`. Raises what reading the data and the laptop's
    parts raise, and `Cancelled`.
    """
    if not embedders:
        raise UsageError("There is no embedder to compare.")
    job = Job.of(progress, cancel)
    threads = threads_for(settings.threads)
    found = narrowed(
        read_questions(data), {settings.split: settings.questions}, settings.passages, settings.seed
    )
    asked = found.of(settings.split)
    rows: list[dict[str, Any]] = []
    report = {
        "format": 1,
        "split": settings.split,
        "passages": len(found.passages),
        "rows": rows,
    }

    def work(temporary: Path) -> dict[str, Any]:
        for source in embedders:
            with (
                laptop_embedder(source, threads) as embedder,
                passage_library(found.passages, embedder, job) as library,
            ):
                name = source.name
                rows.append({"name": name, **_measured(library, asked, job, name)})
        write_json(temporary / REPORT_FILE, report)
        return {row["name"]: row["ndcg10"] for row in rows}

    inputs = _inputs(embedders, data)
    run_atomic_step(
        out, STEP, work, inputs=inputs, settings=asdict(settings), outputs=[REPORT_FILE]
    )
    return report


def _measured(
    library: PassageLibrary, asked: Sequence[Asked], job: Job, name: str
) -> dict[str, float]:
    rankings = []
    began = time.perf_counter()
    for done, one in enumerate(asked, start=1):
        job.cancel.raise_if_cancelled()
        hits = library.hits(one.question, DEPTH)
        rankings.append(([number for number, _ in hits], one.relevant))
        job.progress(f"searching with {name}", done, len(asked))
    milliseconds = 1000 * (time.perf_counter() - began) / max(len(asked), 1)
    return {**measure(rankings).table(), "search_ms": round(milliseconds, 1)}


def _inputs(embedders: Sequence[Path], data: Sequence[Path]) -> dict[str, Path]:
    named = [("embedder", embedders), ("data", data)]
    return {
        f"{kind} {number} ({path.name})": path
        for kind, paths in named
        for number, path in enumerate(paths, start=1)
    }
