"""Evaluate an exported reader, as the laptop runs it, on public sets and on what was held out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

from assistant.engine.reader import OnnxReader
from assistant.engine.thread_count import threads_for
from assistant.errors import UsageError
from assistant.models.installed_readers import reader_info
from assistant.strict_reader import Meta
from assistant.types import CancelToken, Reader
from convert.atomic_output import Job, Progress, quiet
from convert.embedder.settings import Threads
from convert.evaluate.public_sets import cuad_questions, squad_questions
from convert.reader.reading_figures import NOT_READ, ReadAnswer, reading_figures
from convert.reader.reading_items import ReadItem, held_out_items, items_of, paper_questions
from convert.reader.settings import ReaderData
from convert.settings import Count, Seed, Settings

Sets = Mapping[str, Sequence[ReadItem]]


@dataclass(frozen=True, slots=True)
class ReaderEvaluation(Settings):
    """What is asked of a reader."""

    TABLE: ClassVar[str] = "reader.evaluate"

    squad: tuple[Path, ...] = ()
    """Files in SQuAD's shape: each question is asked of its own paragraph."""

    cuad: tuple[Path, ...] = ()
    """Contracts in CUAD's shape: each clause is asked of `passages` passages of its contract."""

    papers: tuple[Path, ...] = ()
    """Files in SQuAD's shape with whole papers, such as CovidQA; like `cuad`."""

    passages: Annotated[int, Meta(ge=1, le=200)] = 4
    """Passages of contracts and papers that are read for a question, the right one among them."""

    count: Count = 500
    """Answerable and unanswerable questions of each set (so many of each); 0 is all."""

    weight: Annotated[float, Meta(ge=0, le=100)] = 1.0
    """What the relevance counts beside the margin where it is decided whether to answer."""

    seed: Seed = 0
    """Decides which questions are asked."""

    threads: Threads = 0
    """Threads of the reader; 0 is one for each physical core."""


def run_evaluate_reader(
    settings: ReaderEvaluation,
    folder: Path,
    held_out: ReaderData | None = None,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Ask the reader in `folder`; return the figures by set.

    With `held_out` also what a training with these data holds out. Raises `ModelError` for a
    folder without reader, `UsageError` for files that can't be read or hold no question,
    `Cancelled`.
    """
    job = Job.of(progress, cancel)
    reader = load_reader(folder, settings)
    sets = sets_of(settings, held_out)
    found: dict[str, Any] = {"reader": reader.name, "weight": settings.weight}
    for name, items in sets.items():
        began = time.monotonic()
        answers = read_items(reader, items, name, job)
        seconds = time.monotonic() - began
        passages = max(1, sum(len(item.passages) for item in items))
        found[name] = reading_figures(items, answers, settings.weight)
        found[name]["passage_ms"] = round(1000 * seconds / passages, 2)
    return found


def load_reader(folder: Path, settings: ReaderEvaluation) -> OnnxReader:
    """Load an exported reader. Raises `ModelError`."""
    return OnnxReader(reader_info(folder), threads_for(settings.threads))


def sets_of(settings: ReaderEvaluation, held_out: ReaderData | None) -> Sets:
    """Return what is asked, by the set's name. Raises `UsageError` if that is nothing."""
    count, seed = settings.count, settings.seed
    sets = {p.name: items_of(squad_questions(p), count, 1, seed) for p in settings.squad}
    sets |= {
        p.name if p.name != "qa.json" else f"{p.parent.parent.name} {p.parent.name}":
        items_of(cuad_questions(p), count, settings.passages, seed)
        for p in settings.cuad
    }  # fmt: skip
    sets |= {p.name: items_of(paper_questions(p), count, settings.passages, seed)
             for p in settings.papers}  # fmt: skip
    if held_out is not None:
        sets["held out"] = held_out_items(held_out, count, seed)
    if not any(sets.values()):
        raise UsageError("There is no question to ask.", hint="Name a set: --squad FILE")
    return sets


def read_items(reader: Reader, items: Sequence[ReadItem], name: str, job: Job) -> list[ReadAnswer]:
    """Return the best span over all passages of each item."""
    found = []
    for done, item in enumerate(items, start=1):
        readings = reader.read(item.question, item.passages, job.cancel)
        read = [
            (reading.spans[0], reading.relevance, text)
            for reading, text in zip(readings, item.passages, strict=True)
            if reading.spans
        ]
        if read:
            span, relevance, text = max(read, key=lambda one: one[0].score)
            found.append(ReadAnswer(text[span.start : span.end], span.score, relevance))
        else:
            found.append(NOT_READ)
        job.progress(f"asking {name}", done, len(items))
    return found
