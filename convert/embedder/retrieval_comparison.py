"""Retrieval before and after, through the laptop's own ingest and search."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.engine.reranker import OnnxReranker, reranker_info
from assistant.engine.thread_count import threads_for
from assistant.errors import UsageError
from assistant.types import CancelToken
from convert.atomic_output import Progress, quiet, staged_folder
from convert.embedder.passage_library import PassageLibrary, laptop_embedder, passage_library
from convert.embedder.question_pairs import Asked, Split, narrowed
from convert.embedder.question_sources import read_questions
from convert.embedder.ranking_metrics import DEPTH, measure
from convert.step_record import write_record

STEP = "embedder compare"
REPORT_FILE = "retrieval.json"


@dataclass(frozen=True, slots=True)
class CompareSettings:
    """What is asked. `split` is "held-out" or "test"; 0 questions or passages is all."""

    split: Split = "held-out"
    questions: int = 0
    passages: int = 0
    seed: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        if self.split not in ("held-out", "test"):
            raise UsageError(f"'split' is {self.split!r}.", hint="Choose from held-out and test.")
        if min(self.questions, self.passages, self.threads) < 0:
            raise UsageError("A number of questions, passages or threads can't be negative.")


def run_compare(
    settings: CompareSettings,
    embedders: Sequence[Path],
    rerankers: Sequence[Path],
    data: Sequence[Path],
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Search with each embedder alone and with each reranker; return the figures of all.

    Embedders are exported folders, sentence-transformers folders or wheels. Writes
    `retrieval.json` and `step.json` to `out`. Raises what reading the data and the laptop's
    parts raise, and `Cancelled`.
    """
    if not embedders:
        raise UsageError("There is no embedder to compare.")
    token = cancel or CancelToken()
    began = time.monotonic()
    threads = threads_for(settings.threads)
    found = narrowed(
        read_questions(data), {settings.split: settings.questions}, settings.passages, settings.seed
    )
    asked = found.of(settings.split)
    readers = [OnnxReranker(reranker_info(folder), threads) for folder in rerankers]
    rows: list[dict[str, Any]] = []
    with staged_folder(out, STEP) as stage:
        for source in embedders:
            with (
                laptop_embedder(source, threads) as embedder,
                passage_library(
                    found.passages, embedder, progress=progress, cancel=token
                ) as library,
            ):
                for reader in (None, *readers):
                    library.use(reader)
                    name = source.name + (f" + {reader.info.name}" if reader else "")
                    rows.append({"name": name, **_measured(library, asked, progress, token, name)})
        report = {
            "format": 1,
            "split": settings.split,
            "passages": len(found.passages),
            "rows": rows,
        }
        (stage / REPORT_FILE).write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
        write_record(
            stage,
            STEP,
            inputs=_inputs(embedders, rerankers, data),
            settings={name: getattr(settings, name) for name in CompareSettings.__slots__},
            outputs={REPORT_FILE: stage / REPORT_FILE},
            figures={row["name"]: row["ndcg10"] for row in rows},
            seconds=time.monotonic() - began,
        )
    return report


def _measured(
    library: PassageLibrary,
    asked: Sequence[Asked],
    progress: Progress,
    cancel: CancelToken,
    name: str,
) -> dict[str, float]:
    rankings = []
    began = time.perf_counter()
    for done, one in enumerate(asked, start=1):
        cancel.raise_if_cancelled()
        hits = library.hits(one.question, DEPTH)
        rankings.append(([number for number, _ in hits], one.relevant))
        progress(f"searching with {name}", done, len(asked))
    milliseconds = 1000 * (time.perf_counter() - began) / max(len(asked), 1)
    return {**measure(rankings).table(), "search_ms": round(milliseconds, 1)}


def _inputs(
    embedders: Sequence[Path], rerankers: Sequence[Path], data: Sequence[Path]
) -> dict[str, Path]:
    named = [("embedder", embedders), ("reranker", rerankers), ("data", data)]
    return {
        f"{kind} {number} ({path.name})": path
        for kind, paths in named
        for number, path in enumerate(paths, start=1)
    }
