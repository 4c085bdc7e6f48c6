"""Tune an embedder: pull each question towards its passage and away from the others.

MultipleNegativesRankingLoss (Henderson et al. 2017): a softmax over the cosines of a
question to all passages of its batch and to hard negatives that the laptop's own search
brought up. The result is refused unless held-out questions are answered better than before.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from assistant.engine.thread_count import threads_for
from assistant.errors import ModelError
from assistant.types import CancelToken
from convert.atomic_output import Job, Progress, finished, quiet, run_atomic_step
from convert.base_model import write_json
from convert.embedder.hard_negatives import MinedQuestion, MiningSettings, mine
from convert.embedder.model_folder import WEIGHTS, EmbedderFolder, check_embedder, copy_layout
from convert.embedder.passage_library import laptop_embedder, passage_library
from convert.embedder.question_pairs import Asked, QuestionSet, narrowed
from convert.embedder.question_sources import read_questions
from convert.embedder.ranking_metrics import RetrievalFigures, measure
from convert.embedder.settings import EmbedderSettings
from convert.embedder.trainer import (
    LENGTH_STEP,
    TrainingMonitor,
    clear_of_others,
    quiet_libraries,
    train,
)

STEP = "embedder tune"
MODEL_FOLDER = "model"
TUNING_FILE = "tuning.json"
_BATCH = 32
_MOST_DISTINCT_TRIES = 50


def run_tune_embedder(
    settings: EmbedderSettings,
    base: Path,
    data: Sequence[Path],
    out: Path,
    progress: Progress = quiet,
    cancel: CancelToken | None = None,
) -> dict[str, Any]:
    """Tune the sentence-transformers model in `base`; return the figures.

    Writes `out/model` (the layout of `base` with new weights, and `tuning.json`) and
    `step.json`; a run that was stopped goes on, a finished one is not repeated. Raises
    `UsageError` for data that can't be used, `ModelError` for a base that can't, and if the
    tuning made the search worse; `Cancelled`.
    """
    job = Job.of(progress, cancel)
    info = check_embedder(base)
    inputs = {"base": base, **{f"data {n} ({p.name})": p for n, p in enumerate(data, start=1)}}
    table = asdict(settings)
    there = {MODEL_FOLDER: out / MODEL_FOLDER}
    if record := finished(out, STEP, inputs=inputs, settings=table, outputs=there):
        return dict(record.figures)
    checkpoints = out.parent / f".{out.name}.checkpoints"

    def make(temporary: Path) -> dict[str, Any]:
        clear_of_others(checkpoints, inputs, table)
        quiet_libraries(settings)
        found = drawn(settings, data)
        job.progress("loading the model", 0, 0)
        model = _load(info, settings)
        mined = mine_hard(found, settings, base, job)
        watch = TrainingMonitor(lambda: _judge(model, found), job)
        before = watch.judge()
        rows = columns(found, mined, settings.negatives, settings.seed)
        train(model, rows, settings, watch, checkpoints)
        figures = verdict(before, watch.judge(), settings, watch, len(mined))
        _write(model, base, temporary / MODEL_FOLDER, figures)
        return figures

    figures = run_atomic_step(
        out, STEP, make, inputs=inputs, settings=table, outputs=[MODEL_FOLDER]
    )
    shutil.rmtree(checkpoints, ignore_errors=True)
    return figures


def drawn(settings: EmbedderSettings, data: Sequence[Path]) -> QuestionSet:
    """Read the data and draw what the settings ask for."""
    wanted = {"train": settings.questions, "held-out": settings.held_out}
    return narrowed(read_questions(data), wanted, settings.passages, settings.seed)  # type: ignore[arg-type]


def mine_hard(
    found: QuestionSet, settings: EmbedderSettings, embedder: Path, job: Job
) -> list[MinedQuestion]:
    """Mine negatives with the laptop's own search, on `embedder` as the laptop runs it."""
    mining = MiningSettings(settings.negatives, settings.depth, settings.margin)
    if not settings.negatives:
        return [
            MinedQuestion(a.question, p, (), a.answers) for a in found.train for p in a.relevant
        ]
    with (
        laptop_embedder(embedder, threads_for(settings.threads)) as laptop,
        passage_library(found.passages, laptop, job) as library,
    ):
        return mine(library, found, mining, job)


def verdict(
    before: RetrievalFigures,
    after: RetrievalFigures,
    settings: EmbedderSettings,
    watch: TrainingMonitor,
    rows: int,
) -> dict[str, Any]:
    """Return the figures of a tuning. Raises `ModelError` if it did not help."""
    gain = after.ndcg10 - before.ndcg10
    if gain <= settings.min_gain:
        raise ModelError(
            f"Held-out nDCG@10 went from {before.ndcg10:.4f} to {after.ndcg10:.4f}, "
            f"a gain of {gain:+.4f} where more than {settings.min_gain:+.4f} is asked for.",
            title="The tuning did not help",
            hint="Nothing was written. Give it more questions, or a smaller learning_rate.",
        )
    return {
        "before": before.table(),
        "after": after.table(),
        "history": watch.history,
        "rows": rows,
    }


def columns(
    found: QuestionSet, mined: Sequence[MinedQuestion], negatives: int, seed: int
) -> dict[str, list[str]]:
    """Return the rows of a contrastive training: anchor, positive, negatives.

    Every row needs as many negatives; where too few were found, chance fills up with
    passages that do not answer the question.
    """
    rng = random.Random(seed)  # noqa: S311 - chance, not a secret
    relevant: dict[str, set[int]] = {a.question: set(a.relevant) for a in found.train}
    table: dict[str, list[str]] = {"anchor": [], "positive": []}
    table |= {f"negative_{n}": [] for n in range(1, negatives + 1)}
    for row in mined:
        chosen = list(row.negatives)
        for _ in range(_MOST_DISTINCT_TRIES):
            if len(chosen) >= negatives:
                break
            other = rng.randrange(len(found.passages))
            if other not in relevant[row.question] and other not in chosen:
                chosen.append(other)
        if len(chosen) < negatives:
            continue
        table["anchor"].append(row.question)
        table["positive"].append(found.passages[row.positive].embedded)
        for place, number in enumerate(chosen[:negatives], start=1):
            table[f"negative_{place}"].append(found.passages[number].embedded)
    return table


def _load(info: EmbedderFolder, settings: EmbedderSettings) -> Any:
    from sentence_transformers import SentenceTransformer

    try:
        model = SentenceTransformer(
            str(info.folder),
            local_files_only=True,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )
    except Exception as error:  # it raises whatever its parts raise
        raise ModelError(f"{info.folder} can't be loaded: {error}.") from error
    model.max_seq_length = min(settings.max_tokens, info.max_tokens)
    model[0].processing_kwargs = {"text": {"pad_to_multiple_of": LENGTH_STEP}}
    return model


def _judge(model: Any, found: QuestionSet) -> RetrievalFigures:
    """Search the held-out questions with the vectors alone, in full precision."""
    passages = _encode(model, [p.embedded for p in found.passages])
    questions = _encode(model, [a.question for a in found.held_out])
    return measure(_ranked(questions @ passages.T, found.held_out))


def _encode(model: Any, texts: Sequence[str]) -> Any:
    return model.encode(
        list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
    )


def _ranked(cosines: Any, asked: Sequence[Asked]) -> Any:
    import numpy as np

    order = np.argsort(-cosines, axis=1, kind="stable")[:, :10]
    return zip(order.tolist(), [a.relevant for a in asked], strict=True)


def _write(model: Any, base: Path, folder: Path, figures: dict[str, Any]) -> None:
    """Write the tuned weights into the layout of the base, and what is known of them."""
    from safetensors.torch import load_file, save_file

    folder.mkdir()
    copy_layout(base, folder)
    old = load_file(str(base / WEIGHTS))
    new = {n: t.detach().cpu().contiguous() for n, t in model[0].auto_model.state_dict().items()}
    kept = {name: new.get(name, tensor).to(tensor.dtype) for name, tensor in old.items()}
    changed = sum(not kept[name].equal(tensor) for name, tensor in old.items())
    if not changed:
        raise ModelError("The tuned weights are those of the base.", title="The tuning failed")
    save_file(kept, str(folder / WEIGHTS), metadata={"format": "pt"})
    write_json(folder / TUNING_FILE, {"format": 1, **figures})
